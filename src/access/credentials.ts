import { Buffer } from "node:buffer";

/** Longest user and password in base64: what the config and `hashPassword` accept fits in. */
const MAX_ENCODED = 4096;

/** What a client says of itself. Neither part holds control characters, and `user` no colon. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/**
 * Reads the value of a Proxy-Authorization field with the scheme Basic (RFC 7617 §2), in UTF-8. Undefined for another
 * scheme and for what nobody could have meant.
 */
export function parseCredentials(field: string): Credentials | undefined {
  const [, encoded] = /^basic +([A-Za-z0-9+/]+={0,2})[ \t]*$/i.exec(field) ?? [];
  if (encoded === undefined || encoded.length > MAX_ENCODED) return undefined;
  const text = decode(Buffer.from(encoded, "base64"));
  const colon = text?.indexOf(":") ?? -1;
  if (text === undefined || colon === -1 || /\p{Cc}/u.test(text)) return undefined;
  return { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** The value of a Proxy-Authenticate field that asks for what `parseCredentials` reads (RFC 7617 §2.1). */
export function basicChallenge(realm: string): string {
  return `Basic realm="${realm.replace(/["\\]/g, "\\$&")}", charset="UTF-8"`;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Composed, as the same letters come in two forms, by the keyboard they were typed on. */
function decode(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes).normalize("NFC");
  } catch {
    return undefined; // another charset, so another password
  }
}
