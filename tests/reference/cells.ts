import { DURATION_FORM, SIZE_FORM } from "../../src/base/units.ts";
import { readToml } from "../../src/config/text/toml.ts";
import { asTable } from "../../src/config/text/tables.ts";
import type { Key, Value } from "./model.ts";

/** What may stand there, in words. */
export function acceptedForm(value: Value): string {
  const { kind, accepted } = value;
  if (kind === "table") return "a table";
  if (kind === "map") return accepted ?? "a table";
  if (accepted === DURATION_FORM) {
    return kind === "plain" && isAboveZero(value.json) ? "duration, not 0" : "duration";
  }
  if (accepted === SIZE_FORM) return "size";
  if (accepted !== undefined && !accepted.startsWith("a table with ")) return withCode(accepted);
  if (kind === "either") {
    const forms = [...new Set(value.of.map(acceptedForm))];
    return forms.filter((form) => !forms.some((other) => other !== form && other.startsWith(form))).join(
      "; or ",
    );
  }
  if (kind === "list") {
    return value.item.kind === "table" ? "a list of tables" : `a list: ${acceptedForm(value.item)}`;
  }
  return "const" in value.json ? code(toToml(value.json["const"])) : String(value.json["type"] ?? "");
}

/** What holds where the key is not there. */
export function defaultOf({ default: written, usual }: Pick<Key, "default" | "usual">): string {
  const found = written ?? usual;
  return found === undefined || JSON.stringify(found) === "{}" ? "" : code(toToml(found));
}

/** How it may be written, as TOML, where the default does not show that. */
export function exampleOf({ comment, value, ...key }: Key): string | undefined {
  if (comment?.example !== undefined) return comment.example;
  const [example] = value.examples;
  return example === undefined || defaultOf(key) !== "" ? undefined : toToml(example);
}

/** The value that an example shows. */
export function valueOf(example: string): unknown {
  const { data, errors } = readToml(`example = ${example}`);
  if (errors.length > 0) throw new Error(`No value of TOML: ${example}`);
  return asTable(data)["example"];
}

function isAboveZero(json: Readonly<Record<string, unknown>>): boolean {
  return String(json["pattern"]).includes("[1-9]");
}

/** Puts what is quoted in code, where a star is a star. */
function withCode(words: string): string {
  return words.replaceAll(/"[^"]*"/g, (quoted) => code(quoted));
}

function code(text: string): string {
  return `\`${text}\``;
}

function toToml(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(toToml).join(", ")}]`;
  return JSON.stringify(value);
}
