/**
 * What one HTTP/1.1 message may take before it is refused, all in bytes but `headerCount`. The defaults stand in
 * `config/sections/limits.ts`.
 */
export interface CodecLimits {
  /** Start line and header fields together; also the trailer fields of one message. */
  readonly headerSize: number;
  /** Header fields of one message. */
  readonly headerCount: number;
  /** The request target. */
  readonly targetSize: number;
}

/** One chunk-size line with its extensions. */
export const MAX_CHUNK_LINE_BYTES = 1024;
/** All chunk extensions of one message: a sender of one-byte chunks with extensions pays for them only so long. */
export const MAX_CHUNK_EXTENSION_BYTES = 16 * 1024;
