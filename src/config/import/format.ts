import type { z } from "zod";
import type { SourceDocument } from "../text/source.ts";
import type { Translation } from "./translation.ts";

/** A format whose files run as they are. */
export interface DropInFormat {
  /** Of the program that it belongs to. */
  readonly name: string;
  /** Whether a file with this data at its top is written in it. No file of ours is, even one with mistakes. */
  isMeant(data: Readonly<Record<string, unknown>>, document: SourceDocument): boolean;
  /** Whether `${NAME}` in it stands for a variable, as in our own files. */
  readonly takesVariables?: true;
  /** What is wrong with the data by the rules of the format, or else what it stands for. */
  read(
    data: unknown,
  ): { readonly issues: readonly z.core.$ZodIssue[] } | { readonly translation: Translation };
}

/** A `read` that checks data by `schema` and then translates it. */
export function readBy<Schema extends z.ZodType>(
  schema: Schema,
  translate: (written: z.output<Schema>) => Translation,
): DropInFormat["read"] {
  return (data) => {
    const result = schema.safeParse(data);
    return result.success ? { translation: translate(result.data) } : { issues: result.error.issues };
  };
}

/** Keys at the top of our own files, of which every one has one. */
const OURS = ["frontends", "backends", "include"];

/** Whether data has two or more of `keys`, which our own files do not have, and nothing that makes it one of those. */
export function hasOwnShape(data: Readonly<Record<string, unknown>>, keys: readonly string[]): boolean {
  if (OURS.some((key) => Object.hasOwn(data, key))) return false;
  return keys.filter((key) => Object.hasOwn(data, key)).length >= 2;
}
