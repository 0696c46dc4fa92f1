import { z } from "zod";
import { howWritten, type JsonSchemaPart } from "../../src/config/values/written.ts";
import { type Comment, commentOf, type Source, sourceOfKey } from "./comments.ts";

/** A key of a table. */
export interface Key {
  readonly name: string;
  readonly comment: Comment | undefined;
  readonly required: boolean;
  /** As it is written; undefined where there is none. */
  readonly default: unknown;
  /** What holds where neither this nor what it overrides is there. */
  readonly usual: unknown;
  readonly value: Value;
  /** What is wrong with a value of it. */
  readonly problemsOf: (written: unknown) => readonly string[];
}

/** What may stand in a config, whatever its format. */
export type Value = ValueKind & {
  /** In words, as messages say it. */
  readonly accepted: string | undefined;
  /** What holds for it as a whole, in JSON Schema. */
  readonly rules: readonly JsonSchemaPart[];
  /** Texts out of those words that are accepted. */
  readonly examples: readonly string[];
};

type ValueKind =
  | { readonly kind: "table"; readonly keys: readonly Key[]; readonly comment: Comment | undefined }
  | { readonly kind: "map"; readonly name: Value; readonly item: Value }
  | { readonly kind: "list"; readonly item: Value; readonly bounds: JsonSchemaPart }
  | { readonly kind: "either"; readonly of: readonly Value[] }
  | { readonly kind: "plain"; readonly json: JsonSchemaPart };

interface Definition {
  readonly type: string;
  readonly shape: Readonly<Record<string, z.ZodType>>;
  readonly keyType: z.ZodType;
  readonly valueType: z.ZodType;
  readonly innerType: z.ZodType;
  readonly element: z.ZodType;
  readonly options: readonly z.ZodType[];
  readonly in: z.ZodType;
  readonly out: z.ZodType;
  readonly defaultValue: unknown;
}

/** What `schema` reads; `source` is where its keys are described. */
export function modelOf(schema: z.ZodType, source: Source): Value {
  const { either, pattern, format, words, except, rules = [] } = howWritten(schema);
  const accepted = acceptedBy(schema);
  const about = { accepted, rules, examples: examplesIn(accepted, schema) };
  if (either !== undefined) {
    const of = either.map((one) => one instanceof z.ZodType ? modelOf(one, source) : constant(one));
    return { kind: "either", of, ...about };
  }
  if (words !== undefined) {
    const of = [plain({ enum: words }), plain({ type: "string", pattern: `^${anyCase(words)}$` })];
    return { kind: "either", of, ...about };
  }
  const read = readKind(schema, source);
  const merged = {
    ...read,
    accepted: accepted ?? read.accepted,
    rules: [...read.rules, ...rules],
    examples: read.kind === "plain" && "enum" in read.json ? [] : about.examples,
  };
  if (merged.kind !== "plain") return merged;
  const json = {
    ...merged.json,
    ...(pattern && { pattern: pattern.source.replaceAll("\\/", "/") }),
    ...(format && { format }),
    ...(except && { not: { pattern: `^${anyCase(except)}$` } }),
  };
  return { ...merged, json };
}

function readKind(schema: z.ZodType, source: Source): Value {
  const def = definitionOf(schema);
  const about = NOTHING;
  switch (def.type) {
    case "object": {
      const keys = Object.entries(def.shape).map(([name, field]) => keyOf(name, field, source));
      return { kind: "table", keys, comment: commentOf({ ...source, comment: undefined }), ...about };
    }
    case "record":
      return {
        kind: "map",
        name: modelOf(def.keyType, source),
        item: modelOf(def.valueType, source),
        ...about,
      };
    case "array": {
      const { minItems, maxItems } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
      const bounds = { ...(minItems && { minItems }), ...(maxItems && { maxItems }) };
      return { kind: "list", item: modelOf(def.element, source), bounds, ...about };
    }
    case "union":
      return { kind: "either", of: def.options.map((option) => modelOf(option, source)), ...about };
    case "pipe": {
      const isPreprocess = definitionOf(def.in).type === "transform";
      const isChain = definitionOf(def.out).type === "pipe";
      return modelOf(isPreprocess || isChain ? def.out : def.in, source);
    }
    case "prefault":
    case "optional":
      return modelOf(def.innerType, source);
    case "unknown":
    case "any":
      throw new Error(`It is not said what may stand in ${source.file}: ${source.lines[0]}`);
    default: {
      const { $schema: _, ...json } = z.toJSONSchema(schema, { io: "input" });
      if (json.maximum === Number.MAX_SAFE_INTEGER) delete json.maximum;
      if (json.minimum === Number.MIN_SAFE_INTEGER) delete json.minimum;
      return { kind: "plain", json, ...about };
    }
  }
}

function keyOf(name: string, field: z.ZodType, table: Source): Key {
  const source = sourceOfKey(table, name);
  if (source === undefined) {
    throw new Error(`The key ${name} is not found from ${table.file}: ${table.lines[0]}`);
  }
  const { type, defaultValue } = definitionOf(field);
  return {
    name,
    comment: commentOf(source),
    required: !["prefault", "optional"].includes(type) && !acceptsNothing(field),
    default: type === "prefault" ? defaultValue : undefined,
    usual: howWritten(field).usual,
    value: modelOf(field, source),
    problemsOf: (written) => field.safeParse(written).error?.issues.map(({ message }) => message) ?? [],
  };
}

function acceptsNothing(field: z.ZodType): boolean {
  return z.strictObject({ field }).safeParse({}).success;
}

function definitionOf(schema: z.ZodType): Definition {
  return schema._zod.def as unknown as Definition;
}

/** What messages say that is accepted; a symbol is what nothing accepts. */
function acceptedBy(schema: z.ZodType): string | undefined {
  const { error } = schema.safeParse(Symbol("nothing"));
  return error?.issues.flatMap(({ message }) => /accepted: ([^]*)$/.exec(message)?.[1] ?? [])[0];
}

/** Of what `accepted` quotes, the texts that are. */
function examplesIn(accepted: string | undefined, schema: z.ZodType): readonly string[] {
  const quoted = [...(accepted ?? "").matchAll(/"([^"]*)"/g)].map(([, text]) => text!);
  return quoted.filter((text) => schema.safeParse(text).success);
}

const NOTHING = { accepted: undefined, rules: [], examples: [] };

function constant(value: string | number | boolean): Value {
  return plain({ const: value });
}

function plain(json: JsonSchemaPart): Value {
  return { kind: "plain", json, ...NOTHING };
}

/** A pattern of `words` in any case: patterns of JSON Schema have no flags. */
function anyCase(words: readonly string[]): string {
  const letters = words.map((word) =>
    word.replaceAll(/[a-z]/g, (letter) => `[${letter}${letter.toUpperCase()}]`)
  );
  return `(?:${letters.join("|")})`;
}
