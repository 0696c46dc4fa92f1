import assert from "node:assert/strict";
import { FailedLoad } from "../../../src/balancing/failed-load.ts";
import type { Candidate, LoadReport, Policy } from "../../../src/balancing/policy.ts";
import type { Random } from "../../support/codec/random.ts";

/** A candidate whose state the test sets. */
export interface TestCandidate extends Candidate {
  inFlight: number;
  full: boolean;
  readonly failedLoad: FailedLoad;
  readonly latency: { averageMs: number | undefined };
  readonly peak: { averageMs: number | undefined };
  probeMs: number | undefined;
  report: LoadReport | undefined;
}

/** A candidate called `name`, idle, of weight 1 and priority 0 if `state` does not say otherwise. */
export function candidate(name: string, state: Partial<Omit<TestCandidate, "name">> = {}): TestCandidate {
  return {
    name,
    weight: 1,
    priority: 0,
    inFlight: 0,
    failedLoad: new FailedLoad(),
    full: false,
    latency: { averageMs: undefined },
    peak: { averageMs: undefined },
    probeMs: undefined,
    report: undefined,
    ...state,
  };
}

/** Candidates "a", "b", "c" and so on, of these weights. */
export function weighing(...weights: number[]): TestCandidate[] {
  return weights.map((weight, i) => candidate(nameOf(i), { weight }));
}

/** As many candidates of weight 1. */
export function equals(count: number): TestCandidate[] {
  return weighing(...Array.from({ length: count }, () => 1));
}

/** As many weights from 1 to `highest`. */
export function randomWeights(random: Random, count: number, highest: number): number[] {
  return Array.from({ length: count }, () => 1 + random.below(highest));
}

/** Those of `all` that a coin of this probability says, in their order. */
export function subset<T>(random: Random, all: readonly T[], probability = 0.5): T[] {
  return all.filter(() => random.chance(probability));
}

/** The names of the next `count` picks in a row, "-" where there was none. Nothing changes between them. */
export function pickNames(policy: Policy<TestCandidate>, count: number): string {
  return Array.from({ length: count }, () => policy.pick()?.name ?? "-").join("");
}

/** How often each of `all` came in the next `count` picks. Each request is done before the next. */
export function countPicks(
  policy: Policy<TestCandidate>,
  all: readonly TestCandidate[],
  count: number,
): number[] {
  const counts = new Map(all.map((one) => [one, 0]));
  for (let i = 0; i < count; i++) {
    const picked = policy.pick()!;
    counts.set(picked, counts.get(picked)! + 1);
  }
  return all.map((one) => counts.get(one)!);
}

/** Asserts that counts fit shares: chi square within six standard deviations of its mean. */
export function assertFits(counts: readonly number[], weights: readonly number[]): void {
  const scale = sum(counts) / sum(weights);
  const square = sum(counts.map((count, i) => (count - weights[i]! * scale) ** 2 / (weights[i]! * scale)));
  const freedom = weights.length - 1;
  assert.ok(square <= freedom + 6 * Math.sqrt(2 * freedom), `chi square ${square}, ${counts} for ${weights}`);
}

export function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function nameOf(i: number): string {
  return i < 26 ? String.fromCharCode(97 + i) : `n${i}`;
}
