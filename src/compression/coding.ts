import {
  brotliCompressSync,
  constants,
  createBrotliCompress,
  createGzip,
  createZstdCompress,
  gzipSync,
  zstdCompressSync,
} from "node:zlib";
import type { Transform } from "node:stream";
import type { CodingName, CompressConfig } from "../config/sections/compress.ts";

/** A compressor that is open: what is written to it comes out of it smaller. */
export interface Compressor extends Transform {
  flush(kind: number, done: () => void): void;
}

/** A content coding at one level. */
export interface Coding {
  readonly name: CodingName;
  /** Up to so many bytes are compressed at once, on this thread: it takes less than the way to another one and back. */
  readonly atOnceBytes: number;
  /** The flush that brings out all that was written. */
  readonly flushKind: number;
  /** All of a body. */
  compress(bytes: Uint8Array): Uint8Array;
  /** For a body that comes in pieces. Whoever opens it destroys it. */
  open(): Compressor;
}

/** What takes 0.1 to 0.3 ms at the usual levels. */
const AT_ONCE_BYTES = 32 * 1024;
/** From these levels on it takes long enough to hold others up. */
const SLOW_BR = 7, SLOW_ZSTD = 10;

/**
 * The window of a stream, as a power of two. Those that come with the levels take up to 5 MiB for each answer under way; with
 * 128 KiB it is 1 to 2.5, in less time, and pages repeat themselves within that.
 */
const WINDOW_BITS = 17;

/** The codings that `config` asks for, in its order. */
export function codingsOf(
  { algorithms, levels }: Pick<CompressConfig, "algorithms" | "levels">,
): readonly Coding[] {
  return algorithms.map((name) => MAKERS[name](levels[name]));
}

const MAKERS: { readonly [Name in CodingName]: (level: number) => Coding } = { gzip, br, zstd };

function gzip(level: number): Coding {
  const options = { level };
  return {
    name: "gzip",
    atOnceBytes: AT_ONCE_BYTES,
    flushKind: constants.Z_SYNC_FLUSH,
    compress: (bytes) => gzipSync(bytes, options),
    open: () => createGzip(options),
  };
}

function br(level: number): Coding {
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: level,
    [constants.BROTLI_PARAM_LGWIN]: WINDOW_BITS,
  };
  return {
    name: "br",
    atOnceBytes: level < SLOW_BR ? AT_ONCE_BYTES : 0,
    flushKind: constants.BROTLI_OPERATION_FLUSH,
    compress: (bytes) => brotliCompressSync(bytes, { params }),
    open: () => createBrotliCompress({ params }),
  };
}

function zstd(level: number): Coding {
  const params = {
    [constants.ZSTD_c_compressionLevel]: level,
    [constants.ZSTD_c_windowLog]: WINDOW_BITS,
  };
  return {
    name: "zstd",
    atOnceBytes: level < SLOW_ZSTD ? AT_ONCE_BYTES : 0,
    flushKind: constants.ZSTD_e_flush,
    compress: (bytes) => zstdCompressSync(bytes, { params }),
    open: () => createZstdCompress({ params }),
  };
}
