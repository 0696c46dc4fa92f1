import { Histogram } from "./histogram.ts";

/** Between two looks, in ms. */
const LOOK_MS = 100;

/** Measures how late timers come: for as long something else kept the process busy. */
export class LoopDelay {
  /** Delays in seconds. */
  readonly seconds = new Histogram();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Looks again and again, until `stop`. */
  start(): void {
    if (this.#timer === undefined) this.#wait();
  }

  /** Frees the timer; what was measured stays. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #wait(): void {
    const due = performance.now() + LOOK_MS;
    this.#timer = setTimeout(() => {
      this.seconds.observe(Math.max(0, performance.now() - due) / 1000);
      this.#wait();
    }, LOOK_MS);
    this.#timer.unref();
  }
}
