import { TICK } from "./tick.ts";

/**
 * One timer for the successive waits of one connection.
 *
 * A connection changes what it waits for several times per request, so the timer is lazy: `set` only writes
 * down when to act, and the running timer, when it fires too early, re-arms itself for what is left. Under
 * traffic that costs no timer call per request. `clear` forgets the wait; `dispose` frees the timer for good.
 */
export class Deadline {
  readonly #expire: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #firesAt = 0;
  #at = Infinity;
  readonly #tick = () => this.#fire();

  /** `expire` runs once for each `set` whose time passed without another `set`, `clear` or `dispose`. */
  constructor(expire: () => void) {
    this.#expire = expire;
  }

  /** Acts `ms` milliseconds from now unless set again or cleared; 0 waits for ever. */
  set(ms: number): void {
    if (ms <= 0) {
      this.#at = Infinity;
      return;
    }
    const at = TICK.now() + ms;
    this.#at = at;
    if (this.#timer === undefined) this.#arm(ms, at);
    else if (this.#firesAt > at + 1) {
      clearTimeout(this.#timer);
      this.#arm(ms, at);
    }
  }

  /** Forgets the wait. The timer may still fire once, without effect. */
  clear(): void {
    this.#at = Infinity;
  }

  /** Frees the timer. */
  dispose(): void {
    this.#at = Infinity;
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #arm(ms: number, at: number): void {
    this.#firesAt = at;
    this.#timer = setTimeout(this.#tick, Math.max(1, Math.ceil(ms)));
  }

  #fire(): void {
    this.#timer = undefined;
    if (this.#at === Infinity) return;
    const left = this.#at - performance.now();
    if (left > 0.5) return this.#arm(left, this.#at);
    this.#at = Infinity;
    this.#expire();
  }
}
