import { suggest } from "../../base/suggest.ts";
import { type HashSource, KEY_FORM, parseHashSource } from "../sections/hash.ts";
import { refuseValue } from "../problems/wording.ts";
import { parsed } from "./value-types.ts";

/** What of a request something is counted by. */
export interface RequestKey {
  /** None where all requests count together. */
  readonly parts: readonly HashSource[];
  /** As it was written. */
  readonly text: string;
}

const FORM =
  `"route" for all requests together, ${KEY_FORM}, or several in braces: "{client} {header(name)}"`;

/** What something is counted by: one part of a request, several in braces, or `route` for all together. */
export const requestKey = parsed(
  FORM,
  parseRequestKey,
  /^(?:route|client|path|uri|(?:header|cookie)\([\w!#$%&'*+.^`|~-]+\)|query\([^{]+\)|(?!.*\{(?!(?:client|path|uri|(?:header|cookie)\([\w!#$%&'*+.^`|~-]+\)|query\([^{}]+\))\})[^{}]*\}).*\{[^{}]+\}.*)$/,
);

function parseRequestKey(text: string): RequestKey {
  if (text === "route") return { parts: [], text };
  if (!text.includes("{")) return { parts: [part(text, text)], text };
  const parts = [...text.matchAll(/\{([^{}]*)\}/g)].map(([, name]) => part(name!, text));
  if (parts.length === 0) throw new RangeError(refuseValue(text, FORM));
  return { parts, text };
}

function part(name: string, text: string): HashSource {
  try {
    return parseHashSource(name);
  } catch (error) {
    if (name !== text || !(error instanceof RangeError)) throw error;
    throw new RangeError(refuseValue(text, FORM, near(text)), { cause: error });
  }
}

/** The word that was likely meant. */
function near(text: string): string | undefined {
  return suggest(text, ["route", "client", "path", "uri"]);
}
