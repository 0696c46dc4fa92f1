import process from "node:process";
import { readData } from "./text/data.ts";
import { convertVariables, substitute, unchanged } from "./text/environment.ts";
import { ConfigError, type Included } from "./problems/error.ts";
import { freeze } from "./freeze.ts";
import { findKeyPlaces } from "./text/key-places.ts";
import { formatPath } from "./text/positions.ts";
import type { Path } from "./text/positions.ts";
import { dropSchemaKey } from "./text/schema-key.ts";
import type { SourceDocument } from "./text/source.ts";
import type { ReadAs } from "./import/drop-in.ts";
import { placeErrors, placeProblems, placesIn, writtenPath } from "./problems/problems.ts";
import type { NamedSource } from "./problems/problems.ts";
import type { ReferenceProblem } from "./checks/action-references.ts";
import { asTable } from "./text/tables.ts";
import { checkReferences } from "./checks/references.ts";
import { type ConfigFormat, type ConfigSource, readConfig } from "./read.ts";
import { configSchema } from "./schema.ts";
import type { Config } from "./schema.ts";

/** A config, and how it was written. */
export interface LoadedConfig {
  readonly config: Config;
  /** Where it is written in the keys of a predecessor. */
  readonly readAs: ReadAs | undefined;
  /** What it includes. */
  readonly included: Included;
}

/**
 * Reads and checks a config file; its extension tells the format. Nothing else runs meanwhile, so that while there are
 * requests large files are read in a thread.
 *
 * Throws a `ConfigError`, also for a file that cannot be read.
 */
export function loadConfigFile(path: string): Config {
  return loadConfig({ file: path }).config;
}

/** The same for a text as well, with what is to be said of how it was written. */
export function loadConfig(from: ConfigSource): LoadedConfig {
  return load(from);
}

/** Checks a config text. `file` is what messages call it. Throws a `ConfigError` with all problems. */
export function parseConfig(text: string, options: { file: string; format: ConfigFormat }): Config {
  return load({ file: options.file, text }, options.format).config;
}

function load(from: ConfigSource, format?: ConfigFormat): LoadedConfig {
  const { document, source, readAs, included } = readConfig(from, format);
  try {
    return { config: toConfig(document, source), readAs, included };
  } catch (error) {
    throw error instanceof ConfigError ? new ConfigError(error.problems, { included }) : error;
  }
}

/**
 * Where `path` stands in the config file `file`, as messages write it: `sluice.toml:2:8: frontends[0].bind`. Reads the
 * file again, as nobody keeps it, so it is for failures alone. Without line and column where the file cannot be read.
 */
export function findPlace(file: string, path: Path): string {
  try {
    return placeIn({ file }, path);
  } catch {
    return `${file}: ${formatPath(path)}`; // it is gone, or changed
  }
}

/** What is wrong with a config that could be read, each problem in its place; reads the file again. */
export function refuseFile(from: ConfigSource, references: readonly ReferenceProblem[]): ConfigError {
  try {
    const { document, source } = readConfig(from);
    return new ConfigError(placeProblems(document, { issues: [], references }, source));
  } catch {
    return refuseData(references, from.file); // it is gone, or changed
  }
}

/** The same for data, or for a file that is gone: without lines. */
export function refuseData(references: readonly ReferenceProblem[], file = "config"): ConfigError {
  return new ConfigError(
    references.map(({ path, message }) => ({ file, path: formatPath(path), message })),
  );
}

/** Where `path` stands in a config text. */
export function findPlaceInText(
  text: string,
  { file, format, path }: { file: string; format: ConfigFormat; path: Path },
): string {
  return placeIn({ file, text }, path, format);
}

function placeIn(from: ConfigSource, path: Path, format?: ConfigFormat): string {
  const { document: { data, positions, written }, source } = readConfig(from, format);
  const found = writtenPath(path, data);
  const { file, line, column } = placesIn({ ...source, text: source.text! })(positions.value(found));
  return `${file}:${line}:${column}: ${formatPath(written?.(found) ?? found)}`;
}

/** Checks data that came without a text: its problems have paths, but no lines. Throws a `ConfigError`. */
export function validateConfig(data: unknown, options: { file?: string } = {}): Config {
  if (Object.hasOwn(asTable(data), "include")) {
    throw refuseData(
      [{ path: ["include"], message: "is for files; accepted: what they hold, in the data" }],
      options.file,
    );
  }
  const document = readData(data);
  dropSchemaKey(document);
  return validateDocument(document, options.file ?? "config");
}

/** The same for data whose places are known by other names. */
export function validateDocument(document: SourceDocument, file: string): Config {
  if (document.errors.length > 0) throw new ConfigError(placeErrors(document, { file }));
  return toConfig(document, { file });
}

function toConfig(document: SourceDocument, source: NamedSource): Config {
  // A program that hands over data has put its own values in.
  const substituted = source.text === undefined || document.literal === true
    ? unchanged(document.data)
    : substitute(document.data, process.env);
  const { data } = substituted;
  let result = configSchema.safeParse(data);
  // A text that is read as a list may hold texts that are to be read as numbers.
  for (let i = 0; i < 2 && !result.success; i++) {
    if (!convertVariables(substituted, result.error.issues)) break;
    result = configSchema.safeParse(data);
  }
  const references = [...substituted.problems, ...checkReferences(data)];
  if (result.success && references.length === 0) return freeze(result.data);
  // What a missing variable left empty has one problem, not two.
  const issues = (result.error?.issues ?? []).filter(({ path }) =>
    !substituted.problems.some((problem) => problem.path.every((key, i) => key === path[i]))
  );
  throw new ConfigError(placeProblems({ ...document, data }, { issues, references, keyPlaces }, source));
}

function keyPlaces(key: string, from: Path): readonly string[] {
  const places = findKeyPlaces(configSchema, key, from);
  // What a test has, such as "from", is meant by nobody who writes it elsewhere.
  return from[0] === "tests" ? places : places.filter((place) => !place.startsWith("tests."));
}
