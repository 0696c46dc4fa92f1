import { inTurns, SHORT_TURN_MS, type Steps } from "../net/steps.ts";

/**
 * Pages that are made for those who ask from outside: thousands of servers take long, so others get their turn in between,
 * and no more than one page is made at a time, however many ask.
 */
export class SharedPages<T> {
  readonly #steps: () => Steps<T>;
  #running: Promise<T> | undefined;
  /** The page that begins after it, for all who have asked since. */
  #upcoming: Promise<T> | undefined;

  /** `steps` collects a page, in steps that take no time to speak of. */
  constructor(steps: () => Steps<T>) {
    this.#steps = steps;
  }

  /** A page that was begun after this call. */
  next(): Promise<T> {
    if (this.#running === undefined) return this.#begin();
    const begin = () => {
      this.#upcoming = undefined;
      return this.#begin();
    };
    return this.#upcoming ??= this.#running.then(begin, begin);
  }

  #begin(): Promise<T> {
    const running = inTurns(this.#steps(), SHORT_TURN_MS);
    this.#running = running;
    const done = () => {
      if (this.#running === running) this.#running = undefined;
    };
    running.then(done, done);
    return running;
  }
}
