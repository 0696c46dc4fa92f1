import { readFileSync, statSync } from "node:fs";
import { extname } from "node:path";
import { type ReadAs, readDropIn } from "./import/drop-in.ts";
import { type ReadFile, withIncludes } from "./include.ts";
import { ConfigError, type Included } from "./problems/error.ts";
import { type NamedSource, placeErrors, placeProblems } from "./problems/problems.ts";
import { readJson } from "./text/json.ts";
import { dropSchemaKey } from "./text/schema-key.ts";
import type { SourceDocument } from "./text/source.ts";
import { asTable } from "./text/tables.ts";
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

/** A config in our keys, as it was written: what its schema is asked about. */
export interface ReadConfig {
  readonly document: SourceDocument;
  /** Where the problems of it stand. */
  readonly source: NamedSource;
  /** Where it is written in the keys of a predecessor. */
  readonly readAs: ReadAs | undefined;
  /** What it includes. */
  readonly included: Included;
}

/**
 * Reads a config, whatever it is written in; `format` where the extension of its file does not tell. Throws a `ConfigError`
 * for a file that cannot be read, and for what is wrong by the rules of its own format.
 */
export function readConfig(from: ConfigSource, format?: ConfigFormat): ReadConfig {
  const file = readFile(from, format);
  const { document, source } = file;
  const dropIn = readDropIn(document);
  if (dropIn !== undefined && "issues" in dropIn) {
    throw new ConfigError(placeProblems(document, { issues: dropIn.issues, references: [] }, source));
  }
  if (dropIn !== undefined) return { ...dropIn, source, included: NOTHING };
  if (!Object.hasOwn(asTable(document.data), "include")) {
    return { document, source, readAs: undefined, included: NOTHING };
  }
  const whole = withIncludes(file, { read: (file) => readFile({ file }), maxBytes: MAX_CONFIG_BYTES });
  return { ...whole, readAs: undefined };
}

const NOTHING: Included = { files: [], patterns: [] };

/** Reads one file. Throws a `ConfigError`. */
function readFile({ file, text }: ConfigSource, format = formatOf(file)): ReadFile {
  const written = text ?? readConfigText(file);
  if (written.length > MAX_CONFIG_BYTES) throw fail(file, TOO_LARGE);
  const plain = written.replace(/^\uFEFF/, ""); // editors on Windows put a byte order mark there
  const source = { file, text: plain };
  const document = READERS[format](plain);
  // Half of a document would only add problems that are not there.
  if (document.errors.length > 0) throw new ConfigError(placeErrors(document, source));
  dropSchemaKey(document);
  return { document, source };
}

function formatOf(path: string): ConfigFormat {
  const format = FORMATS.get(extname(path).toLowerCase());
  if (format !== undefined) return format;
  throw fail(path, `has the extension "${extname(path)}"; accepted: ${[...FORMATS.keys()].join(", ")}`);
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
