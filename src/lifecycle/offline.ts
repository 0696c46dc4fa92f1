import { SILENT_LOG } from "../base/log.ts";
import type { Config } from "../config/schema.ts";
import { type FailedExpectation, runConfigTests } from "../explain/config-tests.ts";
import { createSnapshot, type Snapshot } from "./snapshot.ts";

/** Has `use` see everything that `config` describes, not running: nothing is opened, probed or looked up. */
export function withOffline<T>(config: Config, use: (snapshot: Snapshot) => T): T {
  const snapshot = createSnapshot(config, {
    metrics: () => new Response(),
    ready: () => new Response(),
    health: () => new Response(),
    log: SILENT_LOG,
  });
  try {
    return use(snapshot);
  } finally {
    for (const frontend of snapshot.frontends) frontend.close?.();
    for (const backend of snapshot.backends.values()) backend.close();
  }
}

/** What the tests of `config` find wrong with it. */
export function failedTests(config: Config): readonly FailedExpectation[] {
  return config.tests.length === 0 ? [] : withOffline(config, runConfigTests);
}
