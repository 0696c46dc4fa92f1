import type { RewriteLocation, RewriteRules } from "../config/sections/rewrites.ts";
import type { FieldName } from "../http/field-name.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
import type { ClientPath } from "./client-path.ts";

/** The server that answered. */
export interface AnsweringServer {
  /** Its own `host[:port]`. */
  readonly authority: string;
  readonly basePath: string;
  readonly config: { readonly tls: boolean; readonly host: string };
}

/** Makes what the client is to see of the value of a field. */
export type RewriteValue = (
  value: string,
  request: IncomingRequest,
  server: AnsweringServer,
) => string;

/**
 * What becomes of the address in a Location, Content-Location or Refresh, all of which may be relative (RFC 9110
 * §8.7, §10.2.2); undefined where it stays. An address of the server itself becomes a path: the client resolves it
 * against the one that it asked for, so scheme and host are right whatever stands before this proxy.
 */
export function compileLocation(
  way: RewriteLocation,
  paths: ClientPath,
):
  | ((value: string, kind: FieldName, request: IncomingRequest, server: AnsweringServer) => string)
  | undefined {
  if (way === "off") return undefined;
  const rewrite = typeof way === "string" ? rewriteOwn(way, paths) : byRules(way);
  return (value, { lower }, request, server) => {
    const { front, address, back } = lower === "refresh" ? inRefresh(value) : whole(value);
    return front + rewrite(address, request, server) + back;
  };
}

/** A function that applies the first of `rules` whose pattern is found in the value. */
export function byRules(rules: RewriteRules): (value: string) => string {
  const patterns = rules.map(({ pattern, replacement }) => ({ pattern: new RegExp(pattern), replacement }));
  return (value) => {
    const rule = patterns.find(({ pattern }) => pattern.test(value));
    return rule === undefined ? value : value.replace(rule.pattern, rule.replacement);
  };
}

function rewriteOwn(way: "server" | "paths", paths: ClientPath): RewriteValue {
  return (value, { exchange, target }, { authority, basePath, config: { tls } }) => {
    const { scheme, host, path } = split(value);
    const place = { target, basePath };
    if (host === undefined) {
      const isPath = path.startsWith("/");
      return way === "paths" && isPath ? asPath(paths.of(path, place) ?? path) : value;
    }
    const own = tls ? "https" : "http";
    const named = plainAuthority(host, scheme ?? own);
    const asked = exchange.reportedHost ?? exchange.authority;
    if (named === plainAuthority(asked, scheme ?? own)) { // the client's own way to call it
      const found = way === "paths" ? paths.of(rooted(path), place) : undefined;
      return found === undefined ? value : value.slice(0, value.length - path.length) + found;
    }
    if (named !== authority || (scheme ?? own) !== own) return value;
    const found = paths.of(rooted(path), place);
    return found === undefined ? value : asPath(found);
  };
}

/** The parts of a reference. Without a host `path` is the whole of it. */
function split(value: string): { scheme: string | undefined; host: string | undefined; path: string } {
  const [, scheme, host, path] = /^(?:(https?):)?\/\/([^/?#\\]*)([^]*)$/i.exec(value) ?? [];
  if (host !== undefined) return { scheme: scheme?.toLowerCase(), host, path: path! };
  const slashes = /^[/\\]{2}/.test(value); // browsers take a backslash for a slash: some host, whichever
  return { scheme: undefined, host: slashes ? "" : undefined, path: value };
}

/** `host[:port]` in lower case, without the port that `scheme` has anyway. */
function plainAuthority(text: string, scheme: string): string {
  return text.toLowerCase().replace(scheme === "https" ? /:(?:443)?$/ : /:(?:80)?$/, "");
}

function rooted(path: string): string {
  return path.startsWith("/") ? path : `/${path}`;
}

/** A path with two slashes in front would be another host's address (RFC 3986 §4.2). */
function asPath(path: string): string {
  return /^\/[/\\]/.test(path) ? `/.${path}` : path;
}

interface Placed {
  readonly front: string;
  readonly address: string;
  readonly back: string;
}

function whole(value: string): Placed {
  return { front: "", address: value, back: "" };
}

/** `5; url=/x`, as browsers read it: with or without `url=`, and with or without quotes. */
function inRefresh(value: string): Placed {
  const [front, quote = ""] = /^[^;,]*[;,]\s*(?:url\s*=\s*)?(["']?)/i.exec(value) ?? [value];
  const rest = value.slice(front.length);
  const end = quote === "" ? -1 : rest.indexOf(quote);
  return end === -1
    ? { front, address: rest, back: "" }
    : { front, address: rest.slice(0, end), back: rest.slice(end) };
}
