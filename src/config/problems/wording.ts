import { suggest } from "../../base/suggest.ts";

/** Longest part of a value that a message repeats, in characters. */
const SHOWN = 60;

/** Says what was found and what is accepted: `is the number 5; accepted: a text`. */
export function refuseValue(found: unknown, accepted: string, suggestion?: string): string {
  const hint = suggestion === undefined ? "" : `; did you mean ${JSON.stringify(suggestion)}?`;
  return `${describe(found)}; accepted: ${accepted}${hint}`;
}

/** Problems of one kind that get a suggestion: each costs a look at all names there are, and nobody reads so many. */
export const MAX_GUESSES = 100;

/** Says that `key` is unknown, which keys are accepted, and which of them it looks like. */
export function refuseKey(key: string, accepted: readonly string[]): string {
  const near = suggest(key, accepted);
  const hint = near === undefined ? "" : `; did you mean ${JSON.stringify(near)}?`;
  return `unknown key; accepted: ${accepted.join(", ")}${hint}`;
}

/** Lists words for a message: `"a", "b" or "c"`. */
export function listWords(words: readonly string[]): string {
  const quoted = words.map((word) => JSON.stringify(word));
  return [quoted.slice(0, -1).join(", "), ...quoted.slice(-1)].filter((part) => part !== "").join(" or ");
}

/** `text` in quotes, cut off where it is long. */
export function quoteShort(text: string): string {
  return JSON.stringify(text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text);
}

function describe(found: unknown): string {
  if (found === undefined) return "is missing";
  if (found === null) return "is empty";
  if (typeof found === "symbol") return `is ${found.description}`;
  if (Array.isArray(found)) return "is a list";
  if (typeof found === "object") return "is a table";
  if (typeof found !== "string") return `is ${String(found)}`;
  return `is ${quoteShort(found)}`;
}
