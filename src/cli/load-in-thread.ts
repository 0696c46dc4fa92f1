import { closeSync, openSync, readFileSync, statSync } from "node:fs";
import { devNull } from "node:os";
import { Worker } from "node:worker_threads";
import type { ConfigSource } from "../config/read.ts";
import { JoinedValue } from "../config/value-parts.ts";
import type { LoadedConfig } from "../config/load.ts";
import type { Included } from "../config/problems/error.ts";
import { nextReads } from "../net/next-reads.ts";
import type { ConfigThreadData, ConfigThreadMessage } from "./config-thread.ts";
import { loadTestedConfig } from "./tested-config.ts";

/** A config up to this is read where everything else runs: that takes 20 to 50 ms, while a thread costs half a second of CPU. */
const SMALL_BYTES = 64 * 1024;

/** Time that the thread may take, in ms; a config at every bound takes some seconds where it has a core. */
const THREAD_MS = 120_000;

/** Files that a thread needs while it begins. Where there are none, neither runtime reports it: the whole process ends. */
const THREAD_FILES = 24;

export interface ApartOptions {
  /** The program's main module: what the thread runs. */
  readonly main: string;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** What the config included when it was read last. */
  readonly included?: Included;
  /** Time for all of it, in ms. */
  readonly timeoutMs?: number;
}

/**
 * The config of `source`, like `loadTestedConfig`, while everything else goes on: one that is not small is read and checked in
 * a thread of its own. Rejects with what is wrong with it, or with the thread.
 */
export async function loadConfigApart(source: ConfigSource, options: ApartOptions): Promise<LoadedConfig> {
  return isSmall(source, options.included) ? loadTestedConfig(source) : await readInThread(source, options);
}

/** Whether reading takes no time to speak of. A small YAML with an anchor may stand for a large one. */
function isSmall({ file, text }: ConfigSource, { files }: Included = { files: [], patterns: [] }): boolean {
  try {
    const sizes = files.map((file) => statSync(file).size);
    if (sizes.reduce((sum, size) => sum + size, text?.length ?? statSync(file).size) > SMALL_BYTES) {
      return false;
    }
    return !/\.ya?ml$/i.test(file) || !(text ?? readFileSync(file, "latin1")).includes("&");
  } catch {
    return true; // it cannot be read, which is said at once
  }
}

function readInThread(
  source: ConfigSource,
  { main, signal, timeoutMs = THREAD_MS }: ApartOptions,
): Promise<LoadedConfig> {
  reserveFiles();
  const data: ConfigThreadData = { source };
  const worker = new Worker(new URL(main), { workerData: data });
  const config = new JoinedValue();
  let over = false;
  return new Promise<LoadedConfig>((resolve, reject) => {
    const timer = setTimeout(() => end(`it took longer than ${timeoutMs / 1000} s`), timeoutMs);
    const onAbort = () => end("the proxy was stopped");
    signal.addEventListener("abort", onAbort, { once: true });
    worker.on("message", (message: ConfigThreadMessage) => {
      if ("refused" in message) {
        settle(() => reject(Object.assign(new Error(message.refused), { included: message.included })));
      } else if ("done" in message) settle(() => resolve(config.end() as LoadedConfig));
      else {
        config.add(message.part);
        nextReads().then(() => over || worker.postMessage("next"));
      }
    });
    worker.on("error", (error: unknown) => end(error instanceof Error ? error.message : String(error)));
    worker.on("exit", (code) => end(`the thread that read it ended with ${code}`));
    if (signal.aborted) onAbort();

    function end(why: string): void {
      settle(() => reject(new Error(`Cannot read the config "${source.file}": ${why}`)));
    }

    /** Whatever comes first counts; the thread is over in any case. */
    function settle(tell: () => void): void {
      over = true;
      tell();
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      void worker.terminate();
    }
  });
}

/** Throws where too few files are left. */
function reserveFiles(): void {
  const files: number[] = [];
  try {
    while (files.length < THREAD_FILES) files.push(openSync(devNull, "r"));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(`Cannot read the config: there are no files left for it (${code})`, { cause: error });
  } finally {
    for (const file of files) closeSync(file);
  }
}
