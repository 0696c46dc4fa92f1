import { MovingAverage } from "../balancing/average.ts";
import { FailedLoad } from "../balancing/failed-load.ts";
import { PeakAverage } from "../balancing/peak-average.ts";
import type { LoadReport } from "../balancing/policy.ts";
import type { ProxyErrorKind } from "../base/errors.ts";
import { Histogram } from "../observe/histogram.ts";
import type { Counted } from "../observe/traffic.ts";
import { Silence } from "./silence.ts";

/** What is counted of one server. */
export class ServerRecord implements Counted {
  inFlight = 0;
  readonly latency = new MovingAverage();
  readonly peak = new PeakAverage();
  readonly failedLoad = new FailedLoad();
  /** Time of the last probe that passed, in ms. */
  probeMs: number | undefined;
  /** Requests since the last probe. */
  unprobed = 0;
  /** Where attempts were given up that another server outran. */
  readonly silence = new Silence();
  /** What it said last of its own load. */
  report: LoadReport | undefined;
  /** Answers by class of status, `1xx` to `5xx`, at the positions 1 to 5; 0 for any other status. */
  readonly answers = [0, 0, 0, 0, 0, 0];
  /** Time to the head of an answer, in seconds. */
  readonly responseSeconds = new Histogram();
  /** Requests that are over, as far as they were this server's. */
  requests = 0;
  /** Those among them that were answered 500 or above, or failed on its side. */
  errors = 0;
  /** Those that went on to another server. */
  retried = 0;
  /** Those that it got as a second attempt, as another server was slow, and those among them that it was first to answer. */
  hedges = 0;
  hedgesWon = 0;
  /** Bytes of the bodies of requests and answers, of those that ended here. */
  bytesIn = 0;
  bytesOut = 0;
  /** Probes that gave a result, and those among them that passed. */
  probes = 0;
  probesPassed = 0;
  /** Times that failing requests took it out. */
  ejections = 0;
  /** Connections that were opened. */
  opened = 0;
  /** Attempts that failed on the server's side, by reason. */
  readonly failures = new Map<ProxyErrorKind, number>();
  /** Why it was taken out last, or called down by a request: the reason of a failure, or a status. */
  lastFault: string | undefined;
  /** When it came up or went down, was taken out or let in again, in ms since 1970; undefined while it never did. */
  turnedAt: number | undefined;

  /** What was counted before the server left and came back. */
  readonly #earlier: ServerRecord | undefined;

  /** A new one begins at zero, and with nothing known; only its `total` goes on from `earlier`. */
  constructor(earlier?: ServerRecord) {
    this.#earlier = earlier;
  }

  get durations(): Histogram {
    return this.responseSeconds;
  }

  /** All that was ever counted, as long as that is remembered: counts that never fall, and nothing else. */
  get total(): ServerRecord {
    if (this.#earlier === undefined) return this;
    const total = new ServerRecord();
    for (const part of [this.#earlier, this]) total.#add(part);
    return total;
  }

  #add(other: ServerRecord): void {
    for (let i = 0; i < this.answers.length; i++) this.answers[i]! += other.answers[i]!;
    this.responseSeconds.add(other.responseSeconds);
    this.requests += other.requests;
    this.errors += other.errors;
    this.retried += other.retried;
    this.hedges += other.hedges;
    this.hedgesWon += other.hedgesWon;
    this.bytesIn += other.bytesIn;
    this.bytesOut += other.bytesOut;
    this.probes += other.probes;
    this.probesPassed += other.probesPassed;
    this.ejections += other.ejections;
    this.opened += other.opened;
    for (const [kind, count] of other.failures) {
      this.failures.set(kind, (this.failures.get(kind) ?? 0) + count);
    }
  }
}
