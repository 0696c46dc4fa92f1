import { z } from "zod";
import { DURATION_FORM, parseDuration, parseSize, SIZE_FORM } from "../../base/units.ts";
import { listWords, refuseValue } from "../problems/wording.ts";
import { suggest } from "../../base/suggest.ts";
import { writtenAs } from "./written.ts";

/** The longest duration accepted: timers hold 2^31-1 ms, and one that is set for longer fires at once. */
const MAX_DURATION = "596h";
const MAX_DURATION_MS = parseDuration(MAX_DURATION);

/** Zod's error option for a field: every refusal shows the value found and says what is `accepted`. */
export function wants(accepted: string): { error: (issue: { input?: unknown }) => string } {
  return { error: (issue) => refuseValue(issue.input, accepted) };
}

/**
 * A text that `parse` turns into something else; the message of a `RangeError` becomes the problem. `pattern` is what
 * editors know of it.
 */
export function parsed<T>(
  accepted: string,
  parse: (text: string) => T,
  pattern?: RegExp,
): z.ZodPipe<z.ZodString, z.ZodTransform<T, string>> {
  const schema = z.string(wants(accepted)).transform((text, context) => {
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      context.addIssue(error.message);
      return z.NEVER;
    }
  });
  return pattern === undefined ? schema : writtenAs(schema, { pattern });
}

/** A duration as it is written. */
const DURATION = /^\d+(?:\.\d+)?(?:ms|s|m|h)$/;
/** One that is not zero. */
const POSITIVE_DURATION = /^(?=.*[1-9])\d+(?:\.\d+)?(?:ms|s|m|h)$/;
const SIZE = /^(?=.*[1-9])\d+(?:\.\d+)?(?:[KMG]i?)?B$/;

/** A duration in whole milliseconds, up to 596 hours (24 days). What zero means is said at the key. */
export const duration = parsed(DURATION_FORM, (text) => toDuration(text, "0s"), DURATION);

/** A duration in whole milliseconds, at least one, for what cannot be off. */
export const positiveDuration = parsed(
  DURATION_FORM,
  (text) => toDuration(text, "1ms"),
  POSITIVE_DURATION,
);

/** A size in whole bytes, more than zero. */
export const size = parsed(SIZE_FORM, (text) => {
  const bytes = read(parseSize, text, SIZE_FORM);
  if (bytes === 0) throw new RangeError(refuseValue(text, "a size above zero"));
  return bytes;
}, SIZE);

/** `true` or `false`. */
export const flag = z.boolean(wants("true or false"));

/** A whole number from `least` to `most`. */
export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER): z.ZodInt {
  const range = most === Number.MAX_SAFE_INTEGER ? `${least} or more` : `${least} to ${most}`;
  const options = wants(`a whole number, ${range}`);
  return z.int(options).min(least, options).max(most, options);
}

/** A text that is not empty and holds no control characters; `accepted` says what it stands for. */
export function text(accepted: string): z.ZodString {
  return z.string(wants(accepted)).regex(/^\P{Cc}+$/u, wants(accepted));
}

/** A token (RFC 9110 §5.6.2), such as the name of a header; `accepted` says what it stands for. */
export function token(accepted: string): z.ZodString {
  return z.string(wants(accepted)).regex(/^[\w!#$%&'*+.^`|~-]+$/, wants(accepted));
}

/** One of a few words. */
export function choice<const Words extends readonly [string, ...string[]]>(
  words: Words,
): z.ZodEnum<{ [Word in Words[number]]: Word }> {
  return z.enum(words, {
    error: ({ input }) =>
      refuseValue(input, listWords(words), typeof input === "string" ? suggest(input, words) : undefined),
  });
}

/** One of a few words, in any case; each stands for the word that `meanings` gives it. */
export function alias<Meaning extends string>(
  meanings: ReadonlyMap<string, Meaning>,
): z.ZodPipe<z.ZodString, z.ZodTransform<Meaning, string>> {
  const words = [...new Set(meanings.values())];
  const schema = z.string(wants(listWords(words))).transform((text, context) => {
    const word = text.toLowerCase();
    const meaning = meanings.get(word);
    if (meaning !== undefined) return meaning;
    const near = suggest(word, [...meanings.keys()]);
    context.addIssue(
      refuseValue(text, listWords(words), near === undefined ? undefined : meanings.get(near)),
    );
    return z.NEVER;
  });
  return writtenAs(schema, { words: [...meanings.keys()] });
}

/** What `text` reads where a text stands, and `other` where anything else does; each in its own words. */
export function textOr<Text extends z.ZodType, Other extends z.ZodType>(
  text: Text,
  other: Other,
): z.ZodPipe<z.ZodUnknown, z.ZodTransform<z.output<Text> | z.output<Other>>> {
  const schema = z.unknown().transform((written, context) => {
    // A key that is not there is asked as well: to find out at length that nothing is no table takes most of the time.
    if (written === undefined) {
      context.addIssue("is undefined");
      return z.NEVER;
    }
    const result = (typeof written === "string" ? text : other).safeParse(written);
    if (result.success) return result.data;
    for (const issue of result.error.issues) {
      context.issues.push({ ...issue, input: written } as z.core.$ZodRawIssue);
    }
    return z.NEVER;
  });
  return writtenAs(schema, { either: [text, other] });
}

/** `true` for what `section` makes of an empty table, or such a table; nothing else. */
export function trueOr<Section extends z.ZodType>(
  section: Section,
  accepted: string,
): z.ZodPipe<z.ZodUnknown, z.ZodTransform<z.output<Section>>> {
  const schema = z.unknown().transform((written, context) => {
    if (written !== true && (typeof written !== "object" || written === null || Array.isArray(written))) {
      context.addIssue(written === undefined ? "is undefined" : refuseValue(written, accepted));
      return z.NEVER;
    }
    const result = section.safeParse(written === true ? {} : written);
    if (result.success) return result.data;
    for (const issue of result.error.issues) {
      context.issues.push({ ...issue, input: written } as z.core.$ZodRawIssue);
    }
    return z.NEVER;
  });
  return writtenAs(schema, { either: [true, section] });
}

const SHARE_FORM = "a share from 0 to 1, such as 0.2";

/** A part of a whole. */
export const share = z.number(wants(SHARE_FORM)).min(0, wants(SHARE_FORM)).max(1, wants(SHARE_FORM));

/** A list of `item` with at least `least` of them. */
export function list<Item extends z.ZodType>(item: Item, accepted: string, least = 0): z.ZodArray<Item> {
  return z.array(item, wants(accepted)).min(least, {
    error: () => `is an empty list; accepted: ${accepted}`,
  });
}

function toDuration(text: string, least: "0s" | "1ms"): number {
  const ms = read(parseDuration, text, DURATION_FORM);
  if (ms >= parseDuration(least) && ms <= MAX_DURATION_MS) return ms;
  throw new RangeError(refuseValue(text, `a duration from ${least} to ${MAX_DURATION}`));
}

/** Applies a parser of `base` and words its refusal like all others, to stand after the path of a field. */
function read(parse: (text: string) => number, text: string, accepted: string): number {
  try {
    return parse(text);
  } catch (error) {
    throw new RangeError(refuseValue(text, accepted), { cause: error });
  }
}
