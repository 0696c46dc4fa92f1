import { type Asker, Guesses } from "./guesses.ts";

/** Checks that wait; about ten seconds of work. */
const MAX_WAITING = 64;
/** Checks of one address that are held back at a time, because of wrong passwords before. More are refused. */
const MAX_DELAYED = 4;
/** Addresses and names of which it is known when they had their turn. */
const MAX_TURNS = 1024;

interface Waiting {
  readonly asker: Asker;
  /** Ends the wait: whether it has its turn, or has to make room. */
  readonly end: (turn: boolean) => void;
}

/** How many checks run at a time, and the clock in ms. */
export interface CheckQueueOptions {
  readonly most: number;
  readonly now: () => number;
}

/**
 * Lets checks run one after another so that each address, and each name, gets its share. Next is the one whose last turn
 * was the longest ago. When the queue is full, the newest check of whoever has most of them there makes room. Each wrong
 * guess makes the next wait longer.
 */
export class CheckQueue {
  readonly #options: CheckQueueOptions;
  readonly #guesses: Guesses;
  readonly #waiting: Waiting[] = [];
  /** When addresses and names had their last turn, the longest ago first. */
  readonly #turns = new Map<string, number>();
  #turn = 0;
  #running = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: CheckQueueOptions) {
    this.#options = options;
    this.#guesses = new Guesses(options.now);
  }

  /** Resolves with true when a check for `asker` may begin, and with false where it may not. Who got true calls `leave`. */
  enter(asker: Asker): Promise<boolean> {
    if (this.#isDelayed(asker) && this.#delayedOf(asker.client) >= MAX_DELAYED) return Promise.resolve(false);
    if (this.#waiting.length >= MAX_WAITING && !this.#makeRoom(asker)) return Promise.resolve(false);
    return new Promise((end) => {
      this.#waiting.push({ asker, end });
      this.#next();
    });
  }

  /** A check is over; `right` is undefined where it came to no end. */
  leave(asker: Asker, right: boolean | undefined): void {
    this.#running--;
    if (right === true) this.#guesses.right(asker);
    if (right === false) this.#guesses.wrong(asker);
    this.#next();
  }

  #next(): void {
    clearTimeout(this.#timer);
    while (this.#running < this.#options.most) {
      const next = this.#first();
      if (next === undefined) return;
      this.#remove(next);
      this.#running++;
      this.#turn++;
      for (const key of keysOf(next.asker)) this.#note(key);
      next.end(true);
    }
  }

  /** The next check. Where all have to wait for longer, a timer asks again. */
  #first(): Waiting | undefined {
    const now = this.#options.now();
    let first: Waiting | undefined;
    let soonest = Infinity;
    for (const one of this.#waiting) {
      const readyAt = this.#guesses.readyAt(one.asker);
      if (readyAt > now) soonest = Math.min(soonest, readyAt);
      else if (first === undefined || this.#isBefore(one.asker, first.asker)) first = one;
    }
    if (first === undefined && soonest < Infinity) {
      this.#timer = setTimeout(() => this.#next(), Math.ceil(soonest - now));
      this.#timer.unref?.();
    }
    return first;
  }

  #isBefore(one: Asker, other: Asker): boolean {
    const [client, user] = keysOf(one).map((key) => this.#turns.get(key) ?? 0) as [number, number];
    const [otherClient, otherUser] = keysOf(other).map((key) => this.#turns.get(key) ?? 0) as [
      number,
      number,
    ];
    return client < otherClient || (client === otherClient && user < otherUser);
  }

  #note(key: string): void {
    this.#turns.delete(key);
    this.#turns.set(key, this.#turn);
    for (const oldest of this.#turns.keys()) {
      if (this.#turns.size <= MAX_TURNS) break;
      this.#turns.delete(oldest);
    }
  }

  #isDelayed(asker: Asker): boolean {
    return this.#guesses.readyAt(asker) > this.#options.now();
  }

  #delayedOf(client: string): number {
    return this.#waiting.filter(({ asker }) => asker.client === client && this.#isDelayed(asker)).length;
  }

  /**
   * Makes room for a check of `asker`. A check gives way whose address has more of them waiting than the asker's would
   * have, or whose name has: the newest of the address, and of the name, that has most. Returns whether one did.
   */
  #makeRoom({ client, user }: Asker): boolean {
    const clients = countBy(this.#waiting, ({ asker }) => asker.client);
    const users = countBy(this.#waiting, ({ asker }) => asker.user);
    const [ofClient, ofUser] = [(clients.get(client) ?? 0) + 1, (users.get(user) ?? 0) + 1];
    let victim: Waiting | undefined;
    let most: readonly [number, number] = [0, 0];
    for (const one of this.#waiting) {
      const its = [clients.get(one.asker.client)!, users.get(one.asker.user)!] as const;
      if (its[0] <= ofClient && its[1] <= ofUser) continue;
      if (its[0] < most[0] || (its[0] === most[0] && its[1] < most[1])) continue;
      victim = one;
      most = its;
    }
    if (victim === undefined) return false;
    this.#remove(victim);
    victim.end(false);
    return true;
  }

  #remove(one: Waiting): void {
    this.#waiting.splice(this.#waiting.indexOf(one), 1);
  }
}

/** Addresses hold no blank, so that no name passes for one. */
function keysOf({ client, user }: Asker): [client: string, user: string] {
  return [client, ` ${user}`];
}

function countBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1);
  return counts;
}
