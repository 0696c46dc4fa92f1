import type { OutcomeReason } from "../base/errors.ts";
import { Histogram } from "./histogram.ts";
import { Traffic } from "./traffic.ts";

/** What was counted of the requests of a frontend that went to one backend, or to none. */
export class BackendCounts {
  /** By method and status, which one number holds. */
  readonly requests = new Map<number, number>();
  readonly failures = new Map<OutcomeReason, number>();
  readonly traffic = new Traffic();
  /** Of requests that had to wait, in seconds. */
  readonly queueSeconds = new Histogram();

  /** Adds what `other` has counted. */
  add(other: BackendCounts): void {
    addEach(this.requests, other.requests);
    addEach(this.failures, other.failures);
    this.traffic.add(other.traffic);
    this.queueSeconds.add(other.queueSeconds);
  }
}

/** Both together; `counts` itself where there is nothing before it. */
export function sumOfCounts(earlier: BackendCounts | undefined, counts: BackendCounts): BackendCounts {
  if (earlier === undefined) return counts;
  const sum = new BackendCounts();
  sum.add(earlier);
  sum.add(counts);
  return sum;
}

function addEach<K>(counts: Map<K, number>, others: ReadonlyMap<K, number>): void {
  for (const [key, count] of others) counts.set(key, (counts.get(key) ?? 0) + count);
}
