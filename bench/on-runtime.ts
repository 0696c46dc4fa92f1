import type { Contestant } from "./contestant.ts";
import { ROOT } from "./root.ts";
import { type Runtime, RUNTIME_ENV, runtimePath } from "./runtime.ts";

/** How a runtime is found and started on Sluice's source at `root`, a path that ends in a slash. */
export function on(
  runtime: Runtime,
  root = ROOT,
): Pick<Contestant, "remedy" | "executable" | "versionArgs" | "program" | "args" | "env" | "floor"> {
  return {
    remedy: "npm install",
    executable: () => runtimePath(runtime),
    versionArgs: ["--version"],
    program: { runtime, path: `${root}src/main.ts` },
    args: (configPath) => ["run", "-c", configPath],
    env: () => ({ ...RUNTIME_ENV }),
    floor: `floor-${runtime}`,
  };
}
