import { statSync } from "node:fs";
import { dirname, extname, isAbsolute, join, relative, resolve } from "node:path";
import process from "node:process";
import { ForeignFiles } from "./import/foreign-files.ts";
import { ConfigError, type ConfigProblem, type Included } from "./problems/error.ts";
import { type NamedSource, placeProblems, placesIn } from "./problems/problems.ts";
import { MAX_VALUES, TOO_MANY } from "./text/bounds.ts";
import { substitute } from "./text/environment.ts";
import { formatPath, type Path } from "./text/positions.ts";
import { createTable, type SourceDocument } from "./text/source.ts";
import { asTable, isTable, listAt } from "./text/tables.ts";

/** Files that one config may consist of, and levels of files that include each other. */
const MAX_FILES = 1000;
const MAX_DEPTH = 8;

/** A file of a config, read. */
export interface ReadFile {
  readonly document: SourceDocument;
  readonly source: NamedSource & { readonly text: string };
}

/** Lists at the top whose items are those of all files. */
const LISTS = ["frontends", "tests"];

/** A file that is part of the whole. */
interface Part extends ReadFile {
  /** Where its text begins in that of all. */
  readonly start: number;
}

/**
 * Puts a file and all that it includes together, with the places of every part. `read` reads one of them, and throws a
 * `ConfigError`. What is wrong with several files is said of all of them; the error knows what was looked at.
 */
export function withIncludes(
  root: ReadFile,
  { read, maxBytes }: { read: (file: string) => ReadFile; maxBytes: number },
): { readonly document: SourceDocument; readonly source: NamedSource; readonly included: Included } {
  /** Absolute paths of all that was taken, however they were written. */
  const taken = new Set([resolve(root.source.file)]);
  const parts: Part[] = [];
  const files: string[] = [];
  const patterns = new Set<string>();
  const problems: ConfigProblem[] = [];
  let length = 0;
  let values = 0;

  function add(file: ReadFile, chain: readonly string[]): void {
    parts.push({ ...file, start: length });
    length += file.source.text.length;
    values += file.document.positions.count;
    const own = [...chain, file.source.file];
    includesOf(file).forEach((pattern, i) => {
      if (typeof pattern !== "string") return; // the schema says so
      const refuse = (message: string) =>
        problems.push(...problemsAt(file, [{ path: ["include", i], message }]));
      patterns.add(isAbsolute(pattern) ? pattern : join(dirname(file.source.file), pattern));
      for (const path of found(pattern, file.source.file)) take(path, own, refuse);
    });
  }

  function take(path: string, chain: readonly string[], refuse: (message: string) => void): void {
    const absolute = resolve(path);
    if (chain.some((file) => resolve(file) === absolute)) {
      return refuse(`includes itself: ${[...chain, path].join(" -> ")}`);
    }
    if (taken.has(absolute)) return; // two patterns stand for it
    const obstacle = obstacleAt(path);
    if (obstacle !== undefined) {
      return refuse(`${JSON.stringify(path)} ${obstacle}; accepted: a file, or a pattern`);
    }
    if (files.length + 1 >= MAX_FILES) {
      return refuse(`is one file too many; accepted: up to ${MAX_FILES} files in all`);
    }
    if (chain.length >= MAX_DEPTH) return refuse(`is too deep; accepted: up to ${MAX_DEPTH} levels of files`);
    files.push(path);
    taken.add(absolute);
    let file: ReadFile;
    try {
      file = read(path);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return void problems.push(...error.problems);
    }
    if (length + file.source.text.length > maxBytes) {
      return refuse(`makes the config too large; accepted: up to ${maxBytes / 1024 / 1024} MiB in all`);
    }
    if (values + file.document.positions.count > MAX_VALUES) return refuse(TOO_MANY);
    add(file, chain);
  }

  add(root, []);
  const included = { files, patterns: [...patterns] };
  const merged = merge(parts, problems);
  if (problems.length > 0) throw new ConfigError(problems, { included });
  return { ...merged, included };
}

/** Why `path` cannot be included: to read a pipe would be to wait for its writer. Undefined for a file. */
function obstacleAt(path: string): string | undefined {
  try {
    return statSync(path).isFile() ? undefined : "is no file";
  } catch {
    return "is not there";
  }
}

/** What a file says that it includes; a variable in it counts. */
function includesOf({ document }: ReadFile): readonly unknown[] {
  const { data } = substitute(listAt(document.data, "include"), process.env);
  return data as unknown[];
}

/** Files that a pattern stands for, as seen from the file that it stands in. */
function found(pattern: string, from: string): string[] {
  const paths = new ForeignFiles().expand(pattern, dirname(from));
  // The including file itself is no surprise where a pattern of its own folder stands for it.
  const others = paths.filter((path) => relative(path, from) !== "");
  return /[*?[]/.test(pattern) ? others.filter((path) => extname(path) !== "") : paths;
}

function merge(
  parts: readonly Part[],
  problems: ConfigProblem[],
): { document: SourceDocument; source: NamedSource } {
  const data: Record<string, unknown> = createTable();
  const owners = new Map<string, Part>();
  const items = new Map<string, { readonly part: Part; readonly from: number }[]>();
  const [root] = parts;

  const placed = (part: Part, path: Path) => {
    const { positions } = part.document;
    const at = placesIn(part.source)(positions.key(path));
    return `${at.file}:${at.line}:${at.column}`;
  };
  const claim = (part: Part, path: Path, accepted: string): boolean => {
    const key = formatPath(path);
    const owner = owners.get(key);
    if (owner !== undefined) {
      const message = `is there already, at ${placed(owner, path)}; accepted: ${accepted}`;
      problems.push(...problemsAt(part, [{ path, message }], true));
      return false;
    }
    owners.set(key, part);
    return true;
  };

  for (const part of parts) {
    for (const [key, value] of Object.entries(asTable(part.document.data))) {
      if (key === "include" && part !== root) continue;
      if (LISTS.includes(key) && Array.isArray(value)) {
        const all = (data[key] ??= []) as unknown[];
        items.set(key, [...items.get(key) ?? [], { part, from: all.length }]);
        all.push(...value);
      } else if (key === "backends" && isTable(value)) {
        const all = (data[key] ??= createTable()) as Record<string, unknown>;
        for (const [name, backend] of Object.entries(value)) {
          if (claim(part, [key, name], "each backend in one file")) all[name] = backend;
        }
      } else if (claim(part, [key], "each section in one file")) data[key] = value;
    }
  }

  /** The part that holds what stands at `path` of all, and its path there. */
  const locate = ([key, second, ...rest]: Path): { part: Part; path: Path } => {
    const name = String(key);
    if (typeof second === "number" && items.has(name)) {
      const { part, from } = items.get(name)!.findLast(({ from }) => from <= second)!;
      return { part, path: [name, second - from, ...rest] };
    }
    const path = [key, second, ...rest].filter((step) => step !== undefined);
    const owner = owners.get(formatPath(path.slice(0, 2))) ?? owners.get(formatPath(path.slice(0, 1)));
    return { part: owner ?? items.get(name)?.[0]?.part ?? root!, path };
  };
  const position = (path: Path, read: "key" | "value") => {
    if (path.length === 0) return 0;
    const found = locate(path);
    return found.part.start + found.part.document.positions[read](found.path);
  };
  const isToml = parts.every(({ document }) => document.headers === true);
  return {
    document: {
      data,
      positions: {
        count: 0,
        has: (path) => path.length > 0 && locate(path).part.document.positions.has(locate(path).path),
        key: (path) => position(path, "key"),
        value: (path) => position(path, "value"),
      },
      errors: [],
      written: (path) => path.length === 0 ? path : locate(path).path,
      ...(isToml && { headers: true }),
    },
    source: {
      file: root!.source.file,
      text: parts.map(({ source }) => source.text).join(""),
      parts: parts.map(({ source, start }) => ({ file: source.file, start })),
    },
  };
}

function problemsAt(
  { document, source }: ReadFile,
  references: readonly { path: Path; message: string }[],
  atKey = false,
): ConfigProblem[] {
  const { positions } = document;
  const key = (path: Path) => positions.key(path);
  const keyed = { count: positions.count, has: (path: Path) => positions.has(path), key, value: key };
  return placeProblems(
    atKey ? { ...document, positions: keyed } : document,
    { issues: [], references },
    source,
  );
}
