import { Buffer } from "node:buffer";
import { createHash, timingSafeEqual } from "node:crypto";
import { ProxyError } from "../base/errors.ts";
import type { BearerConfig } from "../config/sections/auth-bearer.ts";
import type { AuthMethod } from "./auth-method.ts";
import { bearerChallenge, bearerToken, hasScheme } from "./authorization.ts";

/** Tokens that somebody was given (RFC 6750), of which only hashes are known. */
export function bearerMethod({ tokens, realm }: BearerConfig): AuthMethod {
  const known = Object.entries(tokens).map(([user, hash]) => ({
    granted: { user, lines: [] },
    hash: Buffer.from(hash, "hex"),
  }));
  const refused = {
    error: new ProxyError("unauthorized", "No valid token"),
    challenge: bearerChallenge(realm, "invalid_token"),
  };
  return {
    words: `bearer for ${known.length} tokens`,
    challenge: bearerChallenge(realm),
    sets: [],
    presents: ({ head }) => hasScheme(head.fields, "bearer"),
    check({ head }) {
      const token = bearerToken(head.fields);
      if (token === undefined) return refused;
      const hash = createHash("sha256").update(token).digest();
      // All of them, so that time does not tell which one is near.
      let found: (typeof known)[number] | undefined;
      for (const one of known) if (timingSafeEqual(hash, one.hash)) found = one;
      return found?.granted ?? refused;
    },
  };
}
