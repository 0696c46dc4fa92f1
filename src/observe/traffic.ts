import { type OutcomeReason, statusOf } from "../base/errors.ts";
import type { Exchange } from "../message/exchange.ts";
import { Histogram } from "./histogram.ts";

/** What windows and plots are made of: counts that only grow. */
export interface Counted {
  readonly requests: number;
  /** Those among them that failed. */
  readonly errors: number;
  readonly durations: Histogram;
}

/** What was counted of the requests that went one way: through a route, to a backend. */
export class Traffic implements Counted {
  requests = 0;
  /** Answered 500 or above, or not to their end, by the fault of a server or of the proxy. */
  errors = 0;
  /** Requests that were not carried through, for whatever reason: also where the client left, or nothing led anywhere. */
  failed = 0;
  /** Requests for tunnels. */
  connects = 0;
  /** Attempts beyond the first of a request. */
  retries = 0;
  /** Bytes of bodies, from clients and to them. */
  bytesIn = 0;
  bytesOut = 0;
  /** From the end of a request's head to the last byte of its answer. */
  readonly durations = new Histogram();

  /** Counts an exchange that is over, and took `ms`. */
  count(exchange: Exchange, ms: number): void {
    this.requests++;
    if (isError(exchange)) this.errors++;
    if (exchange.reason !== "ok") this.failed++;
    if (exchange.method === "CONNECT") this.connects++;
    if (exchange.attempts > 1) this.retries += exchange.attempts - 1;
    this.bytesIn += exchange.bytesIn;
    this.bytesOut += exchange.bytesOut;
    this.durations.observe(ms / 1000);
  }

  /** Adds what `other` has counted. */
  add(other: Traffic): void {
    this.requests += other.requests;
    this.errors += other.errors;
    this.failed += other.failed;
    this.connects += other.connects;
    this.retries += other.retries;
    this.bytesIn += other.bytesIn;
    this.bytesOut += other.bytesOut;
    this.durations.add(other.durations);
  }
}

/** The sum of `parts`. */
export function sumOf(parts: readonly Traffic[]): Traffic {
  const sum = new Traffic();
  for (const part of parts) sum.add(part);
  return sum;
}

/** What a client did wrong, or that it left, is no error of ours or of a server. */
function isError({ status, reason }: { status: number; reason: OutcomeReason }): boolean {
  return status >= 500 || (reason !== "ok" && statusOf(reason) >= 500);
}
