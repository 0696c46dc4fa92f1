import { atOnce, inTurns, SHORT_TURN_MS, type Steps } from "../net/steps.ts";
import { Plot, type PlotPoint, type PlotSeries, type PlotStep } from "./plot.ts";
import type { Counted } from "./traffic.ts";
import { Counts, SampleRing, type WindowFigures } from "./window.ts";

/** Between two samples, in ms. */
const STEP_MS = 5000;
/** The windows, in ms. */
export const MINUTE_MS = 60_000;
export const FIVE_MINUTES_MS = 300_000;
/** Steps of a plot: 15 minutes. */
const PLOT_STEPS = 180;
/** Samples to one of the long window, which needs fewer. */
const COARSE = 6;

/** Something whose requests are counted, under a key that no other has. */
export interface Watched {
  readonly key: string;
  readonly parts: readonly Counted[];
  /** Whether it has a plot beside its windows. */
  readonly plotted?: boolean;
}

/** What is kept of one: 9 KiB where it gets requests, and 3 KiB for a plot. */
class Past {
  readonly minute = new SampleRing(MINUTE_MS / STEP_MS + 1);
  readonly fiveMinutes = new SampleRing(FIVE_MINUTES_MS / (COARSE * STEP_MS) + 1);
  readonly plot: Plot | undefined;

  /** Begins at `startedAt` with `counts`. */
  constructor(plotted: boolean, { counts, startedAt }: { counts: Counts; startedAt: number }) {
    this.plot = plotted ? new Plot(PLOT_STEPS) : undefined;
    for (const ring of [this.minute, this.fiveMinutes]) ring.add(counts, startedAt);
  }

  get bytes(): number {
    return this.minute.bytes + this.fiveMinutes.bytes + (this.plot?.bytes ?? 0);
  }
}

/** What all plots show, by their keys: requests and errors per second, latencies in ms. */
export interface Plotted<T> {
  readonly stepMs: number;
  /** Number of the last step, and when it ended, in ms since 1970. */
  readonly step: number;
  readonly endedAt: number;
  readonly plots: ReadonlyMap<string, T>;
}

/**
 * What happened in the last minutes, from samples of counts that only grow: nothing is done for it while requests run. It
 * goes on through reloads, and forgets what is gone.
 */
export class History {
  readonly #watched: () => Iterable<Watched>;
  readonly #past = new Map<string, Past>();
  #samples = 0;
  #step = -1;
  #sampledAt = performance.now();
  #endedAt = Date.now();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `watched` says what there is at the moment. */
  constructor(watched: () => Iterable<Watched>) {
    this.#watched = watched;
  }

  /** Number of the last step of the plots; -1 before the first. */
  get step(): number {
    return this.#step;
  }

  /** Bytes of what it keeps. */
  get bytes(): number {
    return [...this.#past.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Takes a sample in every step, until `stop`. */
  start(): void {
    if (this.#timer === undefined) this.#wait();
  }

  /** Frees the timer; what it knows stays. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #wait(): void {
    this.#timer = setTimeout(() => {
      this.#wait();
      void inTurns(this.#sampling(), SHORT_TURN_MS);
    }, STEP_MS);
    this.#timer.unref();
  }

  /** Takes a sample of everything, now. */
  sample(): void {
    atOnce(this.#sampling());
  }

  /**
   * Takes a sample of everything, one thing in each step: thousands of servers take long. A process that stood still has
   * steps of which nothing is known.
   */
  *#sampling(): Steps<void> {
    const now = performance.now();
    const steps = Math.min(PLOT_STEPS, Math.max(1, Math.round((now - this.#sampledAt) / STEP_MS)));
    const seen = new Set<string>();
    const points: [Plot, PlotPoint][] = [];
    for (const { key, parts, plotted = false } of this.#watched()) {
      seen.add(key);
      const counts = Counts.of(parts);
      const past = this.#pastOf(key, plotted, { counts, now });
      if (past.plot !== undefined) points.push([past.plot, pointOf(past, counts, now)]);
      past.minute.add(counts, now);
      if (this.#samples % COARSE === 0) past.fiveMinutes.add(counts, now);
      yield;
    }
    for (const key of this.#past.keys()) if (!seen.has(key)) this.#past.delete(key);
    for (const [plot, point] of points) {
      for (let skipped = 1; skipped < steps; skipped++) plot.skip(this.#step + skipped);
      plot.set(this.#step + steps, point);
    }
    this.#samples++;
    this.#step += steps;
    this.#sampledAt = now;
    this.#endedAt = Date.now();
  }

  /** What happened to one within the last `ms`, one of the two windows. */
  window({ key, parts }: Watched, ms: number): WindowFigures {
    const now = performance.now();
    const counts = Counts.of(parts);
    const past = this.#past.get(key);
    if (past === undefined) return counts.over(now - this.#sampledAt);
    const last = (ms > MINUTE_MS ? past.fiveMinutes : past.minute).last(ms, counts, now);
    return last === undefined ? Counts.of([]).over(0) : last.more.over(last.ms);
  }

  /** Requests per second in the steps of the last minute, the newest first. */
  flow({ key }: Watched): readonly number[] {
    return this.#past.get(key)?.minute.rates() ?? [];
  }

  /** The plots of all that have one, each with the oldest step first. */
  plots(): Plotted<PlotSeries> {
    return this.#plotted((plot) => plot.series(this.#step));
  }

  /** The last step of all plots. */
  lastStep(): Plotted<PlotStep> {
    return this.#plotted((plot) => plot.at(this.#step));
  }

  #plotted<T>(look: (plot: Plot) => T): Plotted<T> {
    const plots = new Map<string, T>();
    for (const [key, { plot }] of this.#past) if (plot !== undefined) plots.set(key, look(plot));
    return { stepMs: STEP_MS, step: this.#step, endedAt: this.#endedAt, plots };
  }

  /** What is kept of `key`; a new one where there is nothing, or where what is counted began anew. */
  #pastOf(key: string, plotted: boolean, { counts, now }: { counts: Counts; now: number }): Past {
    const old = this.#past.get(key);
    if (old !== undefined && old.minute.last(0, counts, now) !== undefined) return old;
    const past = new Past(plotted, {
      counts: old === undefined ? Counts.of([]) : counts,
      startedAt: this.#sampledAt,
    });
    this.#past.set(key, past);
    return past;
  }
}

/** What has happened since the last sample. */
function pointOf(past: Past, counts: Counts, now: number): PlotPoint {
  const { more, ms } = past.minute.last(0, counts, now)!;
  const { perSecond, errors, p50Ms = NaN, p99Ms = NaN } = more.over(ms);
  return { requests: perSecond, errors: errors * 1000 / Math.max(1000, ms), p50: p50Ms, p99: p99Ms };
}
