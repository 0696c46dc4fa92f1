import { z } from "zod";
import { MAX_GUESSES, refuseKey, refuseValue } from "../problems/wording.ts";
import { writtenAs } from "../values/written.ts";

/** `max_connections` as `maxConnections`. */
export type CamelCase<Key extends string> = Key extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Key;

/** `T` with its keys, which are written `like_this`, renamed `likeThis`. */
export type CamelKeys<T> = { [Key in keyof T as Key extends string ? CamelCase<Key> : Key]: T[Key] };

/** What `section` makes of a shape. */
export type Section<Shape extends z.ZodRawShape> = z.ZodPipe<
  z.ZodObject<Shape, z.core.$strict>,
  z.ZodTransform<CamelKeys<z.output<z.ZodObject<Shape, z.core.$strict>>>>
>;

/** The shape of a table that may set any of another table's keys, and sets none by itself. */
export type Overrides<Shape extends Record<string, z.ZodPrefault>> = {
  [Key in keyof Shape]: Shape[Key] extends z.ZodPrefault<infer Field> ? z.ZodExactOptional<Field> : never;
};

/**
 * A section: a strict object whose keys are written `like_this` in the file, and `likeThis` in the program.
 *
 * Every section of the config is built by this function, so that unknown keys read alike everywhere and the
 * renaming stands in one place. zod reports all unknown keys of an object as one issue; its message has one
 * line for each, in the order of `issue.keys`.
 */
export function section<Shape extends z.ZodRawShape>(shape: Shape): Section<Shape> {
  const keys = Object.keys(shape);
  const accepted = `a table with ${keys.length === 1 ? "the key" : "some of the keys"} ${keys.join(", ")}`;
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys"
        ? issue.keys.map((key, i) => i < MAX_GUESSES ? refuseKey(key, keys) : "unknown key").join("\n")
        : refuseValue(issue.input, accepted),
  }).transform(toCamelKeys) as unknown as Section<Shape>; // the compiler cannot follow the renaming
}

/** Takes the defaults out of a shape, for the tables that override `[defaults]` key by key. */
export function overrides<Shape extends Record<string, z.ZodPrefault>>(shape: Shape): Overrides<Shape> {
  const fields = Object.entries(shape).map(([key, field]) => {
    const { defaultValue } = field.def;
    return [key, writtenAs(z.exactOptional(field.unwrap()), { usual: defaultValue })];
  });
  return Object.fromEntries(fields);
}

/** A key as the program calls it. */
export function toCamelCase<Key extends string>(key: Key): CamelCase<Key> {
  return key.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()) as CamelCase<Key>;
}

function toCamelKeys(table: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(table).map(([key, value]) => [toCamelCase(key), value]));
}
