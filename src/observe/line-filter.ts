import type { LogConfig } from "../config/sections/log.ts";
import type { Exchange } from "../message/exchange.ts";

/** Which requests have a line in the access log, where not all have one. */
export class LineFilter {
  readonly #slowerThanMs: number;
  readonly #sample: number;
  readonly #random: () => number;

  /** What `config` asks for; undefined where every request has a line. `random` draws from 0 up to 1. */
  static of({ slowerThan, sample }: LogConfig, random: () => number = Math.random): LineFilter | undefined {
    if (slowerThan === undefined && (sample ?? 1) === 1) return undefined;
    return new LineFilter(slowerThan ?? Infinity, sample ?? 0, random);
  }

  private constructor(slowerThanMs: number, sample: number, random: () => number) {
    this.#slowerThanMs = slowerThanMs;
    this.#sample = sample;
    this.#random = random;
  }

  /** Whether `exchange`, which took `ms`, has a line: where it failed or was slow, and else by the draw. */
  keeps({ reason, status }: Exchange, ms: number): boolean {
    return reason !== "ok" || status >= 500 || ms > this.#slowerThanMs ||
      (this.#sample > 0 && this.#random() < this.#sample);
  }
}
