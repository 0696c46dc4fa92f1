import type { Server } from "./server.ts";

/** The longest that a timer holds, in ms. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Takes back what operators said of the servers of one backend when its time is over: one timer, for the next of them. */
export class WordTimer {
  readonly #onOver: (servers: readonly Server[]) => void;
  #servers: readonly Server[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  /** `onOver` is told of whom something was taken back. */
  constructor(onOver: (servers: readonly Server[]) => void) {
    this.#onOver = onOver;
  }

  /** Watches these servers from now on, or looks again at the same ones: of one of them something was said. */
  watch(servers: readonly Server[] = this.#servers): void {
    this.#servers = servers;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const next = servers.reduce((least, { word }) => Math.min(least, word.endsAt), Infinity);
    if (this.#closed || next === Infinity) return;
    const ms = Math.min(MAX_TIMER_MS, Math.max(1, next - performance.now()));
    this.#timer = setTimeout(() => this.#end(), ms);
  }

  /** Frees the timer for good. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #end(): void {
    const now = performance.now() + 1; // timers count whole milliseconds
    const over = this.#servers.filter(({ word }) => word.endsAt <= now);
    for (const { word } of over) word.expire(now);
    this.watch();
    if (over.length > 0) this.#onOver(over);
  }
}
