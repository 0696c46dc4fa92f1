import type { Buffer } from "node:buffer";
import { ProxyError, type ProxyErrorKind } from "../base/errors.ts";
import type { Fields } from "../http/fields.ts";
import type { Framing } from "../http/framing.ts";
import { ChunkLineReader } from "./chunk-line.ts";
import { HeadReader } from "./head-reader.ts";
import type { CodecLimits } from "../http/head-limits.ts";

const CR = 0x0d, LF = 0x0a;

const LENGTH = 0, CLOSE = 1, CHUNK_LINE = 2, CHUNK_DATA = 3, DATA_CR = 4, DATA_LF = 5, TRAILERS = 6, DONE = 7;

/** Where the pieces of a body go. */
export interface PieceSink {
  /** Takes a piece and may hold it back. False asks the source to stop until it is told to go on. */
  write(piece: Uint8Array): boolean;
  /** The same of the bytes of `chunk` between `from` and `to`, where a view of them is not needed. */
  writePart?(chunk: Uint8Array, from: number, to: number): boolean;
}

/** Takes the framing off message bodies, one after another (RFC 9112 §6 and §7) without copying the data. */
export class BodyReader {
  /** What the last `read` found a piece of the body in, if it found one. */
  #found: Buffer | undefined;
  /** Where the piece begins and ends in it. */
  #from = 0;
  #to = 0;
  /** Trailer fields, once the body is done and if there were any. */
  trailers: Fields | undefined;
  readonly #blame: ProxyErrorKind;
  readonly #limits: CodecLimits;
  #state: number = DONE;
  /** Bytes left of the body or of the chunk. */
  #left = 0;
  #chunkLine: ChunkLineReader | undefined;
  #trailerReader: HeadReader | undefined;

  constructor(framing: Framing, blame: ProxyErrorKind, limits: CodecLimits) {
    this.#blame = blame;
    this.#limits = limits;
    this.begin(framing);
  }

  /** Makes ready for the body of the next message. */
  begin(framing: Framing): void {
    this.#found = undefined;
    this.trailers = undefined;
    this.#trailerReader = undefined;
    this.#left = framing.kind === "length" ? framing.length : 0;
    if (framing.kind === "chunked") {
      this.#state = CHUNK_LINE;
      this.#chunkLine = new ChunkLineReader(this.#blame);
    } else if (framing.kind === "close") this.#state = CLOSE;
    else this.#state = this.#left === 0 ? DONE : LENGTH;
  }

  /** Whether the last `read` found a piece of the body. */
  get hasData(): boolean {
    return this.#found !== undefined;
  }

  /** That piece; undefined where there is none. */
  get data(): Buffer | undefined {
    const found = this.#found;
    if (found === undefined) return undefined;
    return this.#from === 0 && this.#to === found.length ? found : found.subarray(this.#from, this.#to);
  }

  /** Its length. */
  get dataLength(): number {
    return this.#to - this.#from;
  }

  /** Gives that piece to `sink`, and answers what its `write` does. */
  deliver(sink: PieceSink): boolean {
    return sink.writePart === undefined
      ? sink.write(this.data!)
      : sink.writePart(this.#found!, this.#from, this.#to);
  }

  /** Whether the whole body, trailers included, has been read. */
  get done(): boolean {
    return this.#state === DONE;
  }

  /** Whether the end of the connection ends this body as well. */
  get endsWithConnection(): boolean {
    return this.#state === CLOSE;
  }

  /**
   * Reads on in `chunk` from `from` until a piece of data was found (then it `hasData`), the body is done, or
   * `chunk` is used up. Returns the index after what it took.
   * @throws {ProxyError} of the given kind when the framing is broken.
   */
  read(chunk: Buffer, from: number): number {
    this.#found = undefined;
    let at = from;
    while (at < chunk.length && this.#state !== DONE) {
      switch (this.#state) {
        case LENGTH:
        case CHUNK_DATA:
          return this.#takeData(chunk, at);
        case CLOSE:
          return this.#find(chunk, at, chunk.length);
        case CHUNK_LINE: {
          at = this.#chunkLine!.push(chunk, at);
          if (!this.#chunkLine!.complete) return at;
          this.#left = this.#chunkLine!.size;
          this.#chunkLine!.reset();
          this.#state = this.#left > 0 ? CHUNK_DATA : TRAILERS;
          break;
        }
        case DATA_CR:
          if (chunk[at++] !== CR) throw new ProxyError(this.#blame, "Chunk data does not end with CRLF");
          this.#state = DATA_LF;
          break;
        case DATA_LF:
          if (chunk[at++] !== LF) throw new ProxyError(this.#blame, "Chunk data does not end with CRLF");
          this.#state = CHUNK_LINE;
          break;
        default:
          at = this.#readTrailers(chunk, at);
      }
    }
    return at;
  }

  #takeData(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.#left);
    this.#left -= end - at;
    if (this.#left === 0) this.#state = this.#state === CHUNK_DATA ? DATA_CR : DONE;
    return this.#find(chunk, at, end);
  }

  #find(chunk: Buffer, from: number, to: number): number {
    this.#found = chunk;
    this.#from = from;
    this.#to = to;
    return to;
  }

  #readTrailers(chunk: Buffer, at: number): number {
    // The common end, an empty line in one piece, needs no reader.
    if (this.#trailerReader === undefined && chunk[at] === CR && chunk[at + 1] === LF) {
      this.#state = DONE;
      return at + 2;
    }
    this.#trailerReader ??= new HeadReader({
      limits: this.#limits,
      blame: this.#blame,
      tooLarge: this.#blame === "bad_request" ? "headers_too_large" : "answer_head_too_large",
      startLineTooLong: this.#blame,
      hasStartLine: false,
    });
    const end = this.#trailerReader.push(chunk, at);
    if (end === -1) return chunk.length;
    const trailers = this.#trailerReader.fields();
    if (trailers.size > 0) this.trailers = trailers;
    this.#state = DONE;
    return end;
  }
}
