/** Requests that are answered, of all clients together, until everything else that came gets its turn; and time for them, in ms. */
const MAX_IN_A_TURN = 64, TURN_MS = 2;

/**
 * Who goes on when. A client may send thousands of requests at once, and answers of the proxy's own wait for nobody: were
 * each read right after the one before, nothing else would happen until the last. So only some are; what is left
 * continues when the loop has looked at its sockets, one request of each client first.
 */
export class Turns {
  #left = 0;
  #until = 0;
  readonly #waiting: (() => void)[] = [];

  /** Calls `next` soon, never before this returns. */
  next(next: () => void): void {
    if (this.#left > 0 && performance.now() < this.#until) {
      this.#left--;
      return queueMicrotask(next);
    }
    this.#waiting.push(next);
    if (this.#waiting.length === 1) this.#arm();
  }

  /** Not by setImmediate: between two calls of it one runtime reads nothing from any socket. */
  #arm(): void {
    setTimeout(() => this.#begin(), 0);
  }

  #begin(): void {
    this.#left = MAX_IN_A_TURN;
    this.#until = performance.now() + TURN_MS;
    let begun = 0;
    try {
      while (begun < this.#waiting.length && performance.now() < this.#until) this.#waiting[begun++]!();
    } finally { // one that throws takes nobody else's turn
      this.#waiting.splice(0, begun);
      if (this.#waiting.length > 0) this.#arm();
    }
  }
}

/** The turns of all connections. */
export const TURNS = new Turns();
