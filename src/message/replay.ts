import type { ProxyError } from "../base/errors.ts";
import type { Fields } from "../http/fields.ts";
import type { BodySink, BodySource } from "./body.ts";
import { KeptBytes } from "./kept-bytes.ts";

/** Bytes of a body that are kept to be sent again; a longer one goes out once. */
const MAX_KEPT_BYTES = 64 * 1024;

/**
 * A request body that can be started again, from its beginning, as long as no more of it went out than is kept. One
 * attempt at a time; between two attempts it waits.
 */
export class ReplayableBody implements BodySource, BodySink {
  readonly length: number | undefined;
  readonly losesTrailers: boolean | undefined;
  readonly #source: BodySource;
  /** What went out; undefined when it is not kept any more. */
  #kept: KeptBytes | undefined = new KeptBytes();
  #sink: BodySink | undefined;
  #started = false;
  #last = false;
  #ended: { trailers: Fields | undefined } | undefined;
  #failure: ProxyError | undefined;
  /** Why the last attempt did not want the rest. */
  #unwanted: ProxyError | undefined;

  constructor(source: BodySource) {
    this.#source = source;
    this.length = source.length;
    this.losesTrailers = source.losesTrailers;
  }

  /** Whether another attempt would get the whole body. */
  get replayable(): boolean {
    return this.#kept !== undefined && this.#failure === undefined;
  }

  /** Whether another attempt will surely get the whole body, how far this one may come. */
  get fits(): boolean {
    return this.replayable && this.length !== undefined && this.length <= MAX_KEPT_BYTES;
  }

  get complete(): boolean {
    return this.#ended !== undefined;
  }

  start(sink: BodySink): void {
    if (this.#failure !== undefined) return sink.fail(this.#failure); // it came between two attempts
    this.#sink = sink;
    this.#unwanted = undefined;
    if (this.#kept !== undefined && this.#kept.size > 0) sink.write(this.#kept.bytes);
    if (this.#sink !== sink) return;
    this.#limit();
    if (this.#ended !== undefined) return sink.end(this.#ended.trailers);
    sink.flush();
    if (this.#sink !== sink) return;
    if (this.#started) return this.#source.resume();
    this.#started = true;
    this.#source.start(this);
  }

  resume(): void {
    this.#source.resume();
  }

  /** The attempt does not want the rest. Another may, unless this was the last. */
  cancel(reason: ProxyError): void {
    this.#sink = undefined;
    if (this.#unwanted !== undefined) return;
    this.#unwanted = reason;
    if (this.#last) this.#source.cancel(reason);
  }

  /** There is no further attempt: nothing is kept any more, and a rest that nobody wants is cancelled. */
  commit(): void {
    if (this.#last) return;
    this.#last = true;
    this.#kept = undefined;
    if (this.#unwanted !== undefined) this.#source.cancel(this.#unwanted);
  }

  write(chunk: Uint8Array): boolean {
    this.#kept?.add(chunk);
    this.#limit();
    return this.#sink?.write(chunk) ?? false;
  }

  flush(): boolean {
    return this.#sink?.flush() ?? false;
  }

  release(chunk: Uint8Array): void {
    this.#sink?.release?.(chunk);
  }

  end(trailers: Fields | undefined): void {
    this.#ended = { trailers };
    this.#sink?.end(trailers);
  }

  fail(error: ProxyError): void {
    this.#failure = error;
    this.#sink?.fail(error);
  }

  /** Between two attempts the piece that was on its way is kept as well: the next one was decided on already. */
  #limit(): void {
    if (this.#sink !== undefined && (this.#kept?.size ?? 0) > MAX_KEPT_BYTES) this.#kept = undefined;
  }
}
