import { isIP } from "node:net";
import type { BindAddress } from "../config/values/bind.ts";

/** Ports below it are for root, or for who was allowed to. */
const FIRST_FREE_PORT = 1024;

/** An address that cannot be listened on: which one, why, and what to do about it. */
export class BindError extends Error {
  /** The frontend that wants it; undefined for the admin listener. */
  readonly frontend: string | undefined;
  readonly address: BindAddress;

  constructor(frontend: string | undefined, address: BindAddress, cause: unknown) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const why = [code, reasonOf(address, code)].filter((part) => part !== undefined).join(": ");
    super(`cannot listen on ${address.text}: ${why || message}`, { cause });
    this.name = "BindError";
    this.frontend = frontend;
    this.address = address;
  }
}

/** What a code of the system means for `address`, and what helps. Undefined where nobody knows. */
function reasonOf(address: BindAddress, code: string | undefined): string | undefined {
  if (address.kind === "unix") {
    return {
      EADDRINUSE: "another program listens there; stop it, or choose another path",
      EACCES: "this user may not write to that folder; choose another, or allow it",
      ENOENT: "there is no such folder; make it, or choose another path",
      EINVAL: "the path is too long; choose one of up to 107 bytes",
    }[code ?? ""];
  }
  const { host, port } = address;
  switch (code) {
    case "EADDRINUSE":
      return `another program listens there ("ss -ltnp" names it); stop it, or choose another port`;
    case "EACCES":
    case "EPERM":
      return port >= FIRST_FREE_PORT
        ? undefined
        : "this user may not use a port below 1024; choose a higher one, " +
          'or allow it ("setcap cap_net_bind_service=+ep PROGRAM", in systemd AmbientCapabilities=CAP_NET_BIND_SERVICE)';
    case "EADDRNOTAVAIL":
    case "EINVAL": // Deno's word for it
      return `this machine has no such address; choose one that it has, or ":${port}" for all`;
    case "EAFNOSUPPORT":
      return "this machine has no IPv6; choose an IPv4 address";
    case "ENOTFOUND":
    case undefined: // Bun's
      return host === "" || isIP(host) !== 0
        ? undefined
        : "nobody knows this name; choose an address, or another name";
    default:
      return undefined;
  }
}
