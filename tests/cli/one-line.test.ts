// One line in place of a file, a starter file, and what the program says to somebody at a terminal.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test, type TestContext } from "node:test";
import { eventually } from "../support/eventually.ts";
import { Program, sluiceCommand } from "../support/program.ts";
import { roundTrip } from "../support/raw-client.ts";
import { RawServer } from "../support/raw-server.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
const HAS_SCRIPT = spawnSync("script", ["--version"]).status === 0;
const AT_TERMINAL = { skip: HAS_SCRIPT ? false : "the program script, which makes a terminal, is missing" };

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "sluice-test-"));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

function answering(t: TestContext, word: string): Promise<RawServer> {
  return RawServer.answering(`HTTP/1.1 200 OK\r\nContent-Length: ${word.length}\r\n\r\n${word}`).then(
    (server) => {
      t.after(() => server.close());
      return server;
    },
  );
}

async function finished(args: readonly string[]) {
  const program = Program.start(args, "", "none.txt", { inside: true });
  try {
    const exit = await program.untilExit();
    return { exit, stdout: program.stdout, stderr: program.stderr };
  } finally {
    await program.dispose();
  }
}

test("sluice proxy serves what its options say, in turn", async (t) => {
  const servers = [await answering(t, "one"), await answering(t, "two")];
  const to = servers.flatMap(({ port }) => ["--to", `localhost:${port}`]);
  const program = Program.start(["proxy", "--listen", "127.0.0.1:0", ...to, "--health", "/"]);
  try {
    await program.untilPrinted('"listening"', 15_000);
    assert.match(program.stdout, /"config":"sluice proxy","from":"command line"/);
    const words = [];
    for (let i = 0; i < 4; i++) words.push((await roundTrip(program.port, GET)).slice(-3));
    assert.deepEqual(words, ["one", "two", "one", "two"]);
    program.signal("SIGTERM");
    assert.equal(await program.untilExit(), 0);
  } finally {
    await program.dispose();
  }
});

test("sluice proxy --print prints what passes check, and an option that is wrong ends with 1", async (t) => {
  const { exit, stdout } = await finished([
    "proxy",
    "--to",
    "a:1",
    "--to",
    "b",
    "--sticky",
    "--admin",
    "--print",
  ]);
  assert.equal(exit, 0);
  assert.match(stdout, /^# What the command line stands for/);
  const file = join(folder(t), "printed.toml");
  writeFileSync(file, stdout);
  const checked = await finished(["check", "-c", file]);
  assert.deepEqual([checked.exit, checked.stderr], [0, ""]);
  assert.match(checked.stdout, /sticky: cookie sluice_app/);
  const wrong = await finished(["proxy", "--to", "a:b"]);
  assert.deepEqual([wrong.exit, wrong.stdout], [1, ""]);
  assert.match(wrong.stderr, /^sluice proxy: --to: is "http:\/\/a:b"; accepted: /);
});

test("sluice proxy names the option of an address that cannot be bound", async (t) => {
  const { port } = await answering(t, "x");
  const { exit, stderr } = await finished(["proxy", "--listen", `127.0.0.1:${port}`, "--to", "a"]);
  assert.equal(exit, 1);
  assert.match(stderr, /sluice proxy: --listen: cannot listen on 127\.0\.0\.1:/);
});

test("sluice init writes a file that passes check, once", async (t) => {
  const file = join(folder(t), "my.toml");
  const first = await finished(["init", file, "--to", "localhost:5000", "--health", "/up"]);
  assert.deepEqual([first.exit, first.stderr], [0, ""]);
  const { exit } = await finished(["check", "-c", file]);
  assert.equal(exit, 0);
  const again = await finished(["init", file, "--to", "localhost:6000"]);
  assert.deepEqual([again.exit, again.stderr], [
    1,
    `${file}: is there already; accepted: another name, or --force\n`,
  ]);
  assert.equal((await finished(["init", file, "--to", "localhost:6000", "--force"])).exit, 0);
  assert.match(readFileSync(file, "utf8"), /localhost:6000/);
  const other = join(folder(t), "bad.toml");
  const bad = await finished(["init", other, "--to", "a:b"]);
  assert.equal(bad.exit, 1);
  assert.ok(!existsSync(other));
  const yaml = await finished(["init", join(folder(t), "my.yaml"), "--to", "a"]);
  assert.equal(yaml.exit, 1);
  assert.match(
    yaml.stderr,
    /my\.yaml: has the extension "\.yaml", and TOML is written; accepted: a name with/,
  );
  const silent = await finished(["init", other]);
  assert.match(silent.stderr, /^sluice init: --to: is missing; accepted: one or more servers, or a terminal/);
});

/** Runs a command line at a terminal of its own; `answers` are typed when it asks. */
async function atTerminal(
  args: readonly string[],
  { answers = [], env = {}, until }: { answers?: string[]; env?: Record<string, string>; until?: RegExp } =
    {},
): Promise<{ output: string; exit: number | undefined }> {
  const line = [...sluiceCommand(), ...args].map((word) => `'${word}'`).join(" ");
  const child = spawn("script", ["-qec", until === undefined ? line : `exec ${line}`, "/dev/null"], {
    env: { ...process.env, TERM: "xterm", NO_COLOR: "", ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let output = "";
  let exit: number | undefined;
  child.stdout.on("data", (chunk) => output += String(chunk));
  child.on("exit", (code) => exit = code ?? -1);
  try {
    for (const [i, answer] of answers.entries()) {
      await eventually("a question", () => output.split("] ").length > i + 1, 15_000);
      child.stdin.write(`${answer}\n`);
    }
    if (until === undefined) await eventually("its end", () => exit !== undefined, 15_000);
    else {
      await eventually(String(until), () => until.test(output), 15_000);
      child.stdin.write("\x03");
      await eventually("its end", () => exit !== undefined, 15_000);
    }
  } finally {
    child.kill("SIGKILL");
  }
  return { output: output.replaceAll("\r", ""), exit };
}

test("sluice init asks three questions at a terminal", AT_TERMINAL, async (t) => {
  const file = join(folder(t), "asked.toml");
  const { output, exit } = await atTerminal(["init", file], { answers: ["127.0.0.1:81", "a:1, b:2", "/up"] });
  assert.equal(exit, 0, output);
  const text = readFileSync(file, "utf8");
  for (const part of ['bind = "127.0.0.1:81"', '"a:1",', '"b:2",', 'health_check = { path = "/up" }']) {
    assert.ok(text.includes(part), part);
  }
});

test("at a terminal run says what it serves, in colours unless NO_COLOR is set", AT_TERMINAL, async () => {
  const args = ["proxy", "--listen", "127.0.0.1:0", "--to", "127.0.0.1:9", "--admin", "127.0.0.1:0"];
  const { output, exit } = await atTerminal(args, { until: /dashboard[^]*\n[^]*\n/ });
  assert.equal(exit, 0);
  assert.ok(/\nServing, until Ctrl-C:\n/.test(output), output);
  assert.ok(output.includes("\x1b[1mapp\x1b[0m  http://127.0.0.1:9 \x1b[32mup\x1b[0m\n"), output);
  const plain = await atTerminal(args, { until: /dashboard[^]*\n[^]*\n/, env: { NO_COLOR: "1" } });
  assert.ok(!plain.output.includes("\x1b["), plain.output);
  assert.match(
    plain.output,
    /\n {2}web {2}http:\/\/127\.0\.0\.1:\d+\/\n {4}everything -> app\n {2}app {2}http:\/\/127\.0\.0\.1:9 up\n/,
  );
});

test("at a terminal a config error shows its line and a caret", AT_TERMINAL, async (t) => {
  const file = join(folder(t), "bad.toml");
  writeFileSync(file, '[[frontends]]\nbind = "x"\n');
  const { output, exit } = await atTerminal(["check", "-c", file], { env: { NO_COLOR: "1" } });
  assert.equal(exit, 1);
  assert.ok(output.includes('\n  2 | bind = "x"\n             ^\n'), output);
});
