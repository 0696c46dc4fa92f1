import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { ConfigError } from "../problems/error.ts";
import type { Origin } from "./draft.ts";

/** Bounds of a config with all that it includes. */
const MAX_FILES = 1000;
const MAX_BYTES = 16 * 1024 * 1024;
const MAX_DEPTH = 16;

/** What a note repeats of the source. */
const MAX_SHOWN = 160;

/** The text of one file of a foreign config. */
export class ForeignText {
  readonly file: string;
  readonly text: string;
  readonly #starts: number[] = [0];

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
    for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) this.#starts.push(at + 1);
  }

  /** What stands from `start` to `end`, on one line, and where. */
  origin(start: number, end: number): Origin {
    const shown = this.text.slice(start, end).replace(/\s+/g, " ").trim();
    const text = shown.length > MAX_SHOWN ? `${shown.slice(0, MAX_SHOWN)}…` : shown;
    const next = this.#starts.findIndex((at) => at > start);
    const line = next === -1 ? this.#starts.length : next;
    return { file: this.file, line, column: start - this.#starts[line - 1]! + 1, text };
  }

  /** The error for what stands at `at`. */
  error(at: number, message: string): ConfigError {
    return errorAt(this.origin(at, at), message);
  }
}

/** The error for what stands at `origin`. */
function errorAt({ file, line, column }: Origin, message: string): ConfigError {
  return new ConfigError([{ file, line, column, path: "", message }]);
}

/** Reads the files of one foreign config, which may include others; how many and how much is bounded. */
export class ForeignFiles {
  #files = 0;
  #bytes = 0;

  /** Reads a file; `from` is what includes it. Throws a `ConfigError` where it cannot be read. */
  read(path: string, from?: Origin): ForeignText {
    const fail = (message: string, cause?: unknown) =>
      from === undefined
        ? new ConfigError([{ file: path, path: "", message }], { cause })
        : errorAt(from, `${path} ${message}`);
    this.#files++;
    if (this.#files > MAX_FILES) throw fail(`is one file too many; accepted: up to ${MAX_FILES}`);
    let bytes: Uint8Array;
    try {
      const stat = statSync(path);
      // A pipe may never end. What the command itself names may be one.
      if (from !== undefined && !stat.isFile() && !stat.isDirectory()) throw fail("is no file");
      this.#bytes += stat.size;
      if (this.#bytes > MAX_BYTES) {
        throw fail(`makes it too large; accepted: up to ${MAX_BYTES / 2 ** 20} MiB in all`);
      }
      bytes = readFileSync(path);
    } catch (error) {
      if (error instanceof ConfigError) throw error;
      const { code } = error as NodeJS.ErrnoException;
      throw fail(code === "ENOENT" ? "is not there" : `cannot be read: ${code}`, error);
    }
    return new ForeignText(path, new TextDecoder().decode(bytes));
  }

  /** Throws a `ConfigError` where files include each other without end. */
  checkDepth(depth: number, from: Origin): void {
    if (depth > MAX_DEPTH) throw errorAt(from, `includes files in more than ${MAX_DEPTH} levels`);
  }

  /** The files that a pattern with `*`, `?` and `[…]` stands for, sorted; itself where it has none of these. */
  expand(pattern: string, folder: string): string[] {
    const path = isAbsolute(pattern) ? pattern : join(folder, pattern);
    if (!/[*?[]/.test(path)) return [path];
    const segments = path.split("/");
    let found = [segments[0] === "" ? "/" : "."];
    for (const segment of segments.filter((part) => part !== "")) {
      if (!/[*?[]/.test(segment)) found = found.map((start) => join(start, segment));
      else found = found.flatMap((start) => matching(start, segment)).slice(0, MAX_FILES);
    }
    return found.filter(isFile).sort();
  }
}

/** The folder of a file. */
export function folderOf(file: string): string {
  return dirname(file);
}

function matching(folder: string, pattern: string): string[] {
  try {
    const fits = namesOf(pattern);
    // A star stands for no dot at the beginning, as in a shell.
    return readdirSync(folder).filter((name) =>
      fits.test(name) && (pattern.startsWith(".") || !name.startsWith("."))
    )
      .map((name) => join(folder, name));
  } catch {
    return []; // what is not there holds no files, and a range from z to a no letters
  }
}

/** The names that a pattern stands for, as in a shell: a bracket that is not closed is itself. */
function namesOf(pattern: string): RegExp {
  const source = pattern.replace(
    /\[([!^]?)(\]?[^\]]*)\]|[^]/g,
    (part, not: string | undefined, set: string | undefined) => {
      if (set !== undefined) return `[${not === "" ? "" : "^"}${set.replace(/[\\\]^[]/g, "\\$&")}]`;
      return part === "*" ? "[^/]*" : part === "?" ? "[^/]" : part.replace(/[.+^${}()|[\]\\/]/, "\\$&");
    },
  );
  return new RegExp(`^${source}$`);
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
