import type { Server } from "./server.ts";

/**
 * How a server is, in a word: `up` gets requests; `down` is what probes say, or a refused connection; `ejected` is out for a
 * while for requests that failed; `unprobed` has joined and waits for its first probe; `spent` had as many requests as it
 * may have until the next; `drain` and `maint` are the operator's words, and `off` has no weight.
 */
export type ServerCondition = "up" | "down" | "ejected" | "unprobed" | "spent" | "drain" | "maint" | "off";

/** A condition, and where it is not `up` why, for people. */
export interface ConditionStatus {
  readonly condition: ServerCondition;
  readonly why?: string | undefined;
}

/** How `server` is; `available` says whether it gets requests. */
export function conditionOf(server: Server, available: boolean): ConditionStatus {
  const { operator, givenWeight, health, passive, record } = server;
  if (operator !== "ready") return { condition: operator, why: `the operator said ${operator}` };
  if (givenWeight === 0) return { condition: "off", why: "its weight is 0" };
  const anyway = available ? "; used all the same, as too few others are up" : "";
  if (!health.known && !health.up) return { condition: "unprobed", why: `no probe has passed yet${anyway}` };
  if (!health.up) return { condition: "down", why: whyDown(server) + anyway };
  if (passive.isEjected(performance.now())) {
    return { condition: "ejected", why: `requests failed: ${record.lastFault ?? "too many"}${anyway}` };
  }
  if (server.spent) {
    return { condition: "spent", why: "as many requests as it may have until the next probe" };
  }
  return { condition: "up" };
}

function whyDown({ lastProbe, record }: Server): string {
  if (record.lastFault !== undefined) return `a request failed: ${record.lastFault}`;
  if (lastProbe === undefined) return "no probe has passed";
  const { code, status, detail } = lastProbe;
  const words = [code, status === undefined || detail?.includes(String(status)) ? "" : `status ${status}`];
  return `probe: ${words.filter((word) => word !== "").join(" ")}${
    detail === undefined ? "" : `, ${detail}`
  }`;
}
