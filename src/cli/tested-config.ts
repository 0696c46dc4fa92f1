import { loadConfigFile, refuseFile } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import { failedTests } from "../lifecycle/offline.ts";

/** Reads a config that is to be served. Throws a ConfigError, also where it fails one of its own tests. */
export function loadTestedConfig(file: string): Config {
  const config = loadConfigFile(file);
  const failed = failedTests(config);
  if (failed.length > 0) throw refuseFile(file, failed);
  return config;
}
