import { createHash } from "node:crypto";
import { ProxyError } from "../base/errors.ts";
import type { BearerConfig } from "../config/sections/auth-bearer.ts";
import type { AuthMethod } from "./auth-method.ts";
import { bearerChallenge, bearerToken, hasScheme } from "./authorization.ts";

/** Tokens that somebody was given (RFC 6750), of which only hashes are known. */
export function bearerMethod({ tokens, realm }: BearerConfig): AuthMethod {
  // Looked up by hash, whose time tells nothing of a token: who knows a part of a hash is no nearer to what it is of.
  const known = new Map(Object.entries(tokens).map(([user, hash]) => [hash, { user, lines: [] }]));
  const refused = {
    error: new ProxyError("unauthorized", "No valid token"),
    challenge: bearerChallenge(realm, "invalid_token"),
  };
  return {
    words: `bearer for ${known.size} tokens`,
    challenge: bearerChallenge(realm),
    sets: [],
    presents: ({ head }) => hasScheme(head.fields, "bearer"),
    check({ head }) {
      const token = bearerToken(head.fields);
      if (token === undefined) return refused;
      return known.get(createHash("sha256").update(token).digest("hex")) ?? refused;
    },
  };
}
