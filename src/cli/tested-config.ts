import { type ConfigSource, loadConfig, refuseFile } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import { failedTests } from "../lifecycle/offline.ts";

/** Reads a config that is to be served. Throws a ConfigError, also where it fails one of its own tests. */
export function loadTestedConfig(source: ConfigSource): Config {
  const config = loadConfig(source);
  const failed = failedTests(config);
  if (failed.length > 0) throw refuseFile(source, failed);
  return config;
}
