import type { Buffer } from "node:buffer";
import { Writable } from "node:stream";

/** A connection that takes nothing until it is told to. */
export class Stuck extends Writable {
  taken = "";
  #next: (() => void) | undefined;
  #open = false;

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.taken += chunk.toString("latin1");
    if (this.#open) return done();
    this.#next = done;
  }

  /** Takes what waits, and all that comes. */
  open(): void {
    this.#open = true;
    this.#next?.();
  }
}
