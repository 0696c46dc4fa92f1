import { Buffer } from "node:buffer";
import { scryptSync } from "node:crypto";

/** The hash of a password that nothing has to be kept safe by, at a fifth of the usual cost. */
export function cheapHash(password: string): string {
  const salt = Buffer.alloc(16, "s");
  const key = scryptSync(password, salt, 32, { cost: 16_384, blockSize: 8, parallelization: 1 });
  return `scrypt$16384$8$1$${salt.toString("base64url")}$${key.toString("base64url")}`;
}
