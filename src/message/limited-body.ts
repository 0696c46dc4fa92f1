import type { ProxyError } from "../base/errors.ts";
import type { Fields } from "../http/fields.ts";
import type { BodySink, BodySource } from "./body.ts";

/** A body that breaks off, for the reason that `tooLarge` makes, with the first byte beyond `limit`. */
export class LimitedBody implements BodySource, BodySink {
  readonly length: number | undefined;
  readonly losesTrailers: boolean | undefined;
  readonly #source: BodySource;
  readonly #tooLarge: () => ProxyError;
  #left: number;
  /** Where it goes; undefined once it is over. */
  #sink: BodySink | undefined;

  constructor(source: BodySource, limit: number, tooLarge: () => ProxyError) {
    this.#source = source;
    this.length = source.length;
    this.losesTrailers = source.losesTrailers;
    this.#left = limit;
    this.#tooLarge = tooLarge;
  }

  start(sink: BodySink): void {
    this.#sink = sink;
    this.#source.start(this);
  }

  resume(): void {
    this.#source.resume();
  }

  cancel(reason: ProxyError): void {
    this.#sink = undefined;
    this.#source.cancel(reason);
  }

  write(chunk: Uint8Array): boolean {
    const sink = this.#sink;
    if (sink === undefined) return true;
    this.#left -= chunk.length;
    if (this.#left >= 0) return sink.write(chunk);
    this.#sink = undefined;
    const error = this.#tooLarge();
    this.#source.cancel(error);
    sink.fail(error);
    return true;
  }

  flush(): boolean {
    return this.#sink?.flush() ?? true;
  }

  release(chunk: Uint8Array): void {
    this.#sink?.release?.(chunk);
  }

  end(trailers: Fields | undefined): void {
    this.#sink?.end(trailers);
  }

  fail(error: ProxyError): void {
    this.#sink?.fail(error);
  }
}
