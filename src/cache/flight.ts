import type { ProxyError } from "../base/errors.ts";

/**
 * How those go on that waited for an answer under way: they `look` again, as it is kept now; they do so `again`, as whoever
 * asked for it has left; they take what is `stale`, as their server fails; they ask it themselves, each `alone`; or they
 * fail as that one did.
 */
export type Wake = "look" | "again" | "stale" | "alone" | { readonly error: ProxyError };

/** Who waits for an answer under way. */
export interface Wakeable {
  wake(how: Wake): void;
}

/** An answer under way that may be kept, from the request on until it is kept or will not be; and those who wait for it. */
export class Flight {
  readonly url: string;
  /** What requests have in common that may wait for it; undefined where none may. */
  readonly key: string | undefined;
  /** Whether what it brings was dropped before it came: it is not kept. */
  outdated = false;
  /** Whether it has begun to come, and is for those who wait only when it is whole. */
  begun = false;
  readonly #waiting = new Set<Wakeable>();

  constructor(url: string, key: string | undefined) {
    this.url = url;
    this.key = key;
  }

  join(waiting: Wakeable): void {
    this.#waiting.add(waiting);
  }

  leave(waiting: Wakeable): void {
    this.#waiting.delete(waiting);
  }

  /** All who wait go on. */
  land(how: Wake): void {
    const all = [...this.#waiting];
    this.#waiting.clear();
    for (const waiting of all) waiting.wake(how);
  }
}
