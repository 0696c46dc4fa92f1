import { Buffer } from "node:buffer";
import { createHmac, generateKeyPairSync, type KeyObject, sign } from "node:crypto";

/** A key pair under a name. */
export interface SigningKey {
  readonly kid: string;
  readonly alg: string;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/** Makes a key for ES256, or a slower one for RS256. */
export function makeKey(kid: string, alg: "ES256" | "RS256" = "ES256"): SigningKey {
  const pair = alg === "ES256"
    ? generateKeyPairSync("ec", { namedCurve: "P-256" })
    : generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { kid, alg, ...pair };
}

/** The JWK Set of `keys`. */
export function jwksOf(...keys: readonly SigningKey[]): string {
  return JSON.stringify({
    keys: keys.map(({ kid, alg, publicKey }) => ({
      ...publicKey.export({ format: "jwk" }),
      kid,
      alg,
      use: "sig",
    })),
  });
}

/** The public key as PEM. */
export function pemOf({ publicKey }: SigningKey): string {
  return publicKey.export({ type: "spki", format: "pem" }) as string;
}

/** Now, in seconds since 1970. */
export function seconds(ahead = 0): number {
  return Math.floor(Date.now() / 1000) + ahead;
}

const encoded = (part: unknown) => Buffer.from(JSON.stringify(part)).toString("base64url");

/** A token that says `claims` and is good for a minute, signed with `key` (RFC 7515 §3.1). */
export function signedWith(key: SigningKey, claims: object = {}, header: object = {}): string {
  const head = encoded({ alg: key.alg, typ: "JWT", kid: key.kid, ...header });
  const content = `${head}.${encoded({ exp: seconds(60), ...claims })}`;
  const signature = sign("sha256", Buffer.from(content), {
    key: key.privateKey,
    dsaEncoding: "ieee-p1363",
  });
  return `${content}.${signature.toString("base64url")}`;
}

/** The same with a secret. */
export function signedBySecret(secret: string, claims: object = {}, header: object = {}): string {
  const content = `${encoded({ alg: "HS256", typ: "JWT", ...header })}.${
    encoded({ exp: seconds(60), ...claims })
  }`;
  return `${content}.${createHmac("sha256", secret).update(content).digest("base64url")}`;
}
