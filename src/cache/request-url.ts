import { ROLE } from "../http/field-name.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";

const DEFAULT_PORTS = { http: ":80", https: ":443" } as const;

/** The URL of a request, as answers are kept by it: host in lower case, without the default port; path and query as they came. */
export function urlOf({ head, target }: IncomingRequest, scheme: "http" | "https"): string {
  return `${scheme}://${normalAuthority(head.authority, scheme)}${target}`;
}

/** A URL that somebody wrote, in that form; undefined where it has no scheme of ours, or no host. */
export function urlWritten(text: string): string | undefined {
  const match = /^(https?):\/\/([^/?#@\s]+)([^#\s]*)(?:#\S*)?$/i.exec(text);
  if (match === null) return undefined;
  const [, scheme, authority, target] = match;
  const of = scheme!.toLowerCase() as "http" | "https";
  return `${of}://${normalAuthority(authority!, of)}${target!.startsWith("/") ? "" : "/"}${target}`;
}

/** The URL that `location` in an answer to `url` names, in that form; undefined where it is none of the same host. */
export function urlBeside(url: string, location: string): string | undefined {
  if (!URL.canParse(location, url)) return undefined;
  const { origin, pathname, search } = new URL(location, url);
  const at = url.indexOf("/", url.indexOf("://") + 3);
  return origin === new URL(url).origin ? url.slice(0, at) + pathname + search : undefined;
}

/**
 * What a trusted proxy says of the client's request beside its Host: servers may build answers from it, so that requests
 * which differ in it are not answered by the same. Of others servers hear nothing that is not in the URL.
 */
export function reportedBy({ exchange, head: { fields } }: IncomingRequest): string {
  if (!exchange.peerTrusted) return "";
  let said = exchange.reportedHost === undefined ? "" : `\nhost ${exchange.reportedHost}`;
  for (let i = 0; i < fields.size; i++) {
    const { role, lower } = fields.kinds[i]!;
    if (role === ROLE.forwardedHost || role === ROLE.forwardedOther || role === ROLE.forwardedProto) {
      said += `\n${lower} ${fields.value(i)}`;
    }
  }
  return said;
}

function normalAuthority(authority: string, scheme: "http" | "https"): string {
  const host = authority.toLowerCase();
  return host.endsWith(DEFAULT_PORTS[scheme]) ? host.slice(0, -DEFAULT_PORTS[scheme].length) : host;
}
