import type { z } from "zod";
import type { ConfigProblem } from "./error.ts";
import { Hints } from "./hints.ts";
import { type LineAndColumn, Lines } from "../text/lines.ts";
import { formatPath } from "../text/positions.ts";
import type { Path } from "../text/positions.ts";
import type { SourceDocument } from "../text/source.ts";
import type { ReferenceProblem } from "../checks/action-references.ts";

/** A text and the name that messages give it. Without `text` there are no lines and columns. */
export interface NamedSource {
  file: string;
  text?: string;
  /** Files that stand in the text one after another, where it is more than `file`: each from its offset on. */
  parts?: readonly TextPart[];
}

/** A file in a text that is made of several. */
export interface TextPart {
  readonly file: string;
  /** Offset of its first character. */
  readonly start: number;
}

/** A problem with its offset, before the offset is turned into line and column. */
interface Finding {
  offset: number;
  path: Path;
  message: string;
  /** Where inside the text value `value` the problem lies. */
  within?: { at: number; value: unknown };
}

/** Places what the format refuses. The path is empty: there may be no data around such an error. */
export function placeErrors(document: SourceDocument, source: NamedSource): ConfigProblem[] {
  return finish(document.errors.map((error) => ({ path: [], ...error })), document, source);
}

export interface Found {
  issues: readonly z.core.$ZodIssue[];
  references: readonly ReferenceProblem[];
  /** Where a key that stands at `from` and is unknown there belongs. */
  keyPlaces?: (key: string, from: Path) => readonly string[];
}

/** Places and sorts what was found: unknown keys at the key, all else at the value. */
export function placeProblems(
  document: SourceDocument,
  found: Found,
  source: NamedSource,
): ConfigProblem[] {
  const { positions } = document;
  const hints = new Hints(document, source.text, found.keyPlaces);
  const findings = found.issues.flatMap((issue) => toFindings(issue, document, hints));
  for (const { path, message, other } of found.references) {
    const named = other === undefined ? message : withPlace(message, { path, other }, document, source);
    findings.push({ path, message: named, offset: positions.value(path) });
  }
  return finish(findings, document, source);
}

/** `message` with `other` as its file calls it, and its place where that is another file. */
function withPlace(
  message: string,
  { path, other }: { path: Path; other: Path },
  { positions, written = (path) => path }: SourceDocument,
  { file, text, parts }: NamedSource,
): string {
  const name = formatPath(written(other));
  if (text === undefined || parts === undefined) return message.replace(formatPath(other), () => name);
  const placeOf = placesIn({ file, text, parts });
  const at = placeOf(positions.value(other));
  const same = placeOf(positions.value(path)).file === at.file;
  return message.replace(
    formatPath(other),
    () => same ? name : `${name} in ${at.file}:${at.line}:${at.column}`,
  );
}

function toFindings(
  issue: z.core.$ZodIssue,
  { data, positions }: SourceDocument,
  hints: Hints,
): Finding[] {
  if (issue.code === "unrecognized_keys") {
    const messages = issue.message.split("\n"); // one for each key; see `section`
    return issue.keys.map((key, i) => {
      const path = [...issue.path, key];
      return {
        path,
        offset: positions.key(path),
        message: messages[i]! + hints.ofUnknownKey(path, messages[i]!),
      };
    });
  }
  const path = writtenPath(issue.path, data);
  if (issue.code === "invalid_key") {
    return [{ path, offset: positions.key(path), message: issue.issues[0]!.message }];
  }
  const at: unknown = issue.code === "custom" ? issue.params?.["within"] : undefined;
  const within = typeof at === "number" ? { within: { at, value: valueAt(data, path) } } : {};
  const hint = issue.code === "invalid_type" ? hints.ofKind(path, issue.expected) : "";
  return [{ path, offset: positions.value(path), message: issue.message + hint, ...within }];
}

/**
 * Cuts `path` off at the first value that has nothing inside.
 *
 * A text that stands for a list or a table (`bind = ":80"`) is one to the schema, but not in the file.
 */
export function writtenPath(path: Path, data: unknown): Path {
  let value = data;
  for (const [i, key] of path.entries()) {
    if (typeof value !== "object" || value === null) return path.slice(0, i);
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return path;
}

function valueAt(data: unknown, path: Path): unknown {
  return path.reduce((value, key) => (value as Record<PropertyKey, unknown>)[key], data);
}

/**
 * The offset inside a value, where the file has the value letter by letter, in quotes or without. Escapes and variables
 * make the two differ: then it is where the value begins.
 */
function pointWithin(text: string, { offset, within }: Finding): number {
  if (within === undefined || typeof within.value !== "string") return offset;
  const start = /["']/.test(text[offset] ?? "") ? offset + 1 : offset;
  return text.startsWith(within.value, start) ? start + within.at : offset;
}

function finish(
  findings: Finding[],
  { written = (path) => path }: SourceDocument,
  source: NamedSource,
): ConfigProblem[] {
  const { file, text } = source;
  const placeOf = text === undefined ? undefined : placesIn({ file, text, parts: source.parts ?? [] });
  return findings.sort((a, b) => a.offset - b.offset).map((finding) => ({
    file,
    ...placeOf?.(pointWithin(text!, finding)),
    path: formatPath(written(finding.path)),
    message: finding.message,
  }));
}

/** File, line and column of any number of offsets. */
export function placesIn(
  { file, text, parts = [] }: NamedSource & { text: string },
): (offset: number) => LineAndColumn & { file: string } {
  const files = parts.length === 0 ? [{ file, start: 0 }] : parts;
  const lines = files.map(({ start }, i) => new Lines(text.slice(start, files[i + 1]?.start)));
  return (offset) => {
    const at = Math.max(0, files.findLastIndex(({ start }) => start <= offset));
    return { file: files[at]!.file, ...lines[at]!.at(offset - files[at]!.start) };
  };
}
