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
      this.#step(STEP_MS); // what is shared by all connections must not wait for a time that is over
      this.#end();
    });
  }

  /** Timers that are set: 0 where everybody has freed theirs. */
  get timers(): number {
    return this.#timers.size;
  }

  /**
   * Lets everything happen that waits for no timer, then `ms` pass, and what comes of it. A timer goes off at the end of
   * the step that it falls into, so up to `stepMs` late on this clock.
   */
  async advance(ms: number, stepMs = stepFor(ms)): Promise<void> {
    await settle();
    for (const end = this.now + ms; this.now < end;) {
      this.#step(Math.min(stepMs, end - this.now));
      await settle();
    }
  }

  /** The same at once, where nothing waits but for timers. */
  pass(ms: number, stepMs = stepFor(ms)): void {
    for (const end = this.now + ms; this.now < end;) this.#step(Math.min(stepMs, end - this.now));
  }

  #step(ms: number): void {
    this.now += ms;
    this.#t.mock.timers.tick(ms);
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

function stepFor(ms: number): number {
  return Math.max(STEP_MS, ms / MAX_STEPS);
}

/** Lets everything happen that waits for no timer. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}
