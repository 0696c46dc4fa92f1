/** Time in which a page is collected until everything else gets its turn, in ms. */
const SLICE_MS = 1;

/**
 * Pages that are made for those who ask from outside: thousands of servers take long, so others get their turn in between,
 * and no more than one page is made at a time, however many ask.
 */
export class SharedPages<T> {
  readonly #steps: () => Generator<void, T, void>;
  #running: Promise<T> | undefined;
  /** The page that begins after it, for all who have asked since. */
  #upcoming: Promise<T> | undefined;

  /** `steps` collects a page, in steps that take no time to speak of. */
  constructor(steps: () => Generator<void, T, void>) {
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
    const running = collectInSlices(this.#steps());
    this.#running = running;
    const done = () => {
      if (this.#running === running) this.#running = undefined;
    };
    running.then(done, done);
    return running;
  }
}

async function collectInSlices<T>(steps: Generator<void, T, void>): Promise<T> {
  let until = performance.now() + SLICE_MS;
  for (let step = steps.next();; step = steps.next()) {
    if (step.done === true) return step.value;
    if (performance.now() < until) continue;
    await new Promise((resolve) => setTimeout(resolve, 0)); // between two of setImmediate one runtime reads no socket
    until = performance.now() + SLICE_MS;
  }
}
