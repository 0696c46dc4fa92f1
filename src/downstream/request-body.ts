import type { ProxyError } from "../base/errors.ts";
import type { Fields } from "../http/fields.ts";
import type { RequestDecoder } from "../http1/request-decoder.ts";
import type { Framing } from "../http/framing.ts";
import type { BodySink, BodySource } from "../message/body.ts";

/** What a request body asks of the connection that reads it. */
export interface RequestReader {
  /** Reads on and delivers. */
  readBody(): void;
}

/** The body of a request, read by its connection when and as fast as somebody takes it. */
export class RequestBody implements BodySource {
  readonly length: number | undefined;
  /** Whether all of it was read. */
  complete = false;
  #reader: RequestReader | undefined;
  #sink: BodySink | undefined;
  #failure: ProxyError | undefined;
  #full = false;

  constructor(framing: Framing, reader: RequestReader) {
    this.length = framing.kind === "length" ? framing.length : undefined;
    this.#reader = reader;
  }

  /** Whether somebody takes the body and has room. */
  get flowing(): boolean {
    return this.#sink !== undefined && !this.#full && !this.complete;
  }

  start(sink: BodySink): void {
    this.#sink = sink;
    if (this.#failure !== undefined) sink.fail(this.#failure);
    else this.#reader?.readBody();
  }

  resume(): void {
    if (!this.#full) return;
    this.#full = false;
    this.#reader?.readBody();
  }

  /** The rest is not wanted. The connection closes after the answer, unless all was read already. */
  cancel(_reason: ProxyError): void {
    this.#sink = undefined;
  }

  /** For the connection: passes on the piece that `decoder` has found. */
  deliver(decoder: RequestDecoder): void {
    if (!decoder.deliver(this.#sink!)) this.#full = true;
  }

  /** For the connection: nothing more for now. */
  flush(): void {
    if (this.#sink !== undefined && !this.complete && !this.#sink.flush()) this.#full = true;
  }

  /** For the connection: all of `chunk` was delivered or read. */
  release(chunk: Uint8Array): void {
    this.#sink?.release?.(chunk);
  }

  /** For the connection: the body is complete. */
  end(trailers: Fields | undefined): void {
    this.complete = true;
    this.#sink?.end(trailers);
  }

  /** For the connection: the body broke off. False where nobody takes it, so that nobody was told. */
  fail(error: ProxyError): boolean {
    if (this.complete || this.#failure !== undefined) return false;
    this.#failure = error;
    this.#reader = undefined;
    const sink = this.#sink;
    this.#sink = undefined;
    sink?.fail(error);
    return sink !== undefined;
  }

  /** For the connection: the exchange is over; whoever holds the body cannot read on. */
  abandon(): void {
    this.#reader = undefined;
    this.#sink = undefined;
  }
}
