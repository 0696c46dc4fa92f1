import type { z } from "zod";
import { alias, choice, wholeNumber } from "../values/value-types.ts";
import type { Frozen } from "../freeze.ts";
import { section } from "./section.ts";

/** How requests are spread over servers and what these see of them: keys of `[defaults]` and of every backend. */
export const spread = {
  /** The policy that picks a server, under its usual names. */
  balance: alias({
    roundrobin: "roundrobin",
    round_robin: "roundrobin",
    rr: "roundrobin",
    leastconn: "leastconn",
    least_connections: "leastconn",
    least_conn: "leastconn",
    lc: "leastconn",
    random: "random",
    priority: "priority",
    first: "first",
    best: "best",
    latency: "latency",
    fastest: "latency",
    load_aware: "load_aware",
    hash: "hash",
  }).prefault("roundrobin"),
  /** The Host that servers see: `preserve` the client's, or `rewrite` to the server's own. */
  host_header: choice(["preserve", "rewrite"]).prefault("preserve"),
  /** Requests that each server gets between two probes, where it does not say so itself; 0 is no limit. */
  max_requests: wholeNumber(0).prefault(0),
};

const spreadSection = section(spread);

/** The same, as a backend has it. */
export type Spread = Frozen<z.output<typeof spreadSection>>;
