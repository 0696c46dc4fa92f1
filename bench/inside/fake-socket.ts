import { EventEmitter } from "node:events";

/** What is written to a fake socket, as it came. */
export type Written = Uint8Array | string;

/**
 * A socket without a kernel behind it: what is written to it goes to `onWrite` at once, and `emit("data", bytes)` is what
 * it receives. It has what a proxy asks of a socket of node:net, and no more.
 */
export class FakeSocket extends EventEmitter {
  readonly remoteAddress = "127.0.0.1";
  readonly remotePort = 4321;
  readonly remoteFamily = "IPv4";
  readonly localAddress = "127.0.0.1";
  readonly localPort = 1;
  readonly connecting = false;
  readonly writableLength = 0;
  readonly writableNeedDrain = false;
  writable = true;
  readable = true;
  destroyed = false;
  readonly #onWrite: (socket: FakeSocket, bytes: Written) => void;

  constructor(onWrite: (socket: FakeSocket, bytes: Written) => void) {
    super();
    this.#onWrite = onWrite;
  }

  write(bytes: Written, ...rest: unknown[]): boolean {
    const done = rest.at(-1);
    this._write(bytes, undefined, typeof done === "function" ? done as () => void : ignore);
    return true;
  }

  /** As of a stream: a proxy may put its own in front of it. */
  _write(bytes: Written, _encoding: unknown, done: () => void): void {
    this.#onWrite(this, bytes);
    done();
  }

  end(bytes?: Written): this {
    if (bytes !== undefined) this.write(bytes);
    this.writable = false;
    return this;
  }

  destroy(): this {
    if (this.destroyed) return this;
    this.destroyed = true;
    this.writable = false;
    this.emit("close");
    return this;
  }

  resetAndDestroy(): this {
    return this.destroy();
  }

  pause(): this {
    return this;
  }

  resume(): this {
    return this;
  }

  cork(): void {}

  uncork(): void {}

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  setTimeout(): this {
    return this;
  }
}

function ignore(): void {}
