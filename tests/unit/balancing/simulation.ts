import { MovingAverage } from "../../../src/balancing/average.ts";
import { PeakAverage } from "../../../src/balancing/peak-average.ts";
import type { Policy } from "../../../src/balancing/policy.ts";
import type { Random } from "../../support/codec/random.ts";
import { type TestCandidate, weighing } from "./support.ts";

export const MINUTE = 60_000;

/** A candidate that is measured. */
export interface Measured extends TestCandidate {
  readonly latency: MovingAverage;
  readonly peak: PeakAverage;
}

/** Candidates "a", "b", "c" and so on of weight 1, without a measurement. */
export function measured(count: number): Measured[] {
  return measuring(...Array.from({ length: count }, () => 1));
}

/** The same of these weights. */
export function measuring(...weights: number[]): Measured[] {
  return weighing(...weights).map((one) => ({
    ...one,
    latency: new MovingAverage(),
    peak: new PeakAverage(),
  }));
}

/** Clients that send one request after the other. */
export interface Load {
  readonly clients: number;
  readonly minutes: number;
  /** Time of one request in ms. */
  timeOf(one: Measured, now: number): number;
  /** Called when a request is over. */
  readonly onDone?: (one: Measured, now: number) => void;
}

/** Lets clients send on a virtual clock; returns how many requests each candidate got. */
export function simulate(
  create: (now: () => number) => Policy<Measured>,
  all: readonly Measured[],
  { clients, minutes, timeOf, onDone }: Load,
): number[] {
  let now = 0;
  const policy = create(() => now);
  policy.update(all);
  const counts = all.map(() => 0);
  const underWay: { one: Measured; startedAt: number; endsAt: number }[] = [];
  function send(): void {
    const one = policy.pick()!;
    one.inFlight++;
    counts[all.indexOf(one)]!++;
    underWay.push({ one, startedAt: now, endsAt: now + timeOf(one, now) });
  }
  for (let i = 0; i < clients; i++) send();
  while (now < minutes * MINUTE) {
    let next = 0;
    for (let i = 1; i < clients; i++) if (underWay[i]!.endsAt < underWay[next]!.endsAt) next = i;
    const { one, startedAt, endsAt } = underWay.splice(next, 1)[0]!;
    now = endsAt;
    one.inFlight--;
    one.latency.add(now - startedAt, now);
    one.peak.add(now - startedAt, now);
    onDone?.(one, now);
    send();
  }
  return counts;
}

/** A time drawn from the exponential distribution. */
export function exponential(random: Random, mean: number): number {
  return -mean * Math.log(1 - random.fraction());
}
