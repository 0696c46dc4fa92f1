import type { ProxyError } from "../base/errors.ts";
import type { Fields } from "../http/fields.ts";
import type { BodySink, BodySource } from "./body.ts";
import { KeptBytes } from "./kept-bytes.ts";

/** Who gets a copy of a body. Exactly one of the two is called, once. */
export interface TapListener {
  /** The body is complete, and this is all of it. */
  onWhole(bytes: Uint8Array): void;
  /** There is no copy: the body broke off, nobody wanted the rest, or it is too long. */
  onLost(): void;
  /** Whether the copy may have `bytes`, as it is about to; without this as many as the limit allows. */
  takes?(bytes: number): boolean;
}

/** A body that is copied as it goes by, up to a limit. Whoever takes it notices nothing. */
export class TappedBody implements BodySource, BodySink {
  readonly length: number | undefined;
  readonly losesTrailers: boolean | undefined;
  readonly #source: BodySource;
  readonly #limit: number;
  #listener: TapListener | undefined;
  #copy = new KeptBytes();
  #sink: BodySink | undefined;

  constructor(source: BodySource, limit: number, listener: TapListener) {
    this.#source = source;
    this.length = source.length;
    this.losesTrailers = source.losesTrailers;
    this.#limit = limit;
    this.#listener = listener;
  }

  start(sink: BodySink): void {
    this.#sink = sink;
    this.#source.start(this);
  }

  resume(): void {
    this.#source.resume();
  }

  cancel(reason: ProxyError): void {
    this.#lose();
    this.#source.cancel(reason);
  }

  write(chunk: Uint8Array): boolean {
    if (this.#listener !== undefined) {
      const size = this.#copy.size + chunk.length;
      if (size > this.#limit || this.#listener.takes?.(size) === false) this.#lose();
      else this.#copy.add(chunk);
    }
    return this.#sink!.write(chunk);
  }

  flush(): boolean {
    return this.#sink!.flush();
  }

  release(chunk: Uint8Array): void {
    this.#sink!.release?.(chunk);
  }

  end(trailers: Fields | undefined): void {
    const listener = this.#listener;
    this.#listener = undefined;
    this.#sink!.end(trailers);
    listener?.onWhole(this.#copy.bytes);
    this.#copy = new KeptBytes();
  }

  fail(error: ProxyError): void {
    this.#lose();
    this.#sink!.fail(error);
  }

  #lose(): void {
    const listener = this.#listener;
    this.#listener = undefined;
    this.#copy = new KeptBytes();
    listener?.onLost();
  }
}
