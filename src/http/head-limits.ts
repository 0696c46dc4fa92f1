/** What one HTTP/1.1 message may take before it is refused, all in bytes but `headerCount`. */
export interface CodecLimits {
  /** Start line and header fields together; also the trailer fields of one message. Default 32 KiB. */
  readonly headerSize: number;
  /** Header fields of one message. Default 100. */
  readonly headerCount: number;
  /** The request target. Default 16 KiB. */
  readonly targetSize: number;
}

/** The limits of a config that says nothing of them. */
export const DEFAULT_LIMITS: CodecLimits = { headerSize: 32 * 1024, headerCount: 100, targetSize: 16 * 1024 };

/** One chunk-size line with its extensions. */
export const MAX_CHUNK_LINE_BYTES = 1024;
/** All chunk extensions of one message: a sender of one-byte chunks with extensions pays for them only so long. */
export const MAX_CHUNK_EXTENSION_BYTES = 16 * 1024;
