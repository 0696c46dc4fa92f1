import { existsSync } from "node:fs";
import process from "node:process";
import { ConfigError } from "../config/problems/error.ts";
import { validateConfig } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import { loadTestedConfig } from "./tested-config.ts";

/** Variables that name the config file, the first that is set counts. */
const PATH_VARIABLES = ["SLUICE_CONFIG", "REVERSE_PROXY_CONFIG_PATH"];
/** Files that are looked for in the working directory, in this order. */
const FILES = ["sluice.toml", "sluice.yaml", "config.toml", "config.yaml", "reverse-proxy.toml"];

/** A config and the name of where it came from. */
export interface LocatedConfig {
  readonly source: string;
  readonly config: Config;
  /** Why that one: `--config`, a variable, or where it was found. */
  readonly from: string;
  /** Path of the file, where it came from one. */
  readonly file?: string;
}

/**
 * Loads the config at `path`; without it the file that SLUICE_CONFIG or REVERSE_PROXY_CONFIG_PATH names, else one of
 * the usual names in the working directory, else what BACKEND_SERVERS, LB_HOST and LB_PORT describe.
 * Throws a ConfigError, also where there is none of these. `read` reads a file; by default its tests have to pass.
 */
export function locateConfig(
  path: string | undefined,
  read: (file: string) => Config = (file) => loadTestedConfig({ file }),
): LocatedConfig {
  const { env } = process;
  const load = (file: string, from: string) => ({ source: file, config: read(file), from, file });
  if (path !== undefined) return load(path, "--config");
  const variable = PATH_VARIABLES.find((name) => env[name]);
  if (variable !== undefined) return load(env[variable]!, variable);
  const found = FILES.find((file) => existsSync(file));
  if (found !== undefined) return load(found, `found in ${process.cwd()}`);
  if (env["BACKEND_SERVERS"]) {
    return { source: "BACKEND_SERVERS", config: configFromEnvironment(), from: "BACKEND_SERVERS" };
  }
  const places = `--config, ${PATH_VARIABLES.join(", ")}, BACKEND_SERVERS, or a file called ${
    FILES.join(", ")
  }`;
  throw new ConfigError([{ file: "config", path: "", message: `there is none; accepted: ${places}` }]);
}

/** A proxy in front of the servers of a comma-separated list, without a file. */
function configFromEnvironment(): Config {
  const { BACKEND_SERVERS = "", LB_HOST = "0.0.0.0", LB_PORT = "8080" } = process.env;
  const host = LB_HOST.includes(":") ? `[${LB_HOST}]` : LB_HOST;
  const servers = BACKEND_SERVERS.split(",").map((server) => server.trim()).filter((server) => server !== "");
  return validateConfig({
    frontends: [{ name: "web", bind: `${host}:${LB_PORT}`, default_backend: "app" }],
    backends: { app: { servers } },
  }, { file: "environment" });
}
