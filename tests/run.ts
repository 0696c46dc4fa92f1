/**
 * The whole suite, as `npm test`, `deno task test` and `bun run test` run it: format, lint and types by Deno's
 * tools, the tests on Deno, the tests on Bun, and the end-to-end part on the compiled binary. Runs on either
 * runtime; prints a line for each file of tests as it goes, what failed in full at the end of its step, says again which
 * real proxies and clients were missing, and ends with the line `N passed, N failed` and exit code 1 if anything
 * failed or could not run.
 */
import { spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { Progress } from "./support/progress.ts";
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

/** What a lane does it does in order; the lanes run at the same time, as most tests wait for something. */
const LANES: readonly (readonly Step[])[] = [
  [deno("integration tests on Deno", ["tests/integration"])],
  [{ name: "tests on Bun", runtime: "bun", args: ["test", "--timeout", "60000"], count: countBun }],
  [
    { name: "format", runtime: "deno", args: ["fmt", "--check"] },
    { name: "lint", runtime: "deno", args: ["lint"] },
    { name: "types", runtime: "deno", args: ["check", ...CODE] },
    { name: "build of the binary", runtime: "bun", args: ["build.ts", "--outfile", BINARY] },
    deno("other tests on Deno", ["--ignore=tests/integration", "tests"]),
    {
      name: "end-to-end tests on the binary",
      runtime: "bun",
      args: ["test", "--timeout", "60000", "cli/", "integration/memory"],
      env: { SLUICE_BINARY: BINARY },
      count: countBun,
    },
  ],
];

const begun = performance.now();
let passed = 0;
let failed = 0;
const missing = new Set<string>();
await Promise.all(LANES.map(async (lane) => {
  for (const step of lane) {
    const started = performance.now();
    const { code, output, rest } = await run(step);
    if (code !== 0) console.log(`\n=== ${step.name} ===\n${rest}`);
    console.log(`=== ${step.name}: ${code === 0 ? "ok" : "FAILED"}, ${seconds(started)} s ===`);
    count(step, code, output);
  }
}));
for (const line of missing) console.log(`!! ${line}`);
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

function deno(name: string, args: readonly string[]): Step {
  return { name, runtime: "deno", args: ["test", "-A", "--no-check", ...args], count: countDeno };
}

function count(step: Step, code: number, output: string): void {
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
}

/** What a step printed, and of it the part that is worth reading where it failed. */
interface Outcome {
  readonly code: number;
  readonly output: string;
  readonly rest: string;
}

function run({ name, runtime, args, env = {} }: Step): Promise<Outcome> {
  const program = runtimePath(runtime);
  if (program === undefined) {
    const output = `${runtime} is not installed; "npm install" brings it\n`;
    return Promise.resolve({ code: 1, output, rest: output });
  }
  const progress = new Progress((line) => console.log(`${seconds(begun).padStart(6)} s  ${name}: ${line}`));
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: ROOT,
      env: { ...process.env, NO_COLOR: "1", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    const keep = (text: string) => {
      output += text;
      progress.push(text);
    };
    child.stdout.setEncoding("utf8").on("data", keep);
    child.stderr.setEncoding("utf8").on("data", keep);
    const finish = (code: number) => {
      progress.end();
      resolve({ code, output, rest: progress.rest.join("\n") });
    };
    child.on("error", (error) => {
      keep(`${error.message}\n`);
      finish(1);
    });
    child.on("close", (code) => finish(code ?? 1));
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
