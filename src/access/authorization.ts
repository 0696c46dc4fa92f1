import type { Fields } from "../http/fields.ts";

/** Whether a request has credentials of `scheme`, which is in lower case, in the field Authorization. */
export function hasScheme(fields: Fields, scheme: string): boolean {
  const value = fields.get("authorization");
  if (value === undefined || value.slice(0, scheme.length).toLowerCase() !== scheme) return false;
  return value.length === scheme.length || value[scheme.length] === " ";
}

/** What a Bearer field carries (RFC 6750 §2.1). Two lines are joined by a comma, which no token holds. */
const BEARER = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i;

/** The token of a request that `hasScheme` says `bearer` of; undefined where it is none. */
export function bearerToken(fields: Fields): string | undefined {
  return BEARER.exec(fields.get("authorization") ?? "")?.[1];
}

/** The value of a WWW-Authenticate field that asks for a token, and says what is wrong with the one that came (RFC 6750 §3). */
export function bearerChallenge(realm: string, error?: "invalid_token" | "insufficient_scope"): string {
  const quoted = realm.replace(/["\\]/g, "\\$&");
  return `Bearer realm="${quoted}"` + (error === undefined ? "" : `, error="${error}"`);
}
