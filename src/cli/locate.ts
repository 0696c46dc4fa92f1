import { existsSync } from "node:fs";
import process from "node:process";
import { ConfigError } from "../config/problems/error.ts";
import { configOfEnvironment, startingVariable } from "../config/environment-config.ts";
import type { LoadedConfig } from "../config/load.ts";
import type { Path } from "../config/text/positions.ts";
import { loadTestedConfig } from "./tested-config.ts";

/** Variables that name the config file, the first that is set counts. */
const PATH_VARIABLES = ["SLUICE_CONFIG", "REVERSE_PROXY_CONFIG_PATH"];
/** Files that are looked for in the working directory, in this order. */
const FILES = ["sluice.toml", "sluice.yaml", "config.toml", "config.yaml", "reverse-proxy.toml"];

/** A config and the name of where it came from. */
export interface LocatedConfig extends LoadedConfig {
  readonly source: string;
  /** Why that one: `--config`, a variable, or where it was found. */
  readonly from: string;
  /** Path of the file, where it came from one. */
  readonly file?: string;
  /** Where in what it came from `path` stands, where that is no file. */
  readonly placeOf?: (path: Path) => string;
}

/**
 * Loads the config at `path`; without it the file that SLUICE_CONFIG or REVERSE_PROXY_CONFIG_PATH names, else one of
 * the usual names in the working directory, else what the variables of pyLoadBalancer describe.
 * Throws a ConfigError, also where there is none of these. `read` reads a file; by default its tests have to pass.
 */
export function locateConfig(
  path: string | undefined,
  read: (file: string) => LoadedConfig = (file) => loadTestedConfig({ file }),
): LocatedConfig {
  const { env } = process;
  const load = (file: string, from: string) => ({ ...read(file), source: file, from, file });
  if (path !== undefined) return load(path, "--config");
  const variable = PATH_VARIABLES.find((name) => env[name]);
  if (variable !== undefined) return load(env[variable]!, variable);
  const found = FILES.find((file) => existsSync(file));
  if (found !== undefined) return load(found, `found in ${process.cwd()}`);
  const starting = startingVariable(env);
  if (starting !== undefined) {
    const placeOf = () => "environment: LB_HOST and LB_PORT";
    return { ...configOfEnvironment(env), source: starting, from: starting, placeOf };
  }
  const places = `--config, ${PATH_VARIABLES.join(", ")}, BACKEND_SERVERS, or a file called ${
    FILES.join(", ")
  }`;
  throw new ConfigError([{ file: "config", path: "", message: `there is none; accepted: ${places}` }]);
}
