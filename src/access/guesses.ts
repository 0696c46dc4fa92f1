/** Who asks for a check: the client's address, and the name that it gives. */
export interface Asker {
  readonly client: string;
  readonly user: string;
}

/** Wrong passwords in a row before the waiting begins: for one name from one address, and for all names from there. */
const FREE_FOR_NAME = 3;
const FREE_FOR_CLIENT = 16;
/** Wait of the first one beyond that. Each further one waits twice as long, up to the most. */
const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 8000;
/** A row ends after this time without a wrong password. */
const FORGOTTEN_MS = 60_000;
const MAX_KEPT = 2048;

interface Row {
  readonly count: number;
  /** When the last of it was. */
  readonly at: number;
}

/**
 * Remembers who gave wrong passwords, and when their next one may be looked at. Guesses from one address never delay
 * another address, so nobody can lock a user out.
 */
export class Guesses {
  readonly #now: () => number;
  /** By address, and by address and name; the one that grew last comes last. */
  readonly #rows = new Map<string, Row>();

  /** `now` is a clock in ms. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** When a check for `asker` may begin; a time in the past where it need not wait. */
  readyAt(asker: Asker): number {
    return Math.max(
      this.#readyAt(asker.client, FREE_FOR_CLIENT),
      this.#readyAt(nameOf(asker), FREE_FOR_NAME),
    );
  }

  /** A password was wrong. */
  wrong(asker: Asker): void {
    this.#extend(asker.client);
    this.#extend(nameOf(asker));
  }

  /** A password was right: the row of this name is over, but not the others: one account must not buy guesses at all names. */
  right(asker: Asker): void {
    this.#rows.delete(nameOf(asker));
  }

  #readyAt(key: string, free: number): number {
    const row = this.#rowOf(key);
    if (row === undefined || row.count < free) return -Infinity;
    return row.at + Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (row.count - free));
  }

  #rowOf(key: string): Row | undefined {
    const row = this.#rows.get(key);
    return row === undefined || this.#now() - row.at >= FORGOTTEN_MS ? undefined : row;
  }

  #extend(key: string): void {
    const count = (this.#rowOf(key)?.count ?? 0) + 1;
    this.#rows.delete(key);
    this.#rows.set(key, { count, at: this.#now() });
    for (const oldest of this.#rows.keys()) {
      if (this.#rows.size <= MAX_KEPT) break;
      this.#rows.delete(oldest);
    }
  }
}

/** A blank is in no address. */
function nameOf({ client, user }: Asker): string {
  return `${client} ${user}`;
}
