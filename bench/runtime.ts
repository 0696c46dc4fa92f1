import { executablePath } from "./executable-path.ts";
import { ROOT } from "./root.ts";

/** Both runtimes, by the names that the bench has for them. */
export type Runtime = "bun" | "deno";

/** Their names in tables. */
export const RUNTIME_TITLES: Readonly<Record<Runtime, string>> = { bun: "Bun", deno: "Deno" };

/** What a runtime is told by its environment. */
export const RUNTIME_ENV: Readonly<Record<string, string>> = { DENO_NO_UPDATE_CHECK: "1" };

/** The runtime that npm installed, else one in PATH. */
export function runtimePath(runtime: Runtime): string | undefined {
  return executablePath(runtime, [`${ROOT}node_modules/.bin`]);
}

/** Arguments that run the program at `path`. Without --no-lock a measurement would write deno.lock into the checkout. */
export function programArgs(runtime: Runtime, path: string): string[] {
  return [...(runtime === "deno" ? ["run", "-A", "--no-lock"] : []), path];
}
