import { toHostName, toIPv6 } from "./host.ts";
import { refuseValue } from "../problems/wording.ts";

/** What `parseBind` accepts, in words, for error messages. */
export const BIND_FORM =
  '"host:port", "[v6]:port", ":port" for all addresses, or "unix:/path", with a port from 0 to 65535';

/** What one looks like; not every such text has a host. */
export const BIND =
  /^(?:unix:\/\P{Cc}+|(?:\[[^\]]+\]|[^:\[\]\s]*):(?:[0-5]?\d{1,4}|6[0-4]\d{3}|65[0-4]\d\d|655[0-2]\d|6553[0-5]))$/u;

const MAX_PORT = 65535;

/** An address that a frontend listens on. */
export type BindAddress =
  | {
    kind: "tcp";
    /** A host name or an IP address without brackets; empty for all addresses of the machine, v4 and v6. */
    host: string;
    /** 0 lets the system choose. */
    port: number;
    /** The address as messages show it. Two equal addresses have equal texts. */
    text: string;
  }
  | { kind: "unix"; path: string; text: string };

/** Parses one entry of `bind`. Throws a `RangeError` whose message says what is accepted. */
export function parseBind(text: string): BindAddress {
  if (/^unix:\/\P{Cc}+$/u.test(text)) return { kind: "unix", path: text.slice("unix:".length), text };
  const [, v6, name, digits] = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  const host = v6 !== undefined ? toIPv6(v6) : name === "" ? "" : toHostName(name ?? "");
  if (digits === undefined || port > MAX_PORT || host === undefined) {
    const portAlone = /^\d{1,5}$/.test(text) && Number(text) <= MAX_PORT;
    throw new RangeError(refuseValue(text, BIND_FORM, portAlone ? `:${text}` : undefined));
  }
  return { kind: "tcp", host, port, text: `${v6 === undefined ? host : `[${host}]`}:${port}` };
}
