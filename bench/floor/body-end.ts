import { Buffer } from "node:buffer";
import type { HeadMarks } from "./head-marks.ts";

const CONTENT_LENGTH = Buffer.from("content-length");
const TRANSFER_ENCODING = Buffer.from("transfer-encoding");
/** `0\r\n\r\n`: how a body in chunks ends that has no trailers. */
const LAST_CHUNK = Buffer.from("0\r\n\r\n");
const TAIL = LAST_CHUNK.reduce((tail, byte) => withByte(tail, byte), 0);
const ZERO = 48;
const SPACE = 32;

/** Knows when a body is over, by its length or by its last chunk; it takes the word of the origin of the bench for both. */
export class BodyEnd {
  #left = 0;
  #chunked = false;
  #tail = 0;

  /** Whether the next byte begins another head. */
  get ended(): boolean {
    return !this.#chunked && this.#left === 0;
  }

  /** Takes what stands behind the head that `marks` has read of `bytes`. */
  begin(marks: HeadMarks, bytes: Uint8Array, mayBeChunked: boolean): void {
    const length = marks.find(bytes, CONTENT_LENGTH);
    if (length !== -1) this.#left = readNumber(bytes, length);
    else this.#chunked = mayBeChunked && marks.find(bytes, TRANSFER_ENCODING) !== -1;
    this.#tail = 0;
    this.take(bytes, marks.end);
  }

  /** Takes all of `bytes` from `from` on. */
  take(bytes: Uint8Array, from: number): void {
    if (!this.#chunked) return void (this.#left -= bytes.length - from);
    for (let i = Math.max(from, bytes.length - LAST_CHUNK.length); i < bytes.length; i++) {
      this.#tail = withByte(this.#tail, bytes[i]!);
    }
    if (this.#tail === TAIL) this.#chunked = false;
  }
}

/** The last five bytes as one number. */
function withByte(tail: number, byte: number): number {
  return (tail % 2 ** 32) * 256 + byte;
}

function readNumber(bytes: Uint8Array, i: number): number {
  while (bytes[i] === SPACE) i++;
  let number = 0;
  for (; bytes[i]! >= ZERO && bytes[i]! <= ZERO + 9; i++) number = number * 10 + bytes[i]! - ZERO;
  return number;
}
