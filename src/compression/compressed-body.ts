import type { Buffer } from "node:buffer";
import { type ProxyError, toProxyError } from "../base/errors.ts";
import type { Fields } from "../http/fields.ts";
import type { BodySink, BodySource } from "../message/body.ts";
import { KeptBytes } from "../message/kept-bytes.ts";
import { isReleasable, releaseMemory } from "../net/release.ts";
import type { Coding, Compressor } from "./coding.ts";

/** Bodies under way in this process that are compressed: each has a compressor, or opens one as soon as it goes on slowly. */
export const COMPRESSED_BODIES = { underWay: 0 };

/**
 * A body that is compressed as it goes by. What is short and here at once is compressed in one piece; for anything else a
 * compressor is opened, which is flushed whenever the source has nothing more for now, so that nothing is held back.
 *
 * Only one piece is on its way through the compressor at a time, and none where the sink takes no more.
 */
export class CompressedBody implements BodySource, BodySink {
  readonly length = undefined;
  readonly losesTrailers: boolean | undefined;
  readonly #source: BodySource;
  readonly #coding: Coding;
  /** Where it goes; undefined once it is over. */
  #sink: BodySink | undefined;
  /** What came so far, while there may be no more than can be compressed in one piece. */
  #kept = new KeptBytes();
  #compressor: Compressor | undefined;
  /** Pieces that are in the compressor. */
  #pending = 0;
  /** Chunks whose memory is given back as soon as the compressor has read them. */
  #released: Uint8Array[] = [];
  /** Whether something was written that no flush came after. */
  #unflushed = false;
  /** Whether a flush is to come as soon as the compressor has nothing to do. */
  #flushWanted = false;
  /** Whether what has come out of the compressor is to go on without waiting for more. */
  #flushedOut = false;
  #trailers: Fields | undefined;

  constructor(source: BodySource, coding: Coding) {
    this.#source = source;
    this.#coding = coding;
    this.losesTrailers = source.losesTrailers;
  }

  start(sink: BodySink): void {
    this.#sink = sink;
    // Counted from its head on: whoever counted compressors would let all in whose heads come before their bodies.
    COMPRESSED_BODIES.underWay++;
    this.#source.start(this);
  }

  resume(): void {
    if (this.#compressor !== undefined) this.#compressor.resume();
    else if (this.#sink !== undefined) this.#source.resume();
  }

  cancel(reason: ProxyError): void {
    this.#close();
    this.#source.cancel(reason);
  }

  write(chunk: Uint8Array): boolean {
    if (this.#sink === undefined) return true;
    if (this.#compressor === undefined) {
      if (this.#kept.size + chunk.length <= this.#coding.atOnceBytes) {
        this.#kept.add(chunk);
        return true;
      }
      this.#open();
    }
    return this.#push(chunk);
  }

  flush(): boolean {
    const sink = this.#sink;
    if (sink === undefined) return true;
    if (this.#compressor === undefined) {
      if (this.#kept.size === 0) return sink.flush(); // of the head
      this.#open();
    }
    if (this.#unflushed) {
      this.#flushWanted = true;
      if (this.#pending === 0) this.#flushNow();
    }
    return !this.#compressor!.writableNeedDrain;
  }

  release(chunk: Uint8Array): void {
    if (!isReleasable(chunk)) return;
    if (this.#pending === 0) releaseMemory(chunk);
    else if (this.#sink !== undefined) this.#released.push(chunk);
  }

  end(trailers: Fields | undefined): void {
    const sink = this.#sink;
    if (sink === undefined) return;
    if (this.#compressor !== undefined) {
      this.#trailers = trailers;
      return void this.#compressor.end();
    }
    let compressed;
    try {
      compressed = this.#coding.compress(this.#kept.bytes);
    } catch (error) {
      return this.fail(toProxyError(error));
    }
    this.#close();
    sink.write(compressed);
    sink.end(trailers);
  }

  fail(error: ProxyError): void {
    const sink = this.#sink;
    this.#close();
    sink?.fail(error);
  }

  /** Goes on by a compressor, with what came so far. */
  #open(): void {
    const compressor = this.#compressor = this.#coding.open();
    compressor.on("data", (piece: Buffer) => this.#takeOut(piece));
    compressor.on("drain", () => this.#sink !== undefined && this.#source.resume());
    compressor.on("end", () => this.#ended());
    compressor.on("error", (error: Error) => this.#broken(error));
    const { bytes } = this.#kept;
    this.#kept = new KeptBytes();
    if (bytes.length > 0) this.#push(bytes);
  }

  #push(piece: Uint8Array): boolean {
    this.#pending++;
    this.#unflushed = true;
    return this.#compressor!.write(piece, () => {
      // Of one that was destroyed nobody knows whether another thread still reads.
      if (--this.#pending > 0 || this.#sink === undefined) return;
      for (const chunk of this.#released) releaseMemory(chunk);
      this.#released = [];
      if (this.#flushWanted) this.#flushNow();
    });
  }

  #flushNow(): void {
    this.#flushWanted = this.#unflushed = false;
    const compressor = this.#compressor!;
    compressor.flush(this.#coding.flushKind, () => {
      if (this.#sink === undefined) return;
      this.#flushedOut = true;
      this.#passOn();
    });
  }

  #takeOut(piece: Buffer): void {
    if (this.#sink === undefined) return;
    if (!this.#sink.write(piece)) this.#compressor?.pause(); // which may be gone with the client
    this.#passOn();
  }

  /** What a flush has brought out goes on, once all of it is here. */
  #passOn(): void {
    const compressor = this.#compressor;
    if (compressor === undefined || !this.#flushedOut || compressor.readableLength > 0) return;
    this.#flushedOut = false;
    if (!this.#sink!.flush()) compressor.pause();
  }

  #ended(): void {
    const sink = this.#sink;
    this.#close();
    sink?.end(this.#trailers);
  }

  #broken(error: Error): void {
    const sink = this.#sink;
    if (sink === undefined) return; // it was destroyed while it worked
    const failure = toProxyError(error);
    this.cancel(failure);
    sink.fail(failure);
  }

  /** Nothing more goes out: frees the compressor. */
  #close(): void {
    if (this.#sink === undefined) return; // it never began, or is over already
    this.#sink = undefined;
    COMPRESSED_BODIES.underWay--;
    this.#kept = new KeptBytes();
    this.#compressor?.destroy();
    this.#compressor = undefined;
  }
}
