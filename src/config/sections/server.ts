import { isIP } from "node:net";
import { z } from "zod";
import { choice, parsed, wants, wholeNumber } from "../values/value-types.ts";
import type { Frozen } from "../freeze.ts";
import { serverHealthSchema } from "./health-check.ts";
import { refuseValue } from "../problems/wording.ts";
import { section } from "./section.ts";
import { needs, wherever, writtenAs } from "../values/written.ts";

/** What `parseServerUrl` accepts, in words, for error messages. */
const SERVER_URL_FORM =
  '"http://host:port/base" or "https://…", scheme (http), port and base optional, or "unix:/path"';

const USERNAME_FORM = 'a name without ":" and control characters';
const PASSWORD_FORM = "a text without control characters";

/** Where the connections to one server go. */
export interface ServerAddress {
  /** The URL without default port and trailing slashes. Two equal servers have equal URLs. */
  url: string;
  tls: boolean;
  /** Name or IP address to connect to, without brackets; `"localhost"` for a unix socket. */
  host: string;
  /** Port to connect to; without meaning for a unix socket. */
  port: number;
  /** What a Host field says: `host[:port]`, IPv6 in brackets, no default port; `"localhost"` for a socket. */
  authority: string;
  /** What stands before every request path: `""`, or `"/x"` without a trailing slash. */
  basePath: string;
  /** The host where it is a name that has to be looked up: no address, no `localhost`, no socket. */
  name: string | undefined;
  /** Path of a unix socket, which is then connected to in place of host and port. */
  socketPath: string | undefined;
}

/** `127.0.0.1:5000` and `api/x` lack only their scheme; a number alone would be read as an address. */
const WITHOUT_SCHEME = /^(?!\d*$)(?:[\w.-]+|\[[\da-f:.]+\])(?::\d+)?(?:\/[^\\\s]*)?$/i;

/** Parses the URL of a server, which is http:// where it has no scheme. Throws a `RangeError` that says what is wrong and what is accepted. */
export function parseServerUrl(written: string): ServerAddress {
  const text = WITHOUT_SCHEME.test(written) ? `http://${written}` : written;
  if (/^unix:\/\P{Cc}+$/u.test(text)) {
    const socketPath = text.slice("unix:".length);
    return {
      url: text,
      tls: false,
      host: "localhost",
      port: 80,
      authority: "localhost",
      basePath: "",
      name: undefined,
      socketPath,
    };
  }
  const [, authority, path] = /^https?:\/\/([^/?#\\\s]+)([^\\\s]*)$/i.exec(text) ?? [];
  if (authority === undefined || path === undefined || !URL.canParse(text) || new URL(text).port === "0") {
    throw new RangeError(refuseValue(written, SERVER_URL_FORM, suggestUrl(written)));
  }
  // The message must not repeat a password.
  if (authority.includes("@")) throw new RangeError("has user information; accepted: a URL without it");
  if (/[?#]/.test(path)) {
    throw new RangeError(refuseValue(text, "a URL without query and fragment", text.replace(/[?#].*$/s, "")));
  }
  return toAddress(new URL(text));
}

/** What a URL of a server looks like; not every such text is one. */
const SERVER_URL =
  /^(?:unix:\/\P{Cc}+|[hH][tT][tT][pP][sS]?:\/\/[^/?#\\\s@]+(?:\/[^?#\\\s]*)?|(?!\d*$)(?:[\w.-]+|\[[\da-fA-F:.]+\])(?::\d+)?(?:\/[^?#\\\s]*)?)$/u;

const url = parsed(SERVER_URL_FORM, parseServerUrl, SERVER_URL);

const IS_SOCKET = { properties: { url: { pattern: "^unix:" } } };
const NO_PORT = { properties: { health_check: { not: { required: ["port"] } } } };

const server = writtenAs(
  section({
    /** Where it is: http where no scheme is said; a base path comes before the path of every request. */
    url,
    /** Share of the requests in relation to the other servers; 0 gets no new ones. */
    weight: wholeNumber(0, 1000).prefault(1),
    /** Rank for the policy `priority`; the lowest that is available serves. */
    priority: wholeNumber(0, 1_000_000).prefault(100),
    /** Requests under way on this server at a time; 0 is no limit. */
    max_connections: wholeNumber(0).prefault(0),
    /** Requests between two probes of this server; 0 is no limit. The default is the backend's. @example 100 */
    max_requests: wholeNumber(0).exactOptional(),
    /**
     * What a name in the URL stands for: `one` server, `all` a server for each of its addresses, `srv` a server for each
     * target of its SRV records. It is looked up again when its TTL is over.
     */
    resolve: choice(["one", "all", "srv"]).prefault("one"),
    /** Who this proxy is to a parent proxy that asks (Basic); with `password`. @example "sluice" */
    username: z.string(wants(USERNAME_FORM)).regex(/^[^:\p{Cc}]+$/u, wants(USERNAME_FORM)).exactOptional(),
    /** Its password. @example "${PARENT_PASSWORD}" */
    password: z.string({ error: `is no text; accepted: ${PASSWORD_FORM}` })
      .regex(/^\P{Cc}*$/u, { error: `holds control characters; accepted: ${PASSWORD_FORM}` }).exactOptional(),
    /** What differs from the backend's health check. */
    health_check: serverHealthSchema.prefault({}),
  }).transform(({ url, ...limits }) => ({ ...url, ...limits }))
    .refine(({ resolve, name }) => resolve === "one" || name !== undefined, {
      path: ["resolve"],
      error: 'needs a name in the url, which is to be looked up; accepted: "one"',
    })
    .refine(({ resolve, authority, host }) => resolve !== "srv" || authority === host, {
      path: ["url"],
      error: "has a port, which SRV records tell; accepted: a URL without it",
    })
    .refine(({ username, password }) => (username === undefined) === (password === undefined), {
      path: ["username"],
      error: "needs a password, and a password a user name; accepted: both or none",
    }),
  { rules: [needs("username", "password"), needs("password", "username"), wherever(IS_SOCKET, NO_PORT)] },
);

/** One server of a backend; a URL alone stands for a server with that `url`. */
export const serverSchema = writtenAs(
  z.preprocess((written) => typeof written === "string" ? { url: written } : written, server),
  { either: [url, server] },
);

/** One server, with its backend's defaults where it says nothing. */
export interface ServerConfig extends Frozen<z.output<typeof serverSchema>> {
  readonly maxRequests: number;
}

function toAddress({ protocol, hostname, host, port, pathname }: URL): ServerAddress {
  const tls = protocol === "https:";
  const basePath = pathname.replace(/\/+$/, "");
  const plainHost = hostname.replace(/^\[(.*)\]$/, "$1");
  return {
    url: `${protocol}//${host}${basePath}`,
    tls,
    host: plainHost,
    name: isIP(plainHost) === 0 && hostname !== "localhost" ? hostname : undefined,
    socketPath: undefined,
    port: Number(port || (tls ? 443 : 80)),
    authority: host,
    basePath,
  };
}

/** A port alone means this machine, a path a socket. */
function suggestUrl(text: string): string | undefined {
  const [, port] = /^:?(\d{1,5})$/.exec(text) ?? [];
  if (port !== undefined) return `http://127.0.0.1:${port}`;
  return /^\/[^\s]+\.sock$/.test(text) ? `unix:${text}` : undefined;
}
