import { Lowest } from "./lowest.ts";
import type { Candidate } from "./policy.ts";

/** Stands for a server without a passed probe: before all times. */
const UNKNOWN_MS = -1;

/**
 * Picks the server whose last passed probe took the least time, among those that have room; equals, and servers of
 * which no probe has passed yet, which come first, take turns by their weights.
 *
 * All requests go to that one server until a probe says otherwise or it is full (`max_connections`, `max_requests`):
 * right for one near server with others as a reserve, wrong for sharing out a load.
 */
export class Fastest<C extends Candidate> extends Lowest<C> {
  constructor() {
    super(({ probeMs }) => probeMs ?? UNKNOWN_MS, UNKNOWN_MS);
  }
}
