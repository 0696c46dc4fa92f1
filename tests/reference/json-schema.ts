import type { JsonSchemaPart } from "../../src/config/values/written.ts";
import { valueOf } from "./cells.ts";
import type { Key, Value } from "./model.ts";

type Json = Record<string, unknown>;

/** A text with a variable, which is put in before anything else is looked at. */
const VARIABLE = { $ref: "#/$defs/variable" };
const VARIABLE_PATTERN = "\\$\\{";

/** The config in JSON Schema (draft 2020-12): one schema for TOML, YAML and JSON. */
export function toJsonSchema(config: Value): Json {
  const tables = new Tables();
  const { required, properties, ...table } = tables.table(config, []) as { required: string[] } & Json;
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Configuration of Sluice",
    ...table,
    properties: {
      $schema: { type: "string", description: "Where this schema is, for editors." },
      ...(properties as Json),
    },
    // YAML alone has these; the reader leaves them out.
    patternProperties: { "^x-": { description: "Holds anchors of YAML, and means nothing." } },
    // What is required may stand in a file that is included.
    anyOf: [...(required.length > 0 ? [{ required }] : []), { required: ["include"] }],
    $defs: {
      variable: { type: "string", pattern: VARIABLE_PATTERN, description: "A variable of the environment." },
      ...tables.definitions(),
    },
  };
}

/** Every table once, by a name. */
class Tables {
  readonly #names = new Map<string, string>();
  readonly #tables = new Map<string, Json>();

  definitions(): Json {
    return Object.fromEntries(this.#tables);
  }

  table(value: Value, path: readonly string[]): Json {
    if (value.kind !== "table") throw new Error(`${path.join(".")} is no table`);
    const { keys, rules } = value;
    const required = keys.filter((key) => key.required).map(({ name }) => name);
    return {
      type: "object",
      properties: Object.fromEntries(keys.map((key) => [key.name, this.#key(key, [...path, key.name])])),
      ...(required.length > 0 && { required }),
      additionalProperties: false,
      ...together(rules),
    };
  }

  #key(key: Key, path: readonly string[]): Json {
    const { value, comment } = key;
    const accepted = value.accepted === undefined || value.kind === "table"
      ? ""
      : `Accepted: ${value.accepted}.`;
    const examples = comment?.example === undefined ? value.examples : [valueOf(comment.example)];
    const description = [comment?.text ?? "", accepted].filter((part) => part !== "").join("\n\n");
    return {
      description,
      ...this.#value(value, path),
      ...(key.default !== undefined && { default: key.default }),
      ...(examples.length > 0 && { examples }),
    };
  }

  #value(value: Value, path: readonly string[]): Json {
    const json = this.#withoutVariable(value, path);
    if (!takesVariable(value)) return json;
    if (value.kind === "either") return { ...json, anyOf: [...json["anyOf"] as Json[], VARIABLE] };
    const { type, pattern, ...others } = json;
    if (value.kind === "list" || type === undefined || "enum" in others) return { anyOf: [json, VARIABLE] };
    if (type === "string") return { type, pattern: `${VARIABLE_PATTERN}|${pattern}`, ...others };
    return { type: [type, "string"], pattern: VARIABLE_PATTERN, ...others };
  }

  #withoutVariable(value: Value, path: readonly string[]): Json {
    switch (value.kind) {
      case "table":
        return this.#reference(value, path);
      case "map":
        return {
          type: "object",
          propertyNames: this.#withoutVariable(value.name, path),
          additionalProperties: this.#value(value.item, path),
          ...together(value.rules),
        };
      case "list":
        return {
          type: "array",
          items: this.#value(value.item, path),
          ...value.bounds,
          ...together(value.rules),
        };
      case "either":
        return {
          anyOf: value.of.map((one) => this.#withoutVariable(one, path)),
          ...together(value.rules),
        };
      case "plain":
        return { ...value.json };
    }
  }

  #reference(value: Value, path: readonly string[]): Json {
    const table = this.table(value, path);
    const text = JSON.stringify(table);
    const known = this.#names.get(text);
    if (known !== undefined) return { $ref: `#/$defs/${known}` };
    const lengths = [...path.keys()].reverse();
    const names = lengths.map((from) => path.slice(from).join("."));
    const name = [...names, ...names.map((name) => `${name}.alone`)].find((name) => !this.#tables.has(name))!;
    this.#names.set(text, name);
    this.#tables.set(name, table);
    return { $ref: `#/$defs/${name}` };
  }
}

/** Whether a text with a variable may stand there: not where only a table does, and a text without a form has room for it. */
function takesVariable(value: Value): boolean {
  switch (value.kind) {
    case "plain":
      return !("const" in value.json) &&
        (value.json["type"] !== "string" || "pattern" in value.json || "enum" in value.json);
    case "list":
      return value.item.kind !== "table";
    case "either":
      return value.of.some((one) =>
        takesVariable(one) || one.kind === "plain" && one.json["type"] === "string"
      );
    default:
      return false;
  }
}

function together(rules: readonly JsonSchemaPart[]): Json {
  return rules.length > 0 ? { allOf: rules } : {};
}
