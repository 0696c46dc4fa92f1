import { Buffer } from "node:buffer";
import { createReadStream } from "node:fs";
import process from "node:process";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";

/** Read at a time. */
const PIECE_BYTES = 1024 * 1024;
/** A line that is longer is left out. */
const MAX_LINE_BYTES = 1024 * 1024;

const LF = 0x0a;
const GZIP = [0x1f, 0x8b];

/**
 * The lines of the file at `path`, or of standard input where it is `-`, many at a time; what is packed by gzip is unpacked.
 * A line that is too long comes as undefined.
 * @throws the error of reading.
 */
export async function* readLines(path: string): AsyncGenerator<readonly (string | undefined)[]> {
  const source = path === "-" ? process.stdin : createReadStream(path, { highWaterMark: PIECE_BYTES });
  let rest: Uint8Array = Buffer.alloc(0);
  /** Whether the front of this line was dropped. */
  let tooLong = false;
  for await (const piece of unpacked(source)) {
    const end = piece.lastIndexOf(LF);
    if (end === -1) {
      if (rest.length + piece.length > MAX_LINE_BYTES) [rest, tooLong] = [Buffer.alloc(0), true];
      else rest = Buffer.concat([rest, piece]);
      continue;
    }
    const whole = rest.length === 0 ? piece.subarray(0, end) : Buffer.concat([rest, piece.subarray(0, end)]);
    const lines: (string | undefined)[] = whole.toString("utf8").split("\n");
    if (tooLong) lines[0] = undefined;
    tooLong = false;
    rest = Buffer.from(piece.subarray(end + 1));
    yield lines;
  }
  if (tooLong) yield [undefined];
  else if (rest.length > 0) yield [Buffer.from(rest).toString("utf8")];
}

async function* unpacked(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const pieces = source[Symbol.asyncIterator]();
  const first = await pieces.next();
  if (first.done === true) return;
  const all = (async function* () {
    yield first.value;
    yield* { [Symbol.asyncIterator]: () => pieces };
  })();
  const isPacked = GZIP.every((byte, i) => first.value[i] === byte);
  if (!isPacked) {
    yield* all;
    return;
  }
  const packed = Readable.from(all);
  const gunzip = createGunzip({ chunkSize: PIECE_BYTES });
  packed.on("error", (error) => gunzip.destroy(error));
  yield* packed.pipe(gunzip) as AsyncIterable<Buffer>;
}
