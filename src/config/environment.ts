import type { z } from "zod";
import { refuseValue } from "./message.ts";
import type { Path } from "./places.ts";
import type { ReferenceProblem } from "./action-references.ts";

/** Variables by name, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Data after its variables were put in. */
export interface Substituted {
  readonly data: unknown;
  readonly problems: readonly ReferenceProblem[];
  /** Paths of the texts that held a variable, as JSON. */
  readonly paths: ReadonlySet<string>;
}

const FORM = '"${NAME}" or "${NAME:-default}", and "$${" for the characters themselves';
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
      if (name === undefined) {
        problems.push({ path, message: refuseValue(text, FORM) });
        return "";
      }
      const value = environment[name];
      if (value !== undefined && (value !== "" || fallback === undefined)) return value;
      if (fallback !== undefined) return fallback;
      const missing = `needs the environment variable ${name}, which is not set`;
      problems.push({ path, message: `${missing}; accepted: a value for it, or "\${${name}:-default}"` });
      return "";
    });
  }

  return { data: walk(data, []), problems, paths };
}

/** `data` as it is. */
export function unchanged(data: unknown): Substituted {
  return { data, problems: [], paths: new Set() };
}

/**
 * Turns texts that came from variables into the numbers and booleans that the schema wanted at their place, in place.
 * Returns whether anything changed: a variable is always a text, and only the schema knows what it stands for.
 */
export function convertVariables(
  { data, paths }: Substituted,
  issues: readonly z.core.$ZodIssue[],
): boolean {
  let changed = false;
  for (const { code, path, ...issue } of issues) {
    if (code !== "invalid_type" || !paths.has(JSON.stringify(path))) continue;
    const holder = path.slice(0, -1).reduce(
      (value, key) => (value as Record<PropertyKey, unknown>)[key],
      data,
    ) as Record<PropertyKey, unknown>;
    const key = path.at(-1)!;
    const value = toExpected(String(holder[key]), (issue as { expected?: string }).expected);
    if (value === undefined) continue;
    holder[key] = value;
    changed = true;
  }
  return changed;
}

function toExpected(text: string, expected: string | undefined): number | boolean | undefined {
  if (expected === "boolean") return text === "true" ? true : text === "false" ? false : undefined;
  if (expected !== "number" && expected !== "int") return undefined;
  return /^-?\d{1,15}$/.test(text) ? Number(text) : undefined;
}
