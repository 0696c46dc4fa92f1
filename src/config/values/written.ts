import type { z } from "zod";

/** How a value is written, where its schema cannot tell as a function reads it: for the schema of editors and the reference. */
export interface Written {
  /** What every accepted text matches; the function that reads it may want more. */
  readonly pattern?: RegExp;
  /** How JSON Schema calls the form of the text. */
  readonly format?: "regex";
  /** One of these, in any case. */
  readonly words?: readonly string[];
  /** Of a text: not one of these, in any case. */
  readonly except?: readonly string[];
  /** One of these may stand there. */
  readonly either?: readonly (z.ZodType | boolean | string | number)[];
  /** What holds where neither this nor what it overrides is there. */
  readonly usual?: unknown;
  /** What holds for a table or a list as a whole, in the words of JSON Schema. */
  readonly rules?: readonly JsonSchemaPart[];
}

/** A part of a JSON Schema. */
export type JsonSchemaPart = Readonly<Record<string, unknown>>;

const WRITTEN = new WeakMap<object, Written>();

/** Says how what `schema` reads is written; changes nothing of what it accepts. */
export function writtenAs<Schema extends z.ZodType>(schema: Schema, written: Written): Schema {
  WRITTEN.set(schema, written);
  return schema;
}

/** What was said of `schema`, or of the one that it only refines. */
export function howWritten(schema: z.ZodType): Written {
  const { parent } = schema._zod;
  return WRITTEN.get(schema) ?? (parent === undefined ? {} : howWritten(parent as z.ZodType));
}

/** One of these keys and no other of them has to be there. */
export function exactlyOne(...keys: readonly string[]): JsonSchemaPart {
  return { oneOf: keys.map((key) => ({ required: [key] })) };
}

/** One of these keys at least has to be there. */
export function atLeastOne(...keys: readonly string[]): JsonSchemaPart {
  return { anyOf: keys.map((key) => ({ required: [key] })) };
}

/** These two keys cannot both be there. */
export function notBoth(one: string, other: string): JsonSchemaPart {
  return { not: { required: [one, other] } };
}

/** Where `key` is there, all of `others` have to be. */
export function needs(key: string, ...others: readonly string[]): JsonSchemaPart {
  return { dependentRequired: { [key]: others } };
}

/** Where a table is as `found`, it has to be as `wanted` too. */
export function wherever(found: JsonSchemaPart, wanted: JsonSchemaPart): JsonSchemaPart {
  return { if: found, then: wanted };
}
