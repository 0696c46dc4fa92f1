import { loadConfig, type LoadedConfig, refuseFile } from "../config/load.ts";
import type { ConfigSource } from "../config/read.ts";
import { failedTests } from "../lifecycle/offline.ts";

/** Reads a config that is to be served. Throws a ConfigError, also where it fails one of its own tests. */
export function loadTestedConfig(source: ConfigSource): LoadedConfig {
  const loaded = loadConfig(source);
  const failed = failedTests(loaded.config);
  if (failed.length > 0) throw refuseFile(source, failed);
  return loaded;
}
