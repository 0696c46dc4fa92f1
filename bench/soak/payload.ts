import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";

/** One MiB in which no two parts are alike: what is lost, doubled or swapped on the way changes its checksum. */
export const MIB = noise(1024 * 1024);

/** Checksum of `MIB`. */
export const MIB_SUM = checksum(MIB);

/** The checksum that client and origin compare. */
export function checksum(bytes: Uint8Array): string {
  return createHash("sha1").update(bytes).digest("hex");
}

/** The same bytes in every process: xorshift32 from a fixed seed. */
function noise(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  let state = 0x9e3779b9;
  for (let at = 0; at < size; at += 4) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes.writeInt32LE(state | 0, at);
  }
  return bytes;
}
