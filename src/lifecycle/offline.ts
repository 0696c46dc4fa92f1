import { SILENT_LOG } from "../base/log.ts";
import type { Config } from "../config/schema.ts";
import { atOnce, type Steps } from "../net/steps.ts";
import { type FailedExpectation, runConfigTests } from "../explain/config-tests.ts";
import { buildSnapshot, type Snapshot, type SnapshotParts } from "./snapshot.ts";

const PARTS: SnapshotParts = {
  metrics: () => new Response(),
  ready: () => new Response(),
  health: () => new Response(),
  log: SILENT_LOG,
};

/** What would be built of a config, and what lets go of it. */
export interface OfflineProxy {
  readonly snapshot: Snapshot;
  close(): void;
}

/** Builds everything that `config` describes, not running: nothing is opened, probed or looked up. */
export function openOffline(config: Config): OfflineProxy {
  return atOnce(buildOffline(config));
}

/** The same in steps. */
export function* buildOffline(config: Config): Steps<OfflineProxy> {
  const snapshot = yield* buildSnapshot(config, PARTS);
  return {
    snapshot,
    close() {
      for (const frontend of snapshot.frontends) frontend.close?.();
      for (const backend of snapshot.backends.values()) backend.close();
      snapshot.kept.close();
    },
  };
}

/** Has `use` see it. */
export function withOffline<T>(config: Config, use: (snapshot: Snapshot) => T): T {
  const { snapshot, close } = openOffline(config);
  try {
    return use(snapshot);
  } finally {
    close();
  }
}

/** What the tests of `config` find wrong with it. */
export function failedTests(config: Config): readonly FailedExpectation[] {
  return config.tests.length === 0 ? [] : withOffline(config, runConfigTests);
}
