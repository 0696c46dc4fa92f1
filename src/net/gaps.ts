/** The runtime underneath. Code elsewhere tests the named gaps below, never this. */
const RUNTIME: "bun" | "deno" | "node" = "Bun" in globalThis ? "bun" : "Deno" in globalThis ? "deno" : "node";

/** Name and version of the runtime, for `--version`. */
export function runtimeVersion(): string {
  const versions = (globalThis as { process?: { versions?: Record<string, string> } }).process?.versions;
  return `${RUNTIME} ${versions?.[RUNTIME] ?? "unknown"}`;
}

/**
 * Deno 2.9 ignores `ipv6Only` when it listens: `[::]:80` takes port 80 of IPv4 as well. So a frontend that binds
 * both `0.0.0.0:80` and `[::]:80` gets one socket for the two; clients see no difference.
 */
export const IPV6_WILDCARD_TAKES_IPV4 = RUNTIME === "deno";
