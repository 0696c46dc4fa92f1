import { parentPort, workerData } from "node:worker_threads";
import { ConfigError, type Included } from "../config/problems/error.ts";
import type { ConfigSource } from "../config/read.ts";
import { cutValue, type ValuePart } from "../config/value-parts.ts";
import { loadTestedConfig } from "./tested-config.ts";

export interface ConfigThreadData {
  readonly source: ConfigSource;
}

/** What the thread says: a part, each time it is asked for one; the end; or why the config cannot be used. */
export type ConfigThreadMessage =
  | { readonly part: ValuePart }
  | { readonly done: true }
  | { readonly refused: string; readonly included: Included | undefined };

/**
 * Reads and checks a config in a thread of its own, and hands it over part by part: see `loadConfigApart`, which ends the
 * thread as well.
 */
export function sendConfig(): void {
  const port = parentPort!;
  const { source } = workerData as ConfigThreadData;
  let parts: ValuePart[];
  try {
    parts = cutValue(loadTestedConfig(source));
  } catch (error) {
    return say({
      refused: error instanceof Error ? error.message : String(error),
      included: error instanceof ConfigError ? error.included : undefined,
    });
  }
  let sent = 0;
  port.on("message", next);
  next();

  function next(): void {
    say(sent < parts.length ? { part: parts[sent++]! } : { done: true });
  }

  function say(message: ConfigThreadMessage): void {
    port.postMessage(message);
  }
}
