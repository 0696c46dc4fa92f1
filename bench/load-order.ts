import type { Scenario } from "./scenarios.ts";

/** What one run saw. */
export interface LoadResult {
  /** In tunnels, MiB. */
  requests: number;
  wallMs: number;
  /** NaN in tunnels, as is `p99Ms`. */
  p50Ms: number;
  p99Ms: number;
  /** Failures by kind, only those that happened: socket errors, and `status` for answers of 400 and above. */
  failures: Record<string, number>;
}

/** How hard and how long to press. */
export interface LoadOptions {
  /** Whole seconds. */
  seconds: number;
  connections: number;
}

/** Where the load goes. */
export interface LoadTarget {
  /** What is connected to. */
  url: string;
  /** The origin that is asked for where `url` is a forward proxy. */
  relays?: string | undefined;
  scenario: Scenario;
}
