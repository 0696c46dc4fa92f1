import { MovingAverage } from "../balancing/average.ts";
import { FailedLoad } from "../balancing/failed-load.ts";
import { PeakAverage } from "../balancing/peak-average.ts";
import type { LoadReport } from "../balancing/policy.ts";
import type { ProxyErrorKind } from "../base/errors.ts";
import { Histogram } from "../observe/histogram.ts";

/** What is counted of one server. */
export class ServerRecord {
  inFlight = 0;
  readonly latency = new MovingAverage();
  readonly peak = new PeakAverage();
  readonly failedLoad = new FailedLoad();
  /** Time of the last probe that passed, in ms. */
  probeMs: number | undefined;
  /** Requests since the last probe. */
  unprobed = 0;
  /** What it said last of its own load. */
  report: LoadReport | undefined;
  /** Answers by class of status, `1xx` to `5xx`, at the positions 1 to 5; 0 for any other status. */
  readonly answers = [0, 0, 0, 0, 0, 0];
  /** Time to the head of an answer, in seconds. */
  readonly responseSeconds = new Histogram();
  /** Times that failing requests took it out. */
  ejections = 0;
  /** Attempts that failed on the server's side, by reason. */
  readonly failures = new Map<ProxyErrorKind, number>();
}
