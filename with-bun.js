/**
 * Runs Bun with the arguments behind it, for the scripts of package.json. What npm calls `bun` is a placeholder where it
 * ran no install scripts (`--ignore-scripts`, and other installers); the program itself lies in a package beside it.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const MODULES = fileURLToPath(new URL("node_modules", import.meta.url));

/** Folders that hold packages: npm's and Bun's layout, and Deno's. */
function folders() {
  const deno = join(MODULES, ".deno");
  const stored = existsSync(deno) ? readdirSync(deno).filter((name) => name.startsWith("@oven+bun-")) : [];
  return [MODULES, ...stored.map((name) => join(deno, name, "node_modules"))];
}

function packaged() {
  return folders().map((folder) => join(folder, "@oven")).filter(existsSync)
    .flatMap((scope) => readdirSync(scope).map((name) => join(scope, name, "bin", "bun")));
}

const candidates = ["bun", ...packaged(), ...(process.versions.bun === undefined ? [] : [process.execPath])];
const bun = candidates.find((path) => spawnSync(path, ["--version"], { stdio: "ignore" }).status === 0);

if (bun === undefined) {
  console.error(
    "There is no Bun. `npm install` brings it; https://bun.com says how to install it otherwise.",
  );
  process.exit(1);
}
// Before Bun starts: a signal could end this one in between, and leave Bun behind. It is passed on once all of this has run.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
const child = spawn(bun, process.argv.slice(2), { stdio: "inherit" });
child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 143)));
