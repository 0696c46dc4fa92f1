/**
 * The mutation run, `npm run mutants`: breaks one place of the sources at a time, as `list.ts` says, and runs the tests
 * that must notice, on Bun. It works on a copy of the tree. Each mutant is `dead` (a test failed, or hung) or `alive`;
 * the last line counts them, and the exit code is 1 if any lives or could not be tried. Words behind `--` choose the
 * mutants whose file or meaning holds one of them.
 */
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { runtimePath } from "../support/runtime-path.ts";
import { type Mutant, MUTANTS } from "./list.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** What of the tree is copied. Packages are only read, so a link is enough. */
const COPIED = [
  "src",
  "tests",
  "examples",
  "package.json",
  "deno.json",
  "bunfig.toml",
  "config.example.toml",
];
/** Time for the tests of one mutant, and for a single one of them, in ms: what hangs is dead. */
const RUN_MS = 60_000, TEST_MS = 5000;

/** How a run of tests ended; `broken` where the mutant is no code, so that no test began. */
type Ending = "passed" | "failed" | "hung" | "broken";

const bun = runtimePath("bun");
if (bun === undefined) throw new Error('bun is not installed; "npm install" brings it');
const words = process.argv.slice(2);
const chosen = MUTANTS.filter(({ file, breaks }) =>
  words.length === 0 || words.some((word) => `${file} ${breaks}`.includes(word))
);
const copy = mkdtempSync(join(tmpdir(), "mutants-"));
let dead = 0;
let alive = 0;
try {
  for (const name of COPIED) cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
  const sound = await run([...new Set(chosen.flatMap(({ tests }) => tests))]);
  if (sound.ending !== "passed") {
    console.log(sound.output);
    throw new Error("The tests do not pass as the sources are: nothing can be said");
  }
  for (const mutant of chosen) {
    const ending = await tryOut(mutant);
    if (ending === "failed" || ending === "hung") dead++;
    else alive++;
    const verdict = {
      passed: "ALIVE",
      failed: "dead",
      hung: "dead (it hung)",
      broken: "ALIVE? IT DOES NOT RUN",
    };
    console.log(`${verdict[ending]}  ${mutant.file}: ${mutant.breaks}`);
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}
console.log(`\n${dead} dead, ${alive} alive`);
process.exit(alive === 0 ? 0 : 1);

async function tryOut({ file, from, to, tests }: Mutant): Promise<Ending> {
  const path = join(copy, "src", file);
  const text = readFileSync(path, "utf8");
  const parts = text.split(from);
  if (parts.length !== 2) {
    console.log(`!! ${file} has ${parts.length - 1} times what is to be broken: ${from}`);
    return "broken";
  }
  writeFileSync(path, parts.join(to));
  try {
    return (await run(tests)).ending;
  } finally {
    writeFileSync(path, text);
  }
}

function run(tests: readonly string[]): Promise<{ ending: Ending; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(bun!, [
      "test",
      "--timeout",
      String(TEST_MS),
      ...tests.map((test) => `./tests/${test}`),
    ], {
      cwd: copy,
      env: { ...process.env, NO_COLOR: "1" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    let hung = false;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => output += text);
    }
    const timer = setTimeout(() => {
      hung = true;
      child.kill("SIGKILL");
    }, RUN_MS * Math.max(1, tests.length / 4));
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(timer);
      const noCode = /Unhandled error between tests/.test(output) && /^\s*0 pass$/m.test(output);
      resolve({ ending: hung ? "hung" : code === 0 ? "passed" : noCode ? "broken" : "failed", output });
    });
  });
}
