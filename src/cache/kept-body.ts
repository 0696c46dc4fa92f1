import { Buffer } from "node:buffer";
import type { ProxyError } from "../base/errors.ts";
import type { Fields } from "../http/fields.ts";
import type { BodySink, BodySource } from "../message/body.ts";
import { BytesSource } from "../message/body-bytes.ts";
import { isReleasable, releaseMemory } from "../net/release.ts";

const NOTHING: Uint8Array = new Uint8Array(0);

/** Who learns what becomes of a body that is on its way. */
export interface BodyOwner {
  /** It is all here. */
  onWhole(): void;
  /** It broke off, or the last one who wanted it has left. */
  onLost(): void;
}

/**
 * A body that is kept, or is on its way to be: everybody reads from the one piece of memory, each at their own pace, while
 * it comes in as fast as its server sends it.
 */
export class KeptBody implements BodySink {
  readonly length: number;
  readonly #bytes: Uint8Array;
  #filled: number;
  #readers: Set<Reader> | undefined;
  /** Where the rest comes from; undefined when all is here, or nothing more comes. */
  #source: BodySource | undefined;
  #owner: BodyOwner | undefined;
  /** Whether it comes in although nobody reads it. */
  readonly #unasked: boolean;
  #failure: ProxyError | undefined;

  private constructor(bytes: Uint8Array, filled: number, unasked: boolean) {
    this.#bytes = bytes;
    this.#filled = filled;
    this.length = bytes.length;
    this.#unasked = unasked;
  }

  /** One that is here. The bytes must not change any more. */
  static of(bytes: Uint8Array): KeptBody {
    return new KeptBody(bytes, bytes.length, true);
  }

  /** One of `length` bytes that `fill` will bring. Without readers it is given up, unless it is `unasked` for. */
  static expecting(length: number, unasked: boolean): KeptBody {
    return new KeptBody(length === 0 ? NOTHING : Buffer.allocUnsafeSlow(length), 0, unasked);
  }

  /** Whether nothing is missing. */
  get whole(): boolean {
    return this.#filled === this.length;
  }

  /** Takes it in from `source`. */
  fill(source: BodySource, owner: BodyOwner): void {
    this.#source = source;
    this.#owner = owner;
    this.#readers = new Set();
    source.start(this);
  }

  /** The bytes from `from` up to, without, `to`, for one reader. */
  read(from: number, to: number): BodySource {
    if (this.whole) return new BytesSource(this.#part(from, to));
    const reader = new Reader(this, from, to);
    this.#readers?.add(reader);
    return reader;
  }

  /** For a reader: what is here from `from` on, up to `to`. */
  take(from: number, to: number): Uint8Array {
    return from >= this.#filled ? NOTHING : this.#part(from, Math.min(to, this.#filled));
  }

  /** For a reader: why there will be no more. */
  get failure(): ProxyError | undefined {
    return this.#failure;
  }

  /** For a reader: it has all it wants. */
  done(reader: Reader): void {
    this.#readers?.delete(reader);
  }

  /** For a reader: it wants no more, because of `reason`. */
  leave(reader: Reader, reason: ProxyError): void {
    const readers = this.#readers;
    if (readers === undefined || !readers.delete(reader) || readers.size > 0 || this.#unasked) return;
    const source = this.#source;
    this.#end(reason);
    source?.cancel(reason);
  }

  write(chunk: Uint8Array): boolean {
    this.#bytes.set(chunk, this.#filled);
    this.#filled += chunk.length;
    return true;
  }

  flush(): boolean {
    this.#tell();
    return true;
  }

  release(chunk: Uint8Array): void {
    if (isReleasable(chunk)) releaseMemory(chunk); // it was copied
  }

  end(_trailers: Fields | undefined): void {
    const owner = this.#owner;
    this.#source = this.#owner = undefined;
    this.#tell();
    this.#readers = undefined;
    owner?.onWhole();
  }

  fail(error: ProxyError): void {
    this.#end(error);
  }

  #end(error: ProxyError): void {
    const owner = this.#owner;
    this.#source = this.#owner = undefined;
    this.#failure = error;
    owner?.onLost(); // first: nobody else is to begin with it
    this.#tell();
    this.#readers = undefined;
  }

  #tell(): void {
    for (const reader of this.#readers ?? []) reader.more();
  }

  #part(from: number, to: number): Uint8Array {
    return from === 0 && to === this.length ? this.#bytes : this.#bytes.subarray(from, to);
  }
}

/** One who reads a part of a body that is on its way. */
class Reader implements BodySource {
  readonly length: number;
  readonly #body: KeptBody;
  readonly #to: number;
  #at: number;
  #sink: BodySink | undefined;
  #blocked = false;

  constructor(body: KeptBody, from: number, to: number) {
    this.#body = body;
    this.#at = from;
    this.#to = to;
    this.length = to - from;
  }

  start(sink: BodySink): void {
    this.#sink = sink;
    this.more();
  }

  resume(): void {
    this.#blocked = false;
    this.more();
  }

  cancel(reason: ProxyError): void {
    this.#sink = undefined;
    this.#body.leave(this, reason);
  }

  /** There may be more. */
  more(): void {
    const sink = this.#sink;
    if (sink === undefined || this.#blocked) return;
    const bytes = this.#body.take(this.#at, this.#to);
    if (bytes.length > 0) {
      this.#at += bytes.length;
      this.#blocked = !sink.write(bytes);
      if (this.#sink === undefined) return; // it has had enough
    }
    const { failure } = this.#body;
    if (this.#at === this.#to) this.#over()?.end(undefined);
    else if (failure !== undefined) this.#over()?.fail(failure);
    else if (bytes.length > 0 && !sink.flush()) this.#blocked = true;
  }

  #over(): BodySink | undefined {
    const sink = this.#sink;
    this.#sink = undefined;
    this.#body.done(this);
    return sink;
  }
}
