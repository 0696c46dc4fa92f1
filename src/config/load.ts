import { readFileSync, statSync } from "node:fs";
import { extname } from "node:path";
import process from "node:process";
import { readData } from "./text/data.ts";
import { convertVariables, substitute, unchanged } from "./text/environment.ts";
import { ConfigError } from "./problems/error.ts";
import { freeze } from "./freeze.ts";
import { findKeyPlaces } from "./text/key-places.ts";
import { readJson } from "./text/json.ts";
import { Lines } from "./text/lines.ts";
import { formatPath } from "./text/positions.ts";
import type { Path } from "./text/positions.ts";
import type { SourceDocument } from "./text/source.ts";
import { placeErrors, placeProblems, writtenPath } from "./problems/problems.ts";
import type { NamedSource } from "./problems/problems.ts";
import type { ReferenceProblem } from "./checks/action-references.ts";
import { checkReferences } from "./checks/references.ts";
import { configSchema } from "./schema.ts";
import type { Config } from "./schema.ts";
import { readToml } from "./text/toml.ts";
import { readYaml } from "./text/yaml.ts";

/** The formats a config may be written in. All carry the same keys. */
export type ConfigFormat = "toml" | "yaml" | "json";

const READERS: Record<ConfigFormat, (text: string) => SourceDocument> = {
  toml: readToml,
  yaml: readYaml,
  json: readJson,
};

const FORMATS: ReadonlyMap<string, ConfigFormat> = new Map([
  [".toml", "toml"],
  [".yaml", "yaml"],
  [".yml", "yaml"],
  [".json", "json"],
]);

/** Bytes of a config. Reading takes up to a second or two for each MiB; 10,000 routes are less than one. */
export const MAX_CONFIG_BYTES = 4 * 1024 * 1024;

const TOO_LARGE = `is too large; accepted: up to ${MAX_CONFIG_BYTES / 1024 / 1024} MiB`;

/** Where a config stands: in a file, or in a text that is to be read as if it were that file's. */
export interface ConfigSource {
  readonly file: string;
  readonly text?: string | undefined;
}

/**
 * Reads and checks a config file; its extension tells the format. Nothing else runs meanwhile, so that while there are
 * requests large files are read in a thread.
 *
 * Throws a `ConfigError`, also for a file that cannot be read.
 */
export function loadConfigFile(path: string): Config {
  return loadConfig({ file: path });
}

/** The same for a text as well. */
export function loadConfig({ file, text }: ConfigSource): Config {
  const format = formatOf(file);
  return parseConfig(text ?? readConfigText(file), { file, format });
}

/** Checks a config text. `file` is what messages call it. Throws a `ConfigError` with all problems. */
export function parseConfig(text: string, options: { file: string; format: ConfigFormat }): Config {
  if (text.length > MAX_CONFIG_BYTES) throw fail(options.file, TOO_LARGE);
  const plain = text.replace(/^\uFEFF/, ""); // editors on Windows put a byte order mark there
  return toConfig(READERS[options.format](plain), { file: options.file, text: plain });
}

/**
 * Where `path` stands in the config file `file`, as messages write it: `sluice.toml:2:8: frontends[0].bind`. Reads the
 * file again, as nobody keeps it, so it is for failures alone. Without line and column where the file cannot be read.
 */
export function findPlace(file: string, path: Path): string {
  try {
    const text = readConfigText(file).replace(/^\uFEFF/, "");
    return findPlaceInText(text, { file, format: formatOf(file), path });
  } catch {
    return `${file}: ${formatPath(path)}`; // it is gone, or changed
  }
}

/** What is wrong with a config that could be read, each problem in its place; reads the file again. */
export function refuseFile(
  { file, text: given }: ConfigSource,
  references: readonly ReferenceProblem[],
): ConfigError {
  try {
    const text = (given ?? readConfigText(file)).replace(/^\uFEFF/, "");
    return new ConfigError(
      placeProblems(READERS[formatOf(file)](text), { issues: [], references }, { file, text }),
    );
  } catch {
    return refuseData(references, file); // it is gone, or changed
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
  const { data, positions } = READERS[format](text);
  const written = writtenPath(path, data);
  const { line, column } = new Lines(text).at(positions.value(written));
  return `${file}:${line}:${column}: ${formatPath(written)}`;
}

/** Checks data that came without a text: its problems have paths, but no lines. Throws a `ConfigError`. */
export function validateConfig(data: unknown, options: { file?: string } = {}): Config {
  return toConfig(readData(data), { file: options.file ?? "config" });
}

function toConfig(document: SourceDocument, source: NamedSource): Config {
  // Half of a document would only add problems that are not there.
  if (document.errors.length > 0) throw new ConfigError(placeErrors(document, source));
  // A program that hands over data has put its own values in.
  const substituted = source.text === undefined
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

function formatOf(path: string): ConfigFormat {
  const format = FORMATS.get(extname(path).toLowerCase());
  if (format !== undefined) return format;
  throw fail(path, `has the extension "${extname(path)}"; accepted: ${[...FORMATS.keys()].join(", ")}`);
}

function keyPlaces(key: string, from: Path): readonly string[] {
  const places = findKeyPlaces(configSchema, key, from);
  // What a test has, such as "from", is meant by nobody who writes it elsewhere.
  return from[0] === "tests" ? places : places.filter((place) => !place.startsWith("tests."));
}

/** The text of a config file. Throws a `ConfigError` where it cannot be read. */
export function readConfigText(path: string): string {
  let bytes: Uint8Array;
  try {
    if (statSync(path).size > MAX_CONFIG_BYTES) throw fail(path, TOO_LARGE);
    bytes = readFileSync(path);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    throw fail(path, code === "ENOENT" ? "there is no such file" : `cannot be read: ${code}`, error);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw fail(path, "is not UTF-8 text", error);
  }
}

function fail(file: string, message: string, cause?: unknown): ConfigError {
  return new ConfigError([{ file, path: "", message }], { cause });
}
