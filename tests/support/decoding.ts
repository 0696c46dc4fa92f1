import { Buffer } from "node:buffer";
import { brotliDecompressSync, constants, gunzipSync, zstdDecompressSync } from "node:zlib";

/** `bytes` without the content coding `coding`; throws where they are not whole, or hold anything else. */
export function decoded(bytes: Uint8Array, coding: string): Buffer {
  if (coding === "gzip") return Buffer.from(gunzipSync(bytes));
  if (coding === "br") return Buffer.from(brotliDecompressSync(bytes));
  if (coding === "zstd") return Buffer.from(zstdDecompressSync(bytes));
  return Buffer.from(bytes);
}

/** What can be read of `bytes` that are not whole. */
export function decodedSoFar(bytes: Uint8Array, coding: string): Buffer {
  if (coding === "gzip") return Buffer.from(gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }));
  if (coding === "br") {
    return Buffer.from(brotliDecompressSync(bytes, { finishFlush: constants.BROTLI_OPERATION_FLUSH }));
  }
  return Buffer.from(zstdDecompressSync(bytes, { finishFlush: constants.ZSTD_e_flush }));
}
