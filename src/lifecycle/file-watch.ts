import { type FSWatcher, readFileSync, statSync, watch } from "node:fs";
import { basename, dirname } from "node:path";
import { FOLDER_WATCH_MAY_HANG } from "../net/gaps.ts";
import { MAX_CONFIG_BYTES } from "../config/read.ts";

/** Time that a new content must stay the same: programs write a file in several steps. */
const SETTLE_MS = 50;

/**
 * Watches the content of a file. The system's hints make it quick; looks at an interval make it sure, where a file system
 * gives no hints.
 */
export class FileWatch {
  readonly #path: string;
  readonly #onChange: () => void;
  #seen: string | undefined;
  /** What the last look found, if it is another content. */
  #found: string | undefined;
  #foundAt = 0;
  #intervalMs = 0;
  #interval: ReturnType<typeof setInterval> | undefined;
  #again: ReturnType<typeof setTimeout> | undefined;
  #hints: FSWatcher | undefined;

  /** What is in the file now counts as seen. It is not watched before `every`. */
  constructor(path: string, onChange: () => void) {
    this.#path = path;
    this.#onChange = onChange;
    this.note();
  }

  /** What is in the file now counts as seen: somebody is about to read it. */
  note(): void {
    this.#seen = contentOf(this.#path);
  }

  /** Looks every `ms` milliseconds from now on; 0 does not look at all. */
  every(ms: number): void {
    if (ms === this.#intervalMs) return;
    this.close();
    this.#intervalMs = ms;
    if (ms === 0) return;
    this.#interval = setInterval(() => this.#look(), Math.max(ms, SETTLE_MS));
    this.#hints = watchFolder(this.#path, () => this.#look());
    this.#look(); // nobody looked until now
  }

  /** Stops looking. */
  close(): void {
    this.#intervalMs = 0;
    clearInterval(this.#interval);
    clearTimeout(this.#again);
    this.#hints?.close();
  }

  #look(): void {
    const content = contentOf(this.#path);
    // A file that is away for a moment is being replaced.
    if (content === undefined || content === this.#seen) return;
    if (content !== this.#found) {
      this.#found = content;
      this.#foundAt = performance.now();
    }
    const left = this.#foundAt + SETTLE_MS - performance.now();
    clearTimeout(this.#again);
    if (left > 0) this.#again = setTimeout(() => this.#look(), Math.ceil(left));
    else {
      this.#seen = content;
      this.#onChange();
    }
  }
}

/** Watches the folder, because editors replace a file rather than write into it. */
function watchFolder(path: string, onHint: () => void): FSWatcher | undefined {
  if (FOLDER_WATCH_MAY_HANG) return undefined;
  try {
    const watcher = watch(dirname(path), { persistent: false }, (_event, name) => {
      if (name === null || name === basename(path)) onHint();
    });
    watcher.on("error", () => watcher.close()); // the looks go on
    return watcher;
  } catch {
    return undefined; // no hints here
  }
}

function contentOf(path: string): string | undefined {
  try {
    // A file too large for a config is not read at every look: size and time tell whether it is another one.
    const { size, mtimeMs } = statSync(path);
    return size > MAX_CONFIG_BYTES ? `${size} ${mtimeMs}` : readFileSync(path, "latin1");
  } catch {
    return undefined;
  }
}
