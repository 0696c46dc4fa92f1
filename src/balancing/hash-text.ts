/**
 * A 32-bit hash of `text`, 0 to 2^32 - 1: MurmurHash3_x86_32 (Appleby, public domain) with one block for each UTF-16
 * code unit. Fast and well spread, and no secret: who chooses the text can choose the hash.
 */
export function hashText(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) {
    const block = Math.imul(text.charCodeAt(i), 0xcc9e2d51);
    hash ^= Math.imul((block << 15) | (block >>> 17), 0x1b873593);
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  return mix32(hash ^ text.length);
}

/** `bits` one to one as another number, 0 to 2^32 - 1, of which each bit depends on every bit (Murmur's fmix32). */
export function mix32(bits: number): number {
  let mixed = bits;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
