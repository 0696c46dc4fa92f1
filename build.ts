/**
 * Builds the one-file program: `build.ts [--runtime bun|deno] [--target T] [--outfile F]`.
 *
 * By default for this machine, with Bun, to dist/sluice (with Deno: dist/sluice-deno). Targets are those of the runtime's own compiler, such
 * as `bun-linux-arm64` for Bun and `aarch64-unknown-linux-gnu` for Deno.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { runtimePath } from "./tests/support/runtime-path.ts";

const { values } = parseArgs({
  options: {
    runtime: { type: "string", default: "bun" },
    target: { type: "string" },
    outfile: { type: "string" },
  },
});

const outfile = values.outfile ?? (values.runtime === "deno" ? "dist/sluice-deno" : "dist/sluice");
process.exit(build(values.runtime, values.target, outfile));

function build(runtime: string, target: string | undefined, outfile: string): number {
  if (runtime !== "bun" && runtime !== "deno") {
    console.error(`Unknown runtime "${runtime}"; accepted: bun, deno`);
    return 1;
  }
  const compiler = runtimePath(runtime);
  if (compiler === undefined) {
    console.error(`Cannot build: ${runtime} is not installed. "npm install" in this folder installs it.`);
    return 1;
  }
  mkdirSync(dirname(outfile), { recursive: true });
  const args = runtime === "bun" ? bunArguments(target, outfile) : denoArguments(target, outfile);
  const { status, error } = spawnSync(compiler, args, { stdio: "inherit" });
  if (status === 0) {
    console.log(`Built ${outfile}`);
    return 0;
  }
  console.error(`Cannot build ${outfile}: ${error?.message ?? `${runtime} exited with ${status}`}`);
  if (runtime === "deno") {
    console.error(
      "deno compile downloads its base program (denort) from Deno's download site once for each target. Where\n" +
        "that site is out of reach, set DENORT_BIN to a denort of the same version, or build with --runtime bun.",
    );
  }
  return 1;
}

/** Byte code makes the program start in half the time; it needs ES modules for the top-level await of main.ts. */
function bunArguments(target: string | undefined, outfile: string): string[] {
  const cross = target === undefined ? [] : [`--target=${target}`];
  return [
    "build",
    "--compile",
    "--bytecode",
    "--format=esm",
    "--minify",
    ...cross,
    `--outfile=${outfile}`,
    "src/main.ts",
  ];
}

function denoArguments(target: string | undefined, outfile: string): string[] {
  const cross = target === undefined ? [] : [`--target=${target}`];
  return ["compile", "-A", "--no-check", ...cross, `--output=${outfile}`, "src/main.ts"];
}
