import {
  createLocalJWKSet,
  errors,
  type JSONWebKeySet,
  type JWTPayload,
  jwtVerify,
  type JWTVerifyGetKey,
} from "jose";
import type { PublicJwk } from "../config/values/public-keys.ts";
import type { KeySet, TokenRules, Verified } from "./key-set.ts";

/** Keys that are tried for one token, where it does not say which one it is signed with. */
const MAX_TRIED = 8;

/** What a set of keys is here: finds the one for a token, or is it. */
type Keys = JWTVerifyGetKey | Uint8Array;
const keysOf = new WeakMap<KeySet, Keys>();

/** Public keys, found by the name that a token gives (kid) where they have names. */
export function publicKeySet(jwks: readonly PublicJwk[]): KeySet {
  const find = createLocalJWKSet({ keys: jwks } as unknown as JSONWebKeySet);
  const named = jwks.some(({ kid }) => kid !== undefined);
  return keySet(named ? find : ({ kid: _none, ...header }, token) => find(header, token));
}

/** A secret that both sides know. */
export function secretKeySet(secret: string): KeySet {
  return keySet(new TextEncoder().encode(secret));
}

function keySet(keys: Keys): KeySet {
  const made = {};
  keysOf.set(made, keys);
  return made;
}

/** Checks the signature of a token and what it says of itself. Never rejects. */
export async function verifyToken(token: string, set: KeySet, rules: TokenRules): Promise<Verified> {
  const keys = keysOf.get(set)!;
  const { issuer, audience } = rules;
  const options = {
    algorithms: [...rules.algorithms],
    requiredClaims: ["exp"], // a token without it would be good for ever
    clockTolerance: rules.leeway / 1000,
    ...(issuer !== false && { issuer: [...issuer] }),
    ...(audience !== false && { audience: [...audience] }),
  };
  try {
    if (keys instanceof Uint8Array) return good((await jwtVerify(token, keys, options)).payload);
    try {
      return good((await jwtVerify(token, keys, options)).payload);
    } catch (error) {
      if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
      return good(await tryAll(token, error, options));
    }
  } catch (error) {
    return {
      ok: false,
      unknownKey: error instanceof errors.JWKSNoMatchingKey,
      why: error instanceof Error ? error.message : String(error),
    };
  }
}

/** What a token says by the first of several keys that its signature is right by. */
async function tryAll(
  token: string,
  candidates: InstanceType<typeof errors.JWKSMultipleMatchingKeys>,
  options: Parameters<typeof jwtVerify>[2],
): Promise<JWTPayload> {
  let tried = 0;
  for await (const key of candidates) {
    if (++tried > MAX_TRIED) break;
    try {
      return (await jwtVerify(token, key, options)).payload;
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
    }
  }
  throw new errors.JWSSignatureVerificationFailed();
}

function good(claims: JWTPayload): Verified {
  return { ok: true, claims, expires: claims.exp! * 1000 };
}
