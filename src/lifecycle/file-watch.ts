import { type FSWatcher, readFileSync, statSync, watch } from "node:fs";
import { basename, dirname } from "node:path";
import { FOLDER_WATCH_MAY_HANG } from "../net/gaps.ts";
import { MAX_CONFIG_BYTES } from "../config/read.ts";

/** Time that a new content must stay the same: programs write a file in several steps. */
const SETTLE_MS = 50;

/** What is watched. */
export interface WatchedContent {
  /** What is there now; undefined where it cannot be read at the moment. */
  content(): string | undefined;
  /** Folders in which something happens when it changes. */
  readonly folders: readonly string[];
  /** Whether it may have changed when something happened to the file `name` in one of them. */
  concerns(name: string): boolean;
}

/**
 * Watches the content of a file, or of several. The system's hints make it quick; looks at an interval make it sure, where a file system
 * gives no hints.
 */
export class FileWatch {
  readonly #watched: WatchedContent;
  readonly #onChange: () => void;
  #seen: string | undefined;
  /** What the last look found, if it is another content. */
  #found: string | undefined;
  #foundAt = 0;
  #intervalMs = 0;
  #interval: ReturnType<typeof setInterval> | undefined;
  #again: ReturnType<typeof setTimeout> | undefined;
  #hints: readonly FSWatcher[] = [];

  /** What is there now counts as seen. It is not watched before `every`. */
  constructor(watched: string | WatchedContent, onChange: () => void) {
    this.#watched = typeof watched === "string" ? oneFile(watched) : watched;
    this.#onChange = onChange;
    this.note();
  }

  /** What is in the file now counts as seen: somebody is about to read it. */
  note(): void {
    this.#seen = this.#watched.content();
  }

  /** Looks every `ms` milliseconds from now on; 0 does not look at all. */
  every(ms: number): void {
    if (ms === this.#intervalMs) return;
    this.close();
    this.#intervalMs = ms;
    if (ms === 0) return;
    this.#interval = setInterval(() => this.#look(), Math.max(ms, SETTLE_MS));
    const { folders } = this.#watched;
    this.#hints = folders.flatMap((folder) => {
      const hints = watchFolder(folder, (name) => {
        if (name === null || this.#watched.concerns(name)) this.#look();
      });
      return hints ?? [];
    });
    this.#look(); // nobody looked until now
  }

  /** Stops looking. */
  close(): void {
    this.#intervalMs = 0;
    clearInterval(this.#interval);
    clearTimeout(this.#again);
    for (const hints of this.#hints) hints.close();
    this.#hints = [];
  }

  #look(): void {
    const content = this.#watched.content();
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

function oneFile(path: string): WatchedContent {
  return {
    content: () => contentOf(path),
    folders: [dirname(path)],
    concerns: (name) => name === basename(path),
  };
}

/** Watches the folder, because editors replace a file rather than write into it. */
function watchFolder(folder: string, onHint: (name: string | null) => void): FSWatcher | undefined {
  if (FOLDER_WATCH_MAY_HANG) return undefined;
  try {
    const watcher = watch(folder, { persistent: false }, (_event, name) => onHint(name));
    watcher.on("error", () => watcher.close()); // the looks go on
    return watcher;
  } catch {
    return undefined; // no hints here
  }
}

/** What is in a file; undefined where it cannot be read. */
export function contentOf(path: string): string | undefined {
  try {
    // A file too large for a config is not read at every look: size and time tell whether it is another one.
    const { size, mtimeMs } = statSync(path);
    return size > MAX_CONFIG_BYTES ? `${size} ${mtimeMs}` : readFileSync(path, "latin1");
  } catch {
    return undefined;
  }
}
