import { createPublicKey, type KeyObject } from "node:crypto";
import { readFileSync, statSync } from "node:fs";

/** What a file of keys is, in words, for messages. */
export const KEY_FILE_FORM =
  "the path of a file of at most 256 KiB with public keys: a JWK Set, or PUBLIC KEY and CERTIFICATE blocks of PEM";

/** Bytes of a set of keys; more is something else. */
export const MAX_KEYS_BYTES = 256 * 1024;
/** Keys of one set that are looked at. */
const MAX_KEYS = 100;

const ASYMMETRIC: ReadonlySet<unknown> = new Set(["RSA", "EC", "OKP"]);
/** Members of a JWK that say which public key it is, and what it is for (RFC 7517, RFC 7518 §6, RFC 8037). */
const PUBLIC_MEMBERS = ["kty", "kid", "use", "key_ops", "alg", "n", "e", "crv", "x", "y"];

/** A public key as a JWK. */
export type PublicJwk = Readonly<Record<string, unknown>> & { readonly kty: string };

/**
 * The public keys of a JWK Set that tokens may be signed with. Secret keys are left out: who checks tokens with one that
 * was published believes everybody. Throws a RangeError where there are none.
 */
export function parseJwks(text: string): readonly PublicJwk[] {
  let set: unknown;
  try {
    set = JSON.parse(text);
  } catch {
    throw new RangeError("is no JSON");
  }
  const { keys } = (set ?? {}) as { keys?: unknown };
  if (!Array.isArray(keys)) throw new RangeError("is no JWK Set");
  const usable = keys.slice(0, MAX_KEYS).flatMap((key: unknown) => {
    const { kty, use } = (key ?? {}) as Record<string, unknown>;
    if (!ASYMMETRIC.has(kty) || (use !== undefined && use !== "sig")) return [];
    const members = Object.entries(key as object).filter(([name]) => PUBLIC_MEMBERS.includes(name));
    return [Object.fromEntries(members) as PublicJwk];
  });
  if (usable.length === 0) throw new RangeError("holds no public key for signatures");
  return usable;
}

/** The keys in a file, as seen from the working directory. Throws a RangeError that says what is wrong. */
export function readKeyFile(path: string): readonly PublicJwk[] {
  const refused = (why: string, cause?: unknown) =>
    new RangeError(`is ${JSON.stringify(path)}, which cannot be used (${why}); accepted: ${KEY_FILE_FORM}`, {
      cause,
    });
  let text: string;
  try {
    const found = statSync(path); // before it is opened: a pipe would hold everything up
    if (!found.isFile() || found.size > MAX_KEYS_BYTES) throw new RangeError("no file of keys");
    text = readFileSync(path, "utf8");
    return text.includes("-----BEGIN ") ? parsePem(text) : parseJwks(text);
  } catch (error) {
    throw refused(
      error instanceof RangeError ? error.message : String((error as NodeJS.ErrnoException).code),
      error,
    );
  }
}

function parsePem(text: string): readonly PublicJwk[] {
  const blocks = [...text.matchAll(/-----BEGIN ([A-Z ]+)-----[^-]*-----END \1-----/g)].slice(0, MAX_KEYS);
  if (blocks.length === 0) throw new RangeError("no block of PEM in it");
  // It would do, as its public half is in it. But then it lies around where nobody needs it.
  if (blocks.some(([, kind]) => kind!.endsWith("PRIVATE KEY"))) throw new RangeError("a private key");
  return blocks.map(([block]) => {
    let key: KeyObject;
    try {
      key = createPublicKey(block);
    } catch (cause) {
      throw new RangeError("no public key in a block of it", { cause });
    }
    const jwk = key.export({ format: "jwk" }) as PublicJwk;
    if (!ASYMMETRIC.has(jwk.kty) || /^X/.test(String(jwk["crv"]))) {
      throw new RangeError("a key that signs nothing");
    }
    return { ...jwk };
  });
}
