import type { PolicyName } from "../base/policies.ts";
import { Best } from "./best.ts";
import { Fastest } from "./fastest.ts";
import { First, Priority } from "./first.ts";
import { LeastConnections } from "./least-connections.ts";
import { LoadAware } from "./load-aware.ts";
import type { Candidate, Policy } from "./policy.ts";
import { RandomOfTwo } from "./random.ts";
import { Rendezvous } from "./rendezvous.ts";
import { RoundRobin } from "./round-robin.ts";

/** Creates the policy called `name`. `loadFactor` is for `hash`: see `Rendezvous`; default 0. */
export function createPolicy<C extends Candidate>(
  name: PolicyName,
  { loadFactor = 0 }: { loadFactor?: number } = {},
): Policy<C> {
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
    case "latency":
      return new Fastest<C>();
    case "load_aware":
      return new LoadAware<C>();
    case "hash":
      return new Rendezvous<C>(loadFactor);
  }
}
