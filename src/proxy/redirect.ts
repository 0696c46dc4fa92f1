import type { RedirectConfig } from "../config/sections/redirect.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
import type { IdentityPolicy } from "./identity.ts";
import { compileTemplate } from "./template.ts";

/** What leads requests elsewhere. */
export function compileRedirect(
  { to, status }: RedirectConfig,
  identity: IdentityPolicy,
): (request: IncomingRequest) => Response {
  const fill = compileTemplate(to, identity);
  const ownHost = to.texts[0]!.startsWith("//");
  return (request) => {
    const address = fill(request);
    // A path with two slashes in front is another host's address (RFC 3986 §4.2), which no client may choose.
    const location = ownHost ? address : address.replace(/^[/\\]{2,}/, "/");
    return new Response(null, { status, headers: { Location: location } });
  };
}
