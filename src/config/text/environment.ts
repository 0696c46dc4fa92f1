import type { z } from "zod";
import { refuseValue } from "../problems/wording.ts";
import type { Path } from "./positions.ts";
import type { ReferenceProblem } from "../checks/action-references.ts";

/** Variables by name, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Data after its variables were put in. */
export interface Substituted {
  readonly data: unknown;
  readonly problems: readonly ReferenceProblem[];
  /** Paths of the texts that held a variable, as JSON. */
  readonly paths: Set<string>;
}

const FORM =
  '"${NAME}" or "${NAME:-default}", no "${" in the default, and "$${" for the characters themselves';
const REFERENCE = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|\$\{/g;

/**
 * Puts variables of the environment into the texts of `data`, in copies: `${NAME}`, or `${NAME:-default}` where an
 * empty or missing one has a default. Keys stay as they are, and what a variable holds is not looked into again.
 */
export function substitute(data: unknown, environment: Environment): Substituted {
  const problems: ReferenceProblem[] = [];
  const paths = new Set<string>();

  function walk(value: unknown, path: Path): unknown {
    if (typeof value === "string") return value.includes("${") ? replace(value, path) : value;
    if (Array.isArray(value)) return value.map((item, i) => walk(item, [...path, i]));
    if (typeof value !== "object" || value === null) return value;
    const copy = Object.create(null);
    for (const [key, item] of Object.entries(value)) copy[key] = walk(item, [...path, key]);
    return copy;
  }

  function replace(text: string, path: Path): string {
    paths.add(JSON.stringify(path));
    return text.replace(REFERENCE, (found, name: string | undefined, fallback: string | undefined) => {
      if (found === "$${") return "${";
      // A variable in a default would end it at its first brace, and the rest be text.
      if (name === undefined || fallback?.includes("${")) {
        problems.push({ path, message: refuseValue(text, FORM) });
        return "";
      }
      const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
      if (value !== undefined && (value !== "" || fallback === undefined)) return value;
      if (fallback !== undefined) return fallback;
      const missing = `needs the environment variable ${name}, which is not set`;
      problems.push({ path, message: `${missing}; accepted: a value for it, or "\${${name}:-default}"` });
      return "";
    });
  }

  return { data: walk(data, []), problems, paths };
}

/** For data that a program hands over: it has put its own values in. */
export function unchanged(data: unknown): Substituted {
  return { data, problems: [], paths: new Set() };
}

/**
 * Turns texts that came from variables into what the schema wanted, as `issues` say: a number, true or false, or a list
 * of what stands between commas. Changes `data` in place. A variable is always a text, and only the schema knows what it
 * stands for. Returns whether anything changed; then the data is to be checked again, which may find more to turn.
 */
export function convertVariables({ data, paths }: Substituted, issues: readonly z.core.$ZodIssue[]): boolean {
  let changed = false;
  for (const issue of issues) {
    const path = issue.path.slice(
      0,
      1 + issue.path.findLastIndex((_, i) => paths.has(keyOf(issue.path, i + 1))),
    );
    if (path.length === 0) continue;
    const holder = path.slice(0, -1).reduce((value, key) => (value as Holder)[key], data) as Holder;
    const key = path.at(-1)!;
    const text = holder[key];
    if (typeof text !== "string") continue; // read by an earlier issue
    const value = readAs(text, issue, issue.path.slice(path.length));
    if (value === undefined) continue;
    holder[key] = value;
    if (Array.isArray(value)) value.forEach((_, i) => paths.add(keyOf([...path, i])));
    changed = true;
  }
  return changed;
}

type Holder = Record<PropertyKey, unknown>;

function keyOf(path: Path, length = path.length): string {
  return JSON.stringify(path.slice(0, length));
}

/** The text as what `issue` wants. `below` is the path from the text to the issue: a text may stand for a list or a table. */
function readAs(text: string, issue: z.core.$ZodIssue, below: Path): unknown {
  if (below.length > 0) return below[0] === 0 && text.includes(",") ? toList(text) : undefined;
  const scalar = toScalar(text);
  if (issue.code === "invalid_value") {
    return issue.values.some((value) => typeof value === typeof scalar) ? scalar : undefined;
  }
  if (issue.code !== "invalid_type") return undefined;
  if (issue.expected === "array") return typeof scalar === "boolean" ? scalar : toList(text);
  if (issue.expected === "boolean") return typeof scalar === "boolean" ? scalar : undefined;
  const isNumber = issue.expected === "number" || issue.expected === "int";
  return isNumber && typeof scalar === "number" ? scalar : undefined;
}

function toScalar(text: string): number | boolean | undefined {
  if (text === "true" || text === "false") return text === "true";
  return /^-?\d{1,15}(?:\.\d{1,15})?$/.test(text) ? Number(text) : undefined;
}

function toList(text: string): string[] {
  return text.split(",").map((item) => item.trim()).filter((item) => item !== "");
}
