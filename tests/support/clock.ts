import type { TestContext } from "node:test";

/** Time passes in steps, as a timer may set the next one: of so many ms, or of more where it passes for long. */
const STEP_MS = 50, MAX_STEPS = 100;

/** The clock that goes: there is one time, also where a part of a test has a clock of its own. */
let current: Clock | undefined;

/** The time of one test: `performance.now()` and all `setTimeout`s stand still until the test lets them go on. */
export class Clock {
  now = 1000;
  readonly #t: TestContext;
  readonly #timers = new Set<unknown>();
  #unwatch = () => {};

  constructor(t: TestContext) {
    if (current !== undefined) current.#end();
    current = this;
    this.#t = t;
    t.mock.timers.enable({ apis: ["setTimeout"] });
    t.mock.method(performance, "now", () => this.now);
    this.#watchTimers();
    t.after(() => {
      if (current !== this) return;
      this.now += STEP_MS;
      t.mock.timers.tick(STEP_MS); // what is shared by all connections must not wait for a time that is over
      this.#end();
    });
  }

  /** Timers that are set: 0 where everybody has freed theirs. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Lets everything happen that waits for no timer, then `ms` pass, and what comes of it. */
  async advance(ms: number): Promise<void> {
    await settle();
    const end = this.now + ms;
    const most = Math.max(STEP_MS, ms / MAX_STEPS);
    while (this.now < end) {
      const step = Math.min(most, end - this.now);
      this.now += step;
      this.#t.mock.timers.tick(step);
      await settle();
    }
  }

  #watchTimers(): void {
    const { setTimeout, clearTimeout } = globalThis;
    const watching = (run: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) => {
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        run(...args);
      }, ms);
      this.#timers.add(timer);
      return timer;
    };
    globalThis.setTimeout = watching as unknown as typeof setTimeout;
    globalThis.clearTimeout = (timer?: Parameters<typeof clearTimeout>[0]) => {
      this.#timers.delete(timer);
      clearTimeout(timer);
    };
    this.#unwatch = () => Object.assign(globalThis, { setTimeout, clearTimeout });
  }

  #end(): void {
    current = undefined;
    this.#t.mock.restoreAll(); // first: a test may have put its own in place of what follows
    this.#unwatch();
    this.#t.mock.timers.reset();
  }
}

/** Lets everything happen that waits for no timer. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}
