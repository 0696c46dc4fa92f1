/** What the probes of one server have said. */
export interface HealthState {
  readonly up: boolean;
  /** Results in a row that speak against `up`. */
  readonly streak: number;
  /** Whether any result came: the first one decides alone. */
  readonly known: boolean;
}

/** Results in a row that turn a server round. */
export interface Thresholds {
  /** Passes that bring a server back. */
  readonly rise: number;
  /** Failures that take a server out. */
  readonly fall: number;
}

/** Before the first result: up, as most servers are. */
export const UNKNOWN_HEALTH: HealthState = { up: true, streak: 0, known: false };

/** Before the first result of a server that joins others: they can wait for it. */
export const UNPROBED_HEALTH: HealthState = { up: false, streak: 0, known: false };

/**
 * Next state after one result. Pure: no clock, no log, so that the caller compares `up` before and after to learn
 * about a transition.
 */
export function observe(state: HealthState, passed: boolean, { rise, fall }: Thresholds): HealthState {
  if (!state.known || passed === state.up) return { up: passed, streak: 0, known: true };
  const streak = state.streak + 1;
  const turns = streak >= (passed ? rise : fall);
  return { up: turns ? passed : state.up, streak: turns ? 0 : streak, known: true };
}
