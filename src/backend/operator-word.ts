/** What the operator says of a server: `drain` and `maint` get no new requests, and `maint` is not probed either. */
export type OperatorState = "ready" | "drain" | "maint";

/** What an operator asks for; what is left out stays. */
export interface OperatorWish {
  readonly state?: OperatorState | undefined;
  /** In place of the config's. */
  readonly weight?: number | undefined;
  /** How long this holds, in ms; undefined for good. */
  readonly ttlMs?: number | undefined;
}

/**
 * What an operator said of one server: each word counts until it is taken back or its time is over, and then the config's
 * value.
 */
export class OperatorWord {
  #state: OperatorState = "ready";
  #stateEndsAt = Infinity;
  #weight: number | undefined;
  #weightEndsAt = Infinity;

  get state(): OperatorState {
    return this.#state;
  }

  /** Undefined where the config's counts. */
  get weight(): number | undefined {
    return this.#weight;
  }

  /** When the first of its words is over, on the clock of `performance.now()`; infinite where nobody set an end. */
  get endsAt(): number {
    return Math.min(this.#stateEndsAt, this.#weightEndsAt);
  }

  /** Whether nothing is said. */
  get isSilent(): boolean {
    return this.#state === "ready" && this.#weight === undefined;
  }

  /** Takes a wish in at `now`. */
  say({ state, weight, ttlMs = Infinity }: OperatorWish, now: number): void {
    if (state !== undefined) {
      this.#state = state;
      this.#stateEndsAt = state === "ready" ? Infinity : now + ttlMs;
    }
    if (weight === undefined) return;
    this.#weight = weight;
    this.#weightEndsAt = now + ttlMs;
  }

  /** Takes everything back. */
  unsay(): void {
    this.expire(Infinity); // what has no end is over then as well
  }

  /** Takes back what is over at `now`. */
  expire(now: number): void {
    if (now >= this.#stateEndsAt) {
      this.#state = "ready";
      this.#stateEndsAt = Infinity;
    }
    if (now < this.#weightEndsAt) return;
    this.#weight = undefined;
    this.#weightEndsAt = Infinity;
  }
}
