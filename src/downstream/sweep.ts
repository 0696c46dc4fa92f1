/** Between two looks at the connections that are served. */
export const LOOK_MS = 100;

/** What is looked at: the second look after its last request lets it go. */
export interface Served {
  /** Rests if nothing has happened since the last look. */
  look(): void;
}

/**
 * Looks at all connections that are served, one after another, and lets those rest that have nothing to do. One timer for
 * all of them: one for each would have to be made for every connection, and looked after for every request.
 */
export class Sweep {
  readonly #served = new Set<Served>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Looks at `served` from now on. */
  add(served: Served): void {
    this.#served.add(served);
    this.#timer ??= this.#arm();
  }

  /** Stops looking at `served`. The timer is left to run out where it was the last: the next may come at any time. */
  delete(served: Served): void {
    this.#served.delete(served);
  }

  #arm(): ReturnType<typeof setTimeout> {
    const timer = setTimeout(() => this.#look(), LOOK_MS);
    timer.unref(); // the sockets keep the process
    return timer;
  }

  #look(): void {
    let looked: Served | undefined;
    try {
      for (looked of this.#served) looked.look();
      looked = undefined;
    } finally { // one that throws is the last next time, so that it takes nobody else's look
      if (looked !== undefined && this.#served.delete(looked)) this.#served.add(looked);
      this.#timer = this.#served.size > 0 ? this.#arm() : undefined;
    }
  }
}
