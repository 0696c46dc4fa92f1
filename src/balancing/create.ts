import { Best } from "./best.ts";
import { First, Priority } from "./first.ts";
import { LeastConnections } from "./least-connections.ts";
import type { Candidate, Policy } from "./policy.ts";
import { RandomOfTwo } from "./random.ts";
import { RoundRobin } from "./round-robin.ts";

/** Name of a policy, as in the config's `balance`. */
export type PolicyName = "roundrobin" | "leastconn" | "random" | "priority" | "first" | "best";

/** Creates the policy called `name`. */
export function createPolicy<C extends Candidate>(name: PolicyName): Policy<C> {
  switch (name) {
    case "roundrobin":
      return new RoundRobin<C>();
    case "leastconn":
      return new LeastConnections<C>();
    case "random":
      return new RandomOfTwo<C>();
    case "priority":
      return new Priority<C>();
    case "first":
      return new First<C>();
    case "best":
      return new Best<C>();
  }
}
