import type { Contestant } from "./contestant.ts";
import { ROOT } from "./root.ts";
import { type Runtime, RUNTIME_ENV, RUNTIME_TITLES, runtimePath } from "./runtime.ts";

/** The forwarder that does the least, on both runtimes: what their sockets cost, and what reading heads must cost. */
export const FLOOR_CONTESTANTS: readonly Contestant[] = [floorOn("bun"), floorOn("deno")];

function floorOn(runtime: Runtime): Contestant {
  return {
    name: `floor-${runtime}`,
    title: `floor on ${RUNTIME_TITLES[runtime]}`,
    remedy: "npm install",
    executable: () => runtimePath(runtime),
    versionArgs: ["--version"],
    config: () => "",
    program: { runtime, path: `${ROOT}bench/floor.ts` },
    args: (_configPath, { port, originPort }) => [String(port), String(originPort)],
    env: () => ({ ...RUNTIME_ENV }),
  };
}
