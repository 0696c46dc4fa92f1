import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { eventually } from "../support/eventually.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** What npm runs its scripts with; Bun does it by itself where there is no Node. */
const NODE = ["node", ...(process.versions["bun"] === undefined ? [] : [process.execPath])]
  .find((path) => spawnSync(path, ["--version"], { stdio: "ignore" }).status === 0);
const setting = { skip: NODE === undefined && "without Node there is no npm" };

/** What npm links to where it ran no install scripts. */
const PLACEHOLDER = "#!/bin/sh\nexit 1\n";

/** An installation without install scripts, whose Bun is the shell script `bun`; runs it with `args`. */
function runWithBun(t: TestContext, bun: string, args: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), "sluice-test-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const write = (path: string, text: string) => {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), text);
    chmodSync(join(folder, path), 0o755);
  };
  copyFileSync(join(ROOT, "with-bun.js"), join(folder, "with-bun.js"));
  write("node_modules/.bin/bun", PLACEHOLDER);
  write("node_modules/@oven/bun-here/bin/bun", `#!/bin/sh\n[ "$1" = --version ] && exit 0\n${bun}`);
  return spawn(NODE!, [join(folder, "with-bun.js"), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, PATH: `${join(folder, "node_modules/.bin")}:${process.env["PATH"]}` },
  });
}

async function exitOf(child: ChildProcess): Promise<number | null> {
  return await new Promise((resolve) => child.on("close", resolve));
}

test(
  "with-bun.js runs the packaged Bun where npm ran no install scripts, and exits as it does",
  setting,
  async (t) => {
    const child = runWithBun(t, 'echo "$@"; exit 7\n', ["src/main.ts", "demo"]);
    let printed = "";
    child.stdout!.on("data", (text) => printed += text);
    assert.equal(await exitOf(child), 7);
    assert.equal(printed, "src/main.ts demo\n");
  },
);

test("with-bun.js passes a signal on to Bun", setting, async (t) => {
  const child = runWithBun(t, 'trap "exit 5" TERM\necho ready\nwhile :; do sleep 0.02; done\n', []);
  let printed = "";
  child.stdout!.on("data", (text) => printed += text);
  const exit = exitOf(child);
  await eventually("its start", () => printed.includes("ready"), 15_000);
  process.kill(child.pid!, "SIGTERM");
  assert.equal(await exit, 5);
});

test("every script of package.json runs Bun by with-bun.js", () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  for (const script of Object.values<string>(scripts)) assert.match(script, /^node with-bun\.js /);
});

test("the lock file names no host, and has the packages of every system", () => {
  const lock = readFileSync(join(ROOT, "package-lock.json"), "utf8");
  assert.doesNotMatch(lock, /"resolved"|registry/);
  const { packages } = JSON.parse(lock) as { packages: Record<string, { optionalDependencies?: object }> };
  for (const { optionalDependencies = {} } of Object.values(packages)) {
    for (const name of Object.keys(optionalDependencies)) assert.ok(packages[`node_modules/${name}`], name);
  }
});
