import { Buffer } from "node:buffer";
import { EventEmitter } from "node:events";
import type { Socket } from "node:net";

/** Bytes that may wait in a socket before `write` says that it is full, as in a real one. */
const HIGH_WATER_BYTES = 64 * 1024;

/** A piece that was written and that the peer has not taken, and who is to hear when it has. */
interface Piece {
  readonly text: string;
  readonly done: (() => void) | undefined;
}

/**
 * A socket without a network: the test is its peer. It does what `net.Socket` does as far as our connections use it:
 * what comes while it is paused waits, what is written while the peer takes nothing stays in it, and whoever is
 * called back is called later, never from inside `write`, `end` or `destroy`.
 */
export class DrivenSocket extends EventEmitter {
  /** Everything that has reached the peer, as latin1 text. */
  sent = "";
  /** Whether the peer saw the end of what is sent. */
  finished = false;
  destroyed = false;
  /** Whether it was closed by a reset. */
  wasReset = false;
  paused = false;
  readableEnded = false;
  writableEnded = false;
  writableNeedDrain = false;
  readonly remoteAddress = "192.0.2.7";
  readonly remotePort = 40_000;
  readonly #waiting: Piece[] = [];
  readonly #coming: (string | undefined)[] = [];
  #taking = true;
  #onFinish: (() => void) | undefined;

  /** Itself, under the type that our code asks for. */
  get socket(): Socket {
    return this as unknown as Socket;
  }

  get writable(): boolean {
    return !this.destroyed && !this.writableEnded;
  }

  get writableLength(): number {
    return this.#waiting.reduce((sum, { text }) => sum + text.length, 0);
  }

  // What the test does, as the peer.

  /** Sends `text` to it. */
  receive(text: string): void {
    this.#coming.push(text);
    this.#deliver();
  }

  /** Finishes sending. */
  receiveEnd(): void {
    this.#coming.push(undefined);
    this.#deliver();
  }

  /** Breaks the connection. */
  break(code = "ECONNRESET"): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.emit("error", Object.assign(new Error(`broken: ${code}`), { code }));
    this.emit("close");
  }

  /** Takes nothing of what is written from now on. */
  stall(): void {
    this.#taking = false;
  }

  /** Takes what waits, or the first `pieces` of it. Without a number it takes what comes later as well. */
  take(pieces = Infinity): void {
    if (pieces === Infinity) this.#taking = true;
    for (let i = 0; i < pieces && this.#waiting.length > 0; i++) {
      const { text, done } = this.#waiting.shift()!;
      this.sent += text;
      done?.();
    }
    if (this.#waiting.length > 0 || this.destroyed) return;
    if (this.writableNeedDrain && !this.writableEnded) {
      this.writableNeedDrain = false;
      this.emit("drain");
    }
    if (this.writableEnded) this.#finish();
  }

  /** What was sent since this was asked before. */
  takeSent(): string {
    const text = this.sent;
    this.sent = "";
    return text;
  }

  // What our code does.

  write(chunk: string | Uint8Array, ...rest: unknown[]): boolean {
    const done = rest.find((one) => typeof one === "function") as (() => void) | undefined;
    if (!this.writable) return false;
    const text = typeof chunk === "string" ? chunk : Buffer.from(chunk).toString("latin1");
    if (this.#taking && this.#waiting.length === 0) {
      this.sent += text;
      if (done !== undefined) queueMicrotask(done);
      return true;
    }
    this.#waiting.push({ text, done });
    if (this.writableLength >= HIGH_WATER_BYTES) this.writableNeedDrain = true;
    return !this.writableNeedDrain;
  }

  end(...args: unknown[]): this {
    if (this.writableEnded || this.destroyed) return this;
    if (typeof args[0] === "string") this.write(args[0]);
    this.writableEnded = true;
    this.#onFinish = args.find((one) => typeof one === "function") as (() => void) | undefined;
    if (this.#waiting.length === 0) queueMicrotask(() => this.#finish());
    return this;
  }

  destroy(): this {
    if (this.destroyed) return this;
    this.destroyed = true;
    queueMicrotask(() => {
      if (!this.finished) this.#onFinish?.(); // with an error, that it was destroyed
      this.emit("close");
    });
    return this;
  }

  resetAndDestroy(): this {
    this.wasReset = true;
    return this.destroy();
  }

  pause(): this {
    this.paused = true;
    return this;
  }

  resume(): this {
    if (!this.paused) return this;
    this.paused = false;
    queueMicrotask(() => this.#deliver());
    return this;
  }

  #deliver(): void {
    while (!this.paused && !this.destroyed && this.#coming.length > 0) {
      const text = this.#coming.shift();
      if (text !== undefined) this.emit("data", Buffer.from(text, "latin1"));
      else {
        this.readableEnded = true;
        this.emit("end");
        if (this.finished) this.destroy(); // both directions are over
      }
    }
  }

  #finish(): void {
    if (this.finished || this.destroyed || this.#waiting.length > 0) return;
    this.finished = true;
    this.#onFinish?.();
    this.emit("finish");
    if (this.readableEnded) this.destroy();
  }
}
