import { ProxyError, toProxyError } from "../base/errors.ts";
import type { Fields } from "../http/fields.ts";
import type { BodySink, BodySource } from "./body.ts";

/**
 * `source` as a ReadableStream of bytes, started when the first piece is asked for, which `onStart` is told before.
 * Trailers are lost on this way.
 */
export function toStream(source: BodySource, onStart?: () => void): ReadableStream<Uint8Array<ArrayBuffer>> {
  let sink: StreamSink | undefined;
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      if (sink !== undefined) {
        sink.wanted = true;
        return source.resume();
      }
      onStart?.();
      sink = new StreamSink(controller);
      source.start(sink);
    },
    cancel(reason) {
      sink?.close();
      source.cancel(new ProxyError("client_closed", "The reader of the body gave up", { cause: reason }));
    },
  }, { highWaterMark: 0 });
  OF_SOURCES.add(stream);
  return stream;
}

/** Streams that `toStream` has made. */
const OF_SOURCES = new WeakSet<ReadableStream>();

/** Whether `stream` brings what a source brought, byte for byte, rather than what somebody made of that. */
export function isOfSource(stream: ReadableStream): boolean {
  return OF_SOURCES.has(stream);
}

/** Feeds a stream's controller. The source rests after each piece until the stream pulls again. */
class StreamSink implements BodySink {
  /** Whether the stream has pulled and got nothing yet. It pulls once for a piece, however long that takes. */
  wanted = true;
  readonly #controller: ReadableStreamDefaultController<Uint8Array>;
  #closed = false;

  constructor(controller: ReadableStreamDefaultController<Uint8Array>) {
    this.#controller = controller;
  }

  write(chunk: Uint8Array): boolean {
    if (this.#closed) return true;
    // A stream's reader may keep or transfer the piece, so it gets bytes of its own.
    this.wanted = false; // before enqueue, which may pull at once
    this.#controller.enqueue(new Uint8Array(chunk));
    return this.wanted;
  }

  flush(): boolean {
    return this.wanted;
  }

  end(_trailers: Fields | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#controller.close();
  }

  fail(error: ProxyError): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#controller.error(error);
  }

  close(): void {
    this.#closed = true;
  }
}

/** A ReadableStream as a source: the body of a Request or Response that the engine did not make. */
export class StreamSource implements BodySource {
  readonly length: number | undefined;
  readonly losesTrailers = true;
  readonly #stream: ReadableStream<Uint8Array>;
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #resume: (() => void) | undefined;
  #cancelled = false;

  constructor(stream: ReadableStream<Uint8Array>, length: number | undefined) {
    this.#stream = stream;
    this.length = length;
  }

  start(sink: BodySink): void {
    void this.#pump(sink);
  }

  resume(): void {
    const resume = this.#resume;
    this.#resume = undefined;
    resume?.();
  }

  cancel(reason: ProxyError): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    this.resume();
    // Cancelling a stream that already failed rejects; there is nobody left to tell.
    (this.#reader ?? this.#stream).cancel(reason).catch(() => {});
  }

  async #pump(sink: BodySink): Promise<void> {
    let left = this.length ?? Infinity;
    try {
      const reader = this.#stream.getReader();
      this.#reader = reader;
      while (!this.#cancelled) {
        const { done, value } = await reader.read();
        if (this.#cancelled) return;
        if (done) break;
        if (!(value instanceof Uint8Array)) throw new TypeError("A body stream may only hold bytes");
        left -= value.length;
        if (left < 0) throw new ProxyError("internal_error", "The body is longer than its Content-Length");
        sink.write(value);
        if (!sink.flush()) await new Promise<void>((resolve) => (this.#resume = resolve));
      }
      if (this.#cancelled) return;
      if (left > 0 && left !== Infinity) {
        throw new ProxyError("internal_error", "The body is shorter than its Content-Length");
      }
      sink.end(undefined);
    } catch (error) {
      if (this.#cancelled) return;
      this.#cancelled = true;
      this.#reader?.cancel(error).catch(() => {});
      sink.fail(toProxyError(error));
    }
  }
}
