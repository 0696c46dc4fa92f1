import { isDeepStrictEqual } from "node:util";
import { snakeCase } from "../base/snake-case.ts";
import type { Config } from "../config/schema.ts";

/** What a new config changes: `frontend NAME`, `backend NAME`, and the names of other sections. */
export interface ReloadPlan {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  readonly kept: readonly string[];
}

/** Compares two configs by content: what is the same keeps running as it is. */
export function planReload(before: Config, after: Config): ReloadPlan {
  const old = partsOf(before);
  const next = partsOf(after);
  const shared = [...next.keys()].filter((name) => old.has(name));
  const isSame = (name: string) => isDeepStrictEqual(old.get(name), next.get(name));
  return {
    added: [...next.keys()].filter((name) => !old.has(name)),
    changed: shared.filter((name) => !isSame(name)),
    removed: [...old.keys()].filter((name) => !next.has(name)),
    kept: shared.filter(isSame),
  };
}

function partsOf(config: Config): Map<string, unknown> {
  const { frontends, backends, ...rest } = config;
  return new Map<string, unknown>([
    ...frontends.map((frontend) => [`frontend ${frontend.name}`, frontend] as const),
    ...Object.values(backends).map((backend) => [`backend ${backend.name}`, backend] as const),
    ...Object.entries(rest).map(([key, its]) => [snakeCase(key), its] as const), // as the file has it
  ]);
}
