import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const MODULES = fileURLToPath(new URL("../../node_modules", import.meta.url));

/**
 * Where the runtime's program is: this process itself, or what npm installed, or what PATH has. Undefined where
 * none of them works. What npm's link points at may be a placeholder (package scripts do not run under every
 * installer), so the packages with the programs are looked into as well.
 */
export function runtimePath(runtime: "bun" | "deno"): string | undefined {
  const candidates = [
    ...(process.versions[runtime] === undefined ? [] : [process.execPath]),
    join(MODULES, ".bin", runtime),
    ...packaged(runtime),
    runtime,
  ];
  return candidates.find((path) => spawnSync(path, ["--version"], { stdio: "ignore" }).status === 0);
}

function packaged(runtime: "bun" | "deno"): string[] {
  const [scope, program] = runtime === "bun" ? ["@oven", "bin/bun"] as const : ["@deno", "deno"] as const;
  const stored = names(join(MODULES, ".deno")).filter((name) => name.startsWith(`${scope}+`));
  const folders = [MODULES, ...stored.map((name) => join(MODULES, ".deno", name, "node_modules"))];
  return folders.map((folder) => join(folder, scope))
    .flatMap((folder) => names(folder).map((name) => join(folder, name, program)));
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // another installer has another layout
  }
}
