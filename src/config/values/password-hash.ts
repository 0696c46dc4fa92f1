import { Buffer } from "node:buffer";

/** What `parsePasswordHash` accepts, in words, for error messages. */
export const PASSWORD_HASH_FORM = 'a hash as "sluice hash-password" prints it, "scrypt$N$r$p$salt$hash"';

/** What one looks like; its numbers have bounds besides. */
export const PASSWORD_HASH =
  /^scrypt\$([1-9]\d{0,7})\$([1-9]\d?)\$([1-9]\d?)\$([\w-]{11,86})\$([\w-]{43,86})$/;

/** Memory of one scrypt, in bytes: 128 × N × r. Less is guessed at too fast. */
const MIN_MEMORY_BYTES = 8 * 1024 * 1024;
const MAX_MEMORY_BYTES = 128 * 1024 * 1024;
/** The same times p, which the time goes by: about half a second. */
const MAX_WORK_BYTES = 256 * 1024 * 1024;
const BOUNDS = "128 × N × r from 8 to 128 MiB, with p at most 256 MiB";

/** A password's hash as plain data. */
export interface PasswordHash {
  /** N of RFC 7914: a power of two. */
  readonly cost: number;
  /** Its r. */
  readonly blockSize: number;
  /** Its p. */
  readonly parallelization: number;
  /** 8 to 64 bytes in base64url. */
  readonly salt: string;
  /** 32 to 64 bytes in base64url. */
  readonly hash: string;
}

/**
 * Parses `scrypt$N$r$p$salt$hash`. The costs are bounded, as every guess of a client is to be paid for. Throws a
 * `RangeError`; its message does not repeat what was written, which may be the password itself.
 */
export function parsePasswordHash(text: string): PasswordHash {
  const [, cost, blockSize, parallelization, salt, hash] = PASSWORD_HASH.exec(text) ?? [];
  if (salt === undefined || hash === undefined || !isBase64Url(salt) || !isBase64Url(hash)) {
    throw new RangeError(`is no password hash; accepted: ${PASSWORD_HASH_FORM}`);
  }
  const parsed = {
    cost: Number(cost),
    blockSize: Number(blockSize),
    parallelization: Number(parallelization),
    salt,
    hash,
  };
  const memory = 128 * parsed.cost * parsed.blockSize;
  const bounded = memory >= MIN_MEMORY_BYTES && memory <= MAX_MEMORY_BYTES &&
    memory * parsed.parallelization <= MAX_WORK_BYTES;
  if (!bounded || !Number.isInteger(Math.log2(parsed.cost))) {
    throw new RangeError(`is a hash of another cost; accepted: N a power of two, ${BOUNDS}`);
  }
  return parsed;
}

/** Writes a hash as `parsePasswordHash` reads it. */
export function formatPasswordHash({ cost, blockSize, parallelization, salt, hash }: PasswordHash): string {
  return ["scrypt", cost, blockSize, parallelization, salt, hash].join("$");
}

/** Whether the letters are whole bytes, with nothing in the bits that are left over (RFC 4648 §3.5). */
function isBase64Url(text: string): boolean {
  return Buffer.from(text, "base64url").toString("base64url") === text;
}
