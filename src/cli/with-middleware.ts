import { refuseFile } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import type { MiddlewareModules } from "../lifecycle/middleware-modules.ts";

/** `config`, read from `file`, with its middlewares loaded. Rejects with a ConfigError that says which cannot be, and why. */
export async function withMiddleware(
  config: Config,
  file: string,
  modules: MiddlewareModules,
): Promise<Config> {
  const loaded = await modules.load(config);
  if (loaded.problems.length > 0) throw refuseFile({ file }, loaded.problems);
  return loaded.config;
}
