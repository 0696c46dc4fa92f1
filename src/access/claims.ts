import { Buffer } from "node:buffer";
import type { JwtConfig } from "../config/sections/auth-jwt.ts";
import type { Claims } from "./key-set.ts";

/** Claims whose text is a list of words (RFC 8693 §4.2). */
const OF_WORDS: ReadonlySet<string> = new Set(["scope", "scp"]);

/** The value of a claim: of this name, or within others as `realm_access.roles`. */
export function claimOf(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let value: unknown = claims;
  for (const key of name.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Claims)[key];
  }
  return value;
}

/** Tells the first claim that does not hold all that it is to. */
export function compileClaims(wanted: JwtConfig["claims"]): (claims: Claims) => string | undefined {
  const names = Object.entries(wanted);
  return (claims) =>
    names.find(([name, values]) => {
      const value = claimOf(claims, name);
      const words = OF_WORDS.has(name) && typeof value === "string" ? value.split(" ") : value;
      return !values.every((one) => words === one || (Array.isArray(words) && words.includes(one)));
    })?.[0];
}

/**
 * A claim as the value of a field, in bytes of UTF-8; a list is joined by commas. Undefined where there is nothing to say.
 * Throws a RangeError for what no field can say: it would be another, or more of them.
 */
export function toFieldValue(claim: unknown): string | undefined {
  if (claim === undefined || claim === null) return undefined;
  const parts: readonly unknown[] = Array.isArray(claim) ? claim : [claim];
  if (parts.some((part) => !["string", "number", "boolean"].includes(typeof part))) {
    throw new RangeError("holds more than texts and numbers");
  }
  const texts = parts.map(String);
  // With a comma in it, a part would pass for two, also where it is the only one.
  if (Array.isArray(claim) && texts.some((text) => text.includes(","))) {
    throw new RangeError("lists a text with a comma");
  }
  // Whoever reads a field leaves blanks around its value and its members out (RFC 9110 §5.5, §5.6.1).
  if (texts.some((text) => /^[\t ]|[\t ]$/.test(text))) throw new RangeError("begins or ends with a blank");
  const text = texts.join(",");
  if (/[\p{Cc}\p{Cs}]/u.test(text)) throw new RangeError("holds what is no letter");
  return Buffer.from(text, "utf8").toString("latin1");
}
