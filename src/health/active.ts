import type { Probed, ProbeResult } from "./probe-result.ts";
import type { HealthState } from "./state.ts";

/** Share of the interval by which each wait is shorter or longer, at random. */
const JITTER = 0.1;

/** A server as the probe loop sees it. Its owner keeps it up. */
export interface ProbeTarget {
  readonly health: HealthState;
  readonly lastProbe: Probed | undefined;
}

/** Times in ms. */
export interface ActiveOptions<Target extends ProbeTarget> {
  readonly interval: number;
  /** Between the results of a server that is about to turn round. */
  readonly fastInterval: number;
  /**
   * Never rejects, and ends within its own time limit; `signal` gives up early. Undefined says that the target could not
   * be asked, which is no fault of its own.
   */
  probe(target: Target, signal: AbortSignal): Promise<ProbeResult | undefined>;
  isPaused?(target: Target): boolean;
  /** Whether a target has left its backend; it is not probed again. */
  isGone?(target: Target): boolean;
  /** A result came, which is to be in the target's health from then on. */
  onResult(target: Target, probed: Probed): void;
  /** Numbers from 0 up to, without, 1. */
  readonly random?: () => number;
}

/**
 * Probes each target for itself, so that a slow one delays no other and no two probes of one overlap. The first round
 * goes out at once; after it the targets are spread evenly over the interval, with jitter, so that many servers, or
 * many proxies, do not probe in step. A target that is known already, from a config before, takes no part in the first
 * round and goes on in its rhythm. Resolves when the first round is over; the loop goes on until `signal` aborts.
 */
export async function startActiveChecks<Target extends ProbeTarget>(
  targets: readonly Target[],
  options: ActiveOptions<Target>,
  signal: AbortSignal,
): Promise<void> {
  const { interval, fastInterval, random = Math.random } = options;

  async function check(target: Target): Promise<void> {
    if (options.isPaused?.(target) === true) return;
    const startedAt = performance.now();
    const result = await options.probe(target, signal);
    if (signal.aborted || options.isGone?.(target) === true) return; // a probe that was cut off says nothing about the server
    if (result === undefined) return;
    options.onResult(target, { ...result, ms: performance.now() - startedAt, at: Date.now() });
  }

  function wait(target: Target, ms: number): void {
    if (signal.aborted) return;
    const onAbort = () => clearTimeout(timer);
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", onAbort);
      if (options.isGone?.(target) === true) return;
      void check(target).then(() => wait(target, pauseOf(target)));
    }, ms);
    signal.addEventListener("abort", onAbort, { once: true });
  }

  function pauseOf({ health: { streak } }: Target): number {
    return (streak > 0 ? Math.min(fastInterval, interval) : interval) * (1 + JITTER * (2 * random() - 1));
  }

  // Each goes its own way after its first result: one that hangs holds up the start, but no other target.
  await Promise.all(targets.map(async (target, i) => {
    const { health, lastProbe } = target;
    if (health.known && lastProbe !== undefined) {
      const pause = pauseOf(target);
      return wait(target, Math.min(pause, Math.max(0, lastProbe.at + pause - Date.now()))); // clocks are set
    }
    await check(target);
    wait(target, interval * (i + random()) / targets.length);
  }));
}
