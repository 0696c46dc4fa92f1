import { Buffer } from "node:buffer";
import { ProxyError, type ProxyErrorKind } from "../base/errors.ts";
import type { Fields } from "../http/fields.ts";
import { type Framing, NO_BODY } from "../http/framing.ts";
import { nominatedNames } from "../http/hop-by-hop.ts";
import { BodyReader, type PieceSink } from "./body-reader.ts";
import { HeadReader, type HeadRules } from "./head-reader.ts";
import type { CodecLimits } from "../http/head-limits.ts";

/** Waiting pieces are joined up to this size. */
const JOINED_BYTES = 4 * 1024;

const NOTHING = Buffer.alloc(0);
/** Serves every message without a body: it is done, so it never changes. */
const EMPTY_BODY = new BodyReader(NO_BODY, "bad_request", { headerSize: 0, headerCount: 0, targetSize: 0 });

/**
 * What `Decoder.next` found: `more` bytes are needed; a `head`; a piece of body `data`; the `end` of a message.
 * After `end` the next call reads the next message.
 */
export type Step = "more" | "head" | "data" | "end";

/**
 * Turns bytes in any pieces into the parts of HTTP/1.1 messages. Pull, not push: whoever owns the connection
 * decides when the next part is read, which is what back-pressure and pipelining need. Pure: no socket, no clock.
 */
export abstract class Decoder<Head> {
  /** Whether chunks that were read to their end are kept for `takeConsumed`, whose caller then takes them all. */
  collectsConsumed = false;
  protected readonly limits: CodecLimits;
  protected readonly blame: ProxyErrorKind;
  readonly #headReader: HeadReader;
  #chunk: Buffer = NOTHING;
  #at = 0;
  /** What was given while bytes of the chunk were unread. */
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #consumed: Buffer[] = [];
  /** Whether the chunk holds more than what is read now: another message before it, or a head that stands there. */
  #shared = false;
  /** Why nothing more can be read: after bytes that were refused, it is unknown where a message begins. */
  #failure: Error | undefined;
  #head: Head | undefined;
  #body: BodyReader | undefined;
  /** Reads every body that is not empty, once there was one. */
  #bodyReader: BodyReader | undefined;
  #trailers: Fields | undefined;
  /** Names that `Connection` of the head gave to this connection alone; they count for the trailers as well. */
  #nominated: ReadonlySet<string> | undefined;

  constructor(rules: HeadRules) {
    this.limits = rules.limits;
    this.blame = rules.blame;
    this.#headReader = new HeadReader(rules);
  }

  /** Reads a complete head: the start line in the bytes of `reader`, and its fields. */
  protected abstract parse(reader: HeadReader, fields: Fields): Head;
  protected abstract framing(head: Head): Framing;
  /** Bytes to pass over before a head. */
  protected skip(_chunk: Buffer, at: number): number {
    return at;
  }

  /** Gives bytes; they are kept, not copied, until read. */
  push(chunk: Buffer): void {
    if (this.#at < this.#chunk.length || this.#waitingBytes > 0) {
      const last = this.#waiting.at(-1);
      // A piece costs memory beside its bytes, so a sender of single bytes gets them joined.
      if (last !== undefined && last.length + chunk.length <= JOINED_BYTES) {
        this.#waiting[this.#waiting.length - 1] = Buffer.concat([last, chunk]);
      } else this.#waiting.push(chunk);
      this.#waitingBytes += chunk.length;
      return;
    }
    this.#use(chunk);
  }

  /**
   * Reads the next part.
   * @throws {ProxyError} when the bytes break the protocol, and every time from then on.
   */
  next(): Step {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      for (;;) {
        const step = this.#body === undefined ? this.#readHead() : this.#readBody(this.#body);
        if (step !== "more" || !this.#refill()) return step;
      }
    } catch (error) {
      this.#failure = error as Error;
      throw error;
    }
  }

  /** The head of the current message. */
  get head(): Head {
    return this.#head!;
  }

  /** The piece of the body that `next` found. */
  get data(): Buffer {
    return this.#body!.data!;
  }

  /** Its length. */
  get dataLength(): number {
    return this.#body!.dataLength;
  }

  /** Gives it to `sink`, and answers what its `write` does. */
  deliver(sink: PieceSink): boolean {
    return this.#body!.deliver(sink);
  }

  /** Trailer fields of the message that `next` ended, if it had any. */
  get trailers(): Fields | undefined {
    return this.#trailers;
  }

  /** Whether some bytes of a message head were read, but not all. */
  get insideHead(): boolean {
    return this.#headReader.begun;
  }

  /** Whether all of the current body, of which nothing was read yet, has come. */
  get holdsBody(): boolean {
    const body = new BodyReader(this.framing(this.head), this.blame, this.limits);
    try {
      for (const chunk of [this.#chunk.subarray(this.#at), ...this.#waiting]) {
        for (let at = 0; at < chunk.length && !body.done;) at = body.read(chunk, at);
      }
      return body.done;
    } catch {
      return false; // whoever reads it meets the fault
    }
  }

  /** Number of bytes given but not read. */
  get unread(): number {
    return this.#chunk.length - this.#at + this.#waitingBytes;
  }

  /**
   * Takes a chunk that was read to its end; undefined where there is none left. Never given is a chunk with the end of
   * one message and the start of another, as what was read first may still be on its way elsewhere, nor one that a head
   * stands in, which lives as long as its fields.
   */
  takeConsumed(): Buffer | undefined {
    const before = this.#consumed.pop();
    if (before !== undefined) return before;
    if (this.#at < this.#chunk.length || this.#chunk.length === 0) return undefined;
    const consumed = this.#shared ? undefined : this.#chunk;
    this.#use(NOTHING);
    return consumed;
  }

  /** Takes the bytes that were given but not read, to hand the connection over to another protocol. */
  takeRest(): Buffer {
    // A copy: the chunk may hold the end of another message, and its memory is not the taker's to free.
    const all = Buffer.concat([this.#chunk.subarray(this.#at), ...this.#waiting]);
    this.#use(NOTHING);
    this.#waiting = [];
    this.#waitingBytes = 0;
    return all;
  }

  /**
   * Tells the decoder that the connection has ended. Returns true when that is the end of the current body.
   * @throws {ProxyError} when a message is cut short by it.
   */
  finish(cut: ProxyErrorKind): boolean {
    if (this.#body?.endsWithConnection === true) {
      this.#body = undefined;
      this.#trailers = undefined;
      return true;
    }
    if (this.#body !== undefined || this.#headReader.begun) {
      throw new ProxyError(cut, "The connection ended in the middle of a message");
    }
    return false;
  }

  #use(chunk: Buffer): void {
    this.#chunk = chunk;
    this.#at = 0;
    this.#shared = false;
  }

  /** Takes the next waiting chunk in place of the one that was used up; false where there is none. */
  #refill(): boolean {
    const next = this.#waiting.shift();
    if (next === undefined) return false;
    if (this.collectsConsumed && !this.#shared) this.#consumed.push(this.#chunk);
    this.#use(next);
    this.#waitingBytes -= next.length;
    return true;
  }

  #readBody(body: BodyReader): Step {
    if (!body.done) {
      this.#at = body.read(this.#chunk, this.#at);
      if (body.hasData) return "data";
    }
    if (!body.done) return "more";
    this.#body = undefined;
    this.#trailers = body.trailers;
    if (body.trailers !== undefined && this.#nominated !== undefined) {
      const nominated = this.#nominated;
      body.trailers.removeWhere((kind) => nominated.has(kind.lower));
    }
    return "end";
  }

  #readHead(): Step {
    if (!this.#headReader.begun) this.#at = this.skip(this.#chunk, this.#at);
    if (this.#at >= this.#chunk.length) return "more";
    if (this.#at > 0) this.#shared = true;
    const end = this.#headReader.push(this.#chunk, this.#at);
    if (end === -1) {
      this.#at = this.#chunk.length;
      return "more";
    }
    this.#at = end;
    if (this.#headReader.inChunk) this.#shared = true;
    const fields = this.#headReader.fields();
    const head = this.parse(this.#headReader, fields);
    this.#headReader.reset();
    this.#head = head;
    this.#trailers = undefined;
    const framing = this.framing(head);
    this.#nominated = framing.kind === "chunked" ? nominatedNames(fields.connection) : undefined;
    this.#body = framing === NO_BODY ? EMPTY_BODY : this.#readerOf(framing);
    return "head";
  }

  #readerOf(framing: Framing): BodyReader {
    if (this.#bodyReader === undefined) {
      return this.#bodyReader = new BodyReader(framing, this.blame, this.limits);
    }
    this.#bodyReader.begin(framing);
    return this.#bodyReader;
  }
}
