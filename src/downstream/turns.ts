/** Requests that are answered, of all clients together, until everything else that came gets its turn: one or two milliseconds. */
const MAX_IN_A_TURN = 64;

/**
 * Who goes on when. A client may send thousands of requests at once, and answers of the proxy's own wait for nobody: were
 * each read right behind the one before, nothing else would happen until the last. So only some are; what is left
 * continues when the loop has looked at its sockets, one request of each client first.
 */
class Turns {
  #left = MAX_IN_A_TURN;
  #waiting: (() => void)[] = [];

  /** Calls `next` soon, never before this returns. */
  next(next: () => void): void {
    if (--this.#left > 0) return queueMicrotask(next);
    this.#waiting.push(next);
    // Not setImmediate: between two calls of it one runtime reads nothing from any socket.
    if (this.#waiting.length === 1) setTimeout(() => this.#begin(), 0);
  }

  #begin(): void {
    const due = this.#waiting;
    this.#waiting = [];
    this.#left = MAX_IN_A_TURN;
    for (const next of due) next();
  }
}

/** The turns of all connections. */
export const TURNS = new Turns();
