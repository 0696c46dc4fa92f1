/** Time that requests and retries are counted for, in ms: the window that runs and the one before it. */
const WINDOW_MS = 5000;
/** Retries that are always allowed, so that a quiet backend has some. */
const LEAST = 3;

/** Keeps retries a share of the requests: where everything fails, repeating all of it would make it worse. */
export class RetryBudget {
  readonly #share: number;
  #windowAt = 0;
  #requests = 0;
  #requestsBefore = 0;
  #retries = 0;
  #retriesBefore = 0;

  /** `share` of the requests of the last seconds may be retries. */
  constructor(share: number) {
    this.#share = share;
  }

  /** Counts a request; `now` on any clock in ms. */
  countRequest(now: number): void {
    this.#turn(now);
    this.#requests++;
  }

  /** Counts one more retry if it is within the budget. Returns whether it is. */
  claimRetry(now: number): boolean {
    this.#turn(now);
    const allowed = Math.max(LEAST, this.#share * (this.#requests + this.#requestsBefore));
    if (this.#retries + this.#retriesBefore >= allowed) return false;
    this.#retries++;
    return true;
  }

  #turn(now: number): void {
    const windows = Math.floor((now - this.#windowAt) / WINDOW_MS);
    if (windows < 1) return;
    this.#requestsBefore = windows === 1 ? this.#requests : 0;
    this.#retriesBefore = windows === 1 ? this.#retries : 0;
    this.#requests = this.#retries = 0;
    this.#windowAt += windows * WINDOW_MS;
  }
}
