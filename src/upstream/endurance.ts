/** A connection is surely open while it was unused for less than this share of the time that its server is known to wait. */
const SURE_SHARE = 0.75;
/** A server of which less is known keeps connections too shortly to count on. In ms. */
const LEAST_MS = 50;
/** After a limit was found to be shorter than before, nothing longer is believed for so many times that limit. */
const DISTRUST = 20;

/**
 * How long a server keeps connections that are unused, as far as it has shown: one that was open after a second says that
 * less than a second is nothing to close it for. Servers seldom tell, and close at 2 s (gunicorn), 5 s (uvicorn) or 75 s.
 */
export class Endurance {
  #provenMs = 0;
  #distrustedUntil = 0;

  /** Whether a connection that was unused for `ageMs` is surely open. */
  covers(ageMs: number): boolean {
    return this.#provenMs >= LEAST_MS && ageMs <= this.#provenMs * SURE_SHARE;
  }

  /** A connection was open at `now` when it had been unused for `ageMs`. */
  survived(ageMs: number, now: number): void {
    if (ageMs > this.#provenMs && now >= this.#distrustedUntil) this.#provenMs = ageMs;
  }

  /** At `now` the server closed a connection that was unused for `ageMs`: its limit is shorter now, or it is stopping. */
  closed(ageMs: number, now: number): void {
    if (!(ageMs <= this.#provenMs)) return;
    this.#provenMs = ageMs;
    this.#distrustedUntil = now + ageMs * DISTRUST;
  }
}
