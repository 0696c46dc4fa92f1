/**
 * The whole suite, as `npm test`, `deno task test` and `bun run test` run it: format, lint and types by Deno's
 * tools, the tests on Deno, the tests on Bun, and the end-to-end part on the compiled binary. Runs on either
 * runtime; says again which real proxies and clients were missing, and ends with the line `N passed, N failed` and
 * exit code 1 if anything failed or could not run.
 */
import { spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { runtimePath } from "./support/runtime-path.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const BINARY = fileURLToPath(new URL("../dist/sluice", import.meta.url));
const CODE = ["src", "tests", "bench", "examples", "build.ts"];

interface Step {
  readonly name: string;
  readonly runtime: "bun" | "deno";
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Finds how many tests passed and failed in what the step printed; undefined: the step is one check. */
  readonly count?: (output: string) => { passed: number; failed: number } | undefined;
}

const STEPS: readonly Step[] = [
  { name: "format", runtime: "deno", args: ["fmt", "--check"] },
  { name: "lint", runtime: "deno", args: ["lint"] },
  { name: "types", runtime: "deno", args: ["check", ...CODE] },
  { name: "tests on Deno", runtime: "deno", args: ["test", "-A", "--no-check", "tests"], count: countDeno },
  { name: "tests on Bun", runtime: "bun", args: ["test", "--timeout", "60000"], count: countBun },
  { name: "build of the binary", runtime: "bun", args: ["build.ts", "--outfile", BINARY] },
  {
    name: "end-to-end tests on the binary",
    runtime: "bun",
    args: ["test", "--timeout", "60000", "cli/", "integration/memory"],
    env: { SLUICE_BINARY: BINARY },
    count: countBun,
  },
];

let passed = 0;
let failed = 0;
const missing = new Set<string>();
for (const step of STEPS) {
  console.log(`\n=== ${step.name} ===`);
  const started = performance.now();
  const { code, output } = await run(step);
  for (const [line] of output.matchAll(/^peer missing: .*$/gm)) missing.add(line);
  const counted = step.count?.(output);
  if (counted !== undefined) {
    passed += counted.passed;
    failed += counted.failed;
  } else if (code === 0 && step.count === undefined) passed++;
  // A step that broke without a failed test, or ran no test at all, has failed all the same.
  if (
    (counted === undefined && (code !== 0 || step.count !== undefined)) ||
    (code !== 0 && counted?.failed === 0)
  ) {
    failed++;
  }
  console.log(`=== ${step.name}: ${code === 0 ? "ok" : "FAILED"}, ${seconds(started)} s ===`);
}
for (const line of missing) console.log(`!! ${line}`);
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

function run({ runtime, args, env = {} }: Step): Promise<{ code: number; output: string }> {
  const program = runtimePath(runtime);
  if (program === undefined) {
    console.error(`${runtime} is not installed; "npm install" brings it`);
    return Promise.resolve({ code: 1, output: "" });
  }
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: ROOT,
      env: { ...process.env, NO_COLOR: "1", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    const keep = (stream: NodeJS.WritableStream) => (chunk: { toString(): string }) => {
      output += chunk.toString();
      stream.write(chunk.toString());
    };
    child.stdout.on("data", keep(process.stdout));
    child.stderr.on("data", keep(process.stderr));
    child.on("error", (error) => {
      console.error(error.message);
      resolve({ code: 1, output });
    });
    child.on("close", (code) => resolve({ code: code ?? 1, output }));
  });
}

function countDeno(output: string): { passed: number; failed: number } | undefined {
  const match = /\| (\d+) passed(?: \([^)]*\))? \| (\d+) failed/.exec(output);
  return match === null ? undefined : { passed: Number(match[1]), failed: Number(match[2]) };
}

function countBun(output: string): { passed: number; failed: number } | undefined {
  const pass = /^\s*(\d+) pass$/m.exec(output);
  const fail = /^\s*(\d+) fail$/m.exec(output);
  return pass === null || fail === null ? undefined : { passed: Number(pass[1]), failed: Number(fail[1]) };
}

function seconds(started: number): string {
  return ((performance.now() - started) / 1000).toFixed(1);
}
