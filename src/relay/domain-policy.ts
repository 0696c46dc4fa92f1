/** What the listed domains are: nothing to look at, those that need no parent, or those alone that do. */
export type DomainPolicyMode = "off" | "blacklist" | "whitelist";

/** How a target is reached: through a parent proxy, or by a connection of our own. */
export type Way = "parent" | "straight";

/**
 * Which way the requests for a host go: all by the parents (`off`), all but the listed ones (`blacklist`), or the listed
 * ones alone (`whitelist`).
 */
export function compileDomainPolicy(
  { mode, matches }: { mode: DomainPolicyMode; matches: (host: string) => boolean },
): (host: string) => Way {
  if (mode === "off") return () => "parent";
  const listed: Way = mode === "blacklist" ? "straight" : "parent";
  const others: Way = mode === "blacklist" ? "parent" : "straight";
  return (host) => matches(host) ? listed : others;
}
