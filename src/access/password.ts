import { Buffer } from "node:buffer";
import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { formatPasswordHash, type PasswordHash } from "../config/values/password-hash.ts";

/** About 0.15 s and 16 MiB. OWASP lists several; these need little memory, as more than one check may run at a time. */
const COSTS = { cost: 16_384, blockSize: 8, parallelization: 5 };
const SALT_BYTES = 16;
const KEY_BYTES = 32;
const MAX_PASSWORD_BYTES = 1024;
/** Above all that the config accepts; OpenSSL needs a little more than the bare 128 × N × r. */
const MAX_MEMORY_BYTES = 256 * 1024 * 1024;

/**
 * Hashes a password for the config's `users`, with a salt of its own. Throws a `RangeError` for one that cannot be sent:
 * empty, over 1024 bytes, or with control characters (RFC 7617 §2).
 */
export async function hashPassword(password: string): Promise<string> {
  const bytes = Buffer.byteLength(password);
  if (bytes === 0 || bytes > MAX_PASSWORD_BYTES || /\p{Cc}/u.test(password)) {
    throw new RangeError(
      `Cannot hash the password: accepted: 1 to ${MAX_PASSWORD_BYTES} bytes without control characters`,
    );
  }
  const salt = randomBytes(SALT_BYTES);
  const key = await derive(password.normalize("NFC"), { ...COSTS, salt, bytes: KEY_BYTES });
  return formatPasswordHash({
    ...COSTS,
    salt: salt.toString("base64url"),
    hash: key.toString("base64url"),
  });
}

/** Whether `password` is the one that was hashed. Takes the same time either way. */
export async function verifyPassword(password: string, hash: PasswordHash): Promise<boolean> {
  const wanted = Buffer.from(hash.hash, "base64url");
  const salt = Buffer.from(hash.salt, "base64url");
  return timingSafeEqual(await derive(password, { ...hash, salt, bytes: wanted.length }), wanted);
}

function derive(
  password: string,
  { cost, blockSize, parallelization, salt, bytes }: typeof COSTS & { salt: Buffer; bytes: number },
): Promise<Buffer> {
  const options = { cost, blockSize, parallelization, maxmem: MAX_MEMORY_BYTES };
  return new Promise((resolve, reject) => {
    scrypt(password, salt, bytes, options, (error, key) => error ? reject(error) : resolve(key));
  });
}
