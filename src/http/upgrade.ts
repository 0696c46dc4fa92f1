import { listMembers } from "./list.ts";

/**
 * Whether a server may switch to what its 101 names: only to protocols that the request offered, and to at
 * least one (RFC 9110 §7.8). Both are values of `Upgrade`.
 */
export function mayUpgrade(offered: string | undefined, chosen: string | undefined): boolean {
  const offers = listMembers(offered ?? "");
  const choices = listMembers(chosen ?? "");
  return choices.length > 0 && choices.every((protocol) => offers.includes(protocol));
}
