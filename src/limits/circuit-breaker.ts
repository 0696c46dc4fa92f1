import { OutcomeWindow } from "./outcome-window.ts";

/** When a breaker opens, and how it closes again. Shares from 0 to 1, times in ms. */
export interface BreakerRules {
  /** Share of requests that failed from which on it opens. */
  readonly errors: number;
  /** An answer that took as long is slow; without it none is. */
  readonly slow?: number;
  /** Share of slow ones from which on it opens. */
  readonly slowShare: number;
  /** Requests within `window` below which it stays closed. */
  readonly minRequests: number;
  readonly window: number;
  /** How long nothing is let through before it is tried again. */
  readonly openFor: number;
  /** Requests that are let through then, at a time and in all, which must all go well. */
  readonly trialRequests: number;
}

/** How a request ended; undefined where that says nothing, as its client left. */
export interface RequestOutcome {
  readonly failed: boolean;
  /** Time to the answer, in ms. */
  readonly ms: number;
}

/** `closed` lets everything through, `open` nothing, `half_open` a few to see how they fare. */
export type BreakerState = "closed" | "open" | "half_open";

/** Why a breaker is in another state now. */
export interface BreakerChange {
  readonly to: BreakerState;
  /** What it saw: of the window, or of the trials. */
  readonly requests: number;
  readonly errors: number;
  readonly slow: number;
}

/**
 * Stops sending requests where too many fail or are slow, and tries again after a while. Pure: it is told the time, on a
 * clock in ms that never goes back.
 *
 * | state     | event                                       | next      |
 * | --------- | ------------------------------------------- | --------- |
 * | closed    | enough of enough requests failed, were slow | open      |
 * | open      | a request, after `openFor`                  | half_open |
 * | half_open | a trial failed or was slow                  | open      |
 * | half_open | `trialRequests` went well                   | closed    |
 *
 * What ends in another state than it began in counts for nothing: it tells of the time before.
 */
export class CircuitBreaker {
  readonly #rules: BreakerRules;
  readonly #onChange: (change: BreakerChange) => void;
  readonly #window: OutcomeWindow;
  #state: BreakerState = "closed";
  /** Number of the state: who enters takes it along. */
  #era = 1;
  #openUntil = 0;
  /** Trials under way, those that went well, and when the last one began. */
  #trials = 0;
  #passed = 0;
  #triedAt = 0;

  constructor(rules: BreakerRules, onChange: (change: BreakerChange) => void) {
    this.#rules = rules;
    this.#onChange = onChange;
    this.#window = new OutcomeWindow(rules.window);
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** Lets a request through: what is to be given to `leave` once, whatever comes of it; 0 where it is refused. */
  enter(now: number): number {
    if (this.#state === "closed") return this.#era;
    if (this.#state === "open") {
      if (now < this.#openUntil) return 0;
      this.#become("half_open", { requests: 0, errors: 0, slow: 0 });
    }
    const { trialRequests, openFor } = this.#rules;
    // One that never ends must not keep all others out for good.
    if (this.#trials + this.#passed >= trialRequests && now - this.#triedAt < openFor) return 0;
    this.#trials++;
    this.#triedAt = now;
    return this.#era;
  }

  /** A request that was let `through` has ended; without an outcome it is as if it had never been there. */
  leave(through: number, outcome: RequestOutcome | undefined, now: number): void {
    if (through !== this.#era) return;
    const slow = outcome !== undefined && outcome.ms >= (this.#rules.slow ?? Infinity);
    if (this.#state === "half_open") this.#leaveTrial(outcome, slow, now);
    else if (outcome !== undefined) {
      this.#window.add(outcome.failed, slow, now);
      if (this.#isTooMuch()) this.#open(this.#window, now);
    }
  }

  /** Time until a request may be let through, in ms; 0 where that cannot be told. */
  waitMs(now: number): number {
    return this.#state === "open" ? Math.max(0, this.#openUntil - now) : 0;
  }

  #leaveTrial(outcome: RequestOutcome | undefined, slow: boolean, now: number): void {
    this.#trials--;
    if (outcome === undefined) return;
    const requests = this.#passed + 1;
    if (outcome.failed || slow) {
      this.#open({ requests, errors: outcome.failed ? 1 : 0, slow: slow ? 1 : 0 }, now);
    } else if (requests >= this.#rules.trialRequests) {
      this.#become("closed", { requests, errors: 0, slow: 0 });
    } else this.#passed = requests;
  }

  #isTooMuch(): boolean {
    const { requests, errors, slow } = this.#window;
    const rules = this.#rules;
    if (requests < rules.minRequests) return false;
    return (errors > 0 && errors >= rules.errors * requests) ||
      (slow > 0 && slow >= rules.slowShare * requests);
  }

  #open(seen: Omit<BreakerChange, "to">, now: number): void {
    this.#openUntil = now + this.#rules.openFor;
    this.#become("open", seen);
    this.#window.clear();
  }

  #become(to: BreakerState, { requests, errors, slow }: Omit<BreakerChange, "to">): void {
    this.#state = to;
    this.#era++;
    this.#trials = this.#passed = 0;
    this.#onChange({ to, requests, errors, slow });
  }
}
