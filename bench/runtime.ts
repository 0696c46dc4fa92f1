import type { Contestant } from "./contestant.ts";
import { ROOT } from "./contestant.ts";
import { executablePath } from "./executable-path.ts";

/** Both runtimes, by the names that the bench has for them. */
export type Runtime = "bun" | "deno";

/** Their names in tables. */
export const RUNTIME_TITLES: Readonly<Record<Runtime, string>> = { bun: "Bun", deno: "Deno" };

/** The runtime that npm installed, else one in PATH. */
export function runtimePath(runtime: Runtime): string | undefined {
  return executablePath(runtime, [`${ROOT}node_modules/.bin`]);
}

/** Arguments that run the program at `path`. Without --no-lock a measurement would write deno.lock into the checkout. */
export function programArgs(runtime: Runtime, path: string): string[] {
  return [...(runtime === "deno" ? ["run", "-A", "--no-lock"] : []), path];
}

/** What a runtime is told by its environment. */
export const RUNTIME_ENV: Readonly<Record<string, string>> = { DENO_NO_UPDATE_CHECK: "1" };

/** How a runtime is found and started on Sluice's source at `root`, a path that ends in a slash. */
export function on(
  runtime: Runtime,
  root = ROOT,
): Pick<Contestant, "remedy" | "executable" | "versionArgs" | "args" | "env" | "floor"> {
  return {
    remedy: "npm install",
    executable: () => runtimePath(runtime),
    versionArgs: ["--version"],
    args: (configPath) => [...programArgs(runtime, `${root}src/main.ts`), "run", "-c", configPath],
    env: () => ({ ...RUNTIME_ENV }),
    floor: `floor-${runtime}`,
  };
}
