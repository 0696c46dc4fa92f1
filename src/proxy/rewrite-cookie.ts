import type { RewriteCookies } from "../config/sections/rewrites.ts";
import { hostForMatching } from "../http/authority.ts";
import { trimBlanks } from "../http/list.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
import type { ClientPath } from "./client-path.ts";
import { type AnsweringServer, byRules, type RewriteValue } from "./rewrite-location.ts";

/** What becomes of one attribute's value; undefined takes the attribute away. */
type RewriteAttribute = (
  value: string,
  request: IncomingRequest,
  server: AnsweringServer,
) => string | undefined;

/**
 * What becomes of a Set-Cookie; undefined where it stays. A Domain of the server's name goes where the client would
 * refuse the cookie for it (RFC 6265 §5.3, step 6): then the cookie is of the host that the client asked.
 */
export function compileCookie(way: RewriteCookies, paths: ClientPath): RewriteValue | undefined {
  const attributes = new Map<string, RewriteAttribute>();
  if (way === "server" || way === "paths") attributes.set("domain", ownDomain);
  if (way === "paths") {
    attributes.set(
      "path",
      (path, { target }, { basePath }) =>
        path.startsWith("/") ? paths.ofCookie(path, { target, basePath }) ?? path : path,
    );
  }
  if (typeof way !== "string") {
    const { domain, path } = way;
    if (domain !== undefined) attributes.set("domain", orNothing(byRules(domain)));
    if (path !== undefined) attributes.set("path", orNothing(byRules(path)));
  }
  if (attributes.size === 0) return undefined;
  // Most have none of these, and are not taken apart.
  const concerned = new RegExp(`;[ \\t]*(?:${[...attributes.keys()].join("|")})[ \\t]*=`, "i");
  return (cookie, request, server) => {
    if (!concerned.test(cookie)) return cookie;
    const [pair, ...rest] = cookie.split(";");
    // Such a cookie has the Path `/` and no Domain, or clients refuse it.
    if (rest.length === 0 || /^[ \t]*__Host-/i.test(pair!)) return cookie;
    return [pair, ...rest.flatMap((attribute) => rewritten(attribute, attributes, { request, server }))].join(
      ";",
    );
  };
}

function rewritten(
  attribute: string,
  attributes: ReadonlyMap<string, RewriteAttribute>,
  { request, server }: { request: IncomingRequest; server: AnsweringServer },
): string[] {
  const equals = attribute.indexOf("=");
  if (equals === -1) return [attribute];
  const rewrite = attributes.get(trimBlanks(attribute.slice(0, equals)).toLowerCase());
  if (rewrite === undefined) return [attribute];
  const value = trimBlanks(attribute.slice(equals + 1));
  const changed = rewrite(value, request, server);
  if (changed === undefined) return [];
  return [changed === value ? attribute : attribute.slice(0, equals + 1) + changed];
}

const ownDomain: RewriteAttribute = (value, { exchange }, { config: { host } }) => {
  const domain = value.replace(/^\./, "").toLowerCase();
  const asked = hostForMatching(exchange.reportedHost ?? exchange.authority);
  return domain !== "" && isWithin(host, domain) && !isWithin(asked, domain) ? undefined : value;
};

/** Whether `host` is `domain` or below it (RFC 6265 §5.1.3). */
function isWithin(host: string, domain: string): boolean {
  return host === domain || host.endsWith(`.${domain}`);
}

function orNothing(rewrite: (value: string) => string): RewriteAttribute {
  return (value) => rewrite(value) || undefined;
}
