import { type FSWatcher, readFileSync, watch } from "node:fs";
import { basename, dirname } from "node:path";

/** Time that a new content must stay the same: programs write a file in several steps. */
const SETTLE_MS = 50;

/**
 * Calls `onChange` whenever the content of the file at `path` is another than at the last look, until `signal` aborts.
 * The system's hints make it quick; a look every `intervalMs` makes it sure, where a file system gives no hints.
 */
export function watchFile(
  path: string,
  { intervalMs, onChange, signal }: { intervalMs: number; onChange: () => void; signal: AbortSignal },
): void {
  let seen = contentOf(path);
  /** What the last look found, if it is another content. */
  let found: string | undefined;
  let foundAt = 0;
  let again: ReturnType<typeof setTimeout> | undefined;
  const look = () => {
    const content = contentOf(path);
    // A file that is away for a moment is being replaced.
    if (content === undefined || content === seen) return;
    if (content !== found) {
      found = content;
      foundAt = performance.now();
    }
    const left = foundAt + SETTLE_MS - performance.now();
    clearTimeout(again);
    if (left > 0) again = setTimeout(look, Math.ceil(left));
    else {
      seen = content;
      onChange();
    }
  };
  const interval = setInterval(look, Math.max(intervalMs, SETTLE_MS));
  const watcher = watchFolder(path, look);
  signal.addEventListener("abort", () => {
    clearInterval(interval);
    clearTimeout(again);
    watcher?.close();
  }, { once: true });
}

/** Watches the folder, because editors replace a file rather than write into it. */
function watchFolder(path: string, onHint: () => void): FSWatcher | undefined {
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
    return readFileSync(path, "latin1");
  } catch {
    return undefined;
  }
}
