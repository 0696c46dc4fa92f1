// The log in a file: started, moved away, opened again by a signal or an operator, changed by a reload.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test, type TestContext } from "node:test";
import { eventually } from "../support/eventually.ts";
import { Program } from "../support/program.ts";
import { RawClient, roundTrip } from "../support/raw-client.ts";

function openScene(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), "sluice-test-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const socket = join(directory, "s");
  const configOf = (log: string) =>
    `reload_interval = "0s"\n[log]\n${log}\n[admin]\nbind = "unix:${directory}/a"\n` +
    `[[frontends]]\nbind = "unix:${socket}"\n[[frontends.routes]]\nrespond = { status = 204 }\n`;
  return {
    directory,
    configOf,
    inFile: (name: string) => configOf(`file = ${JSON.stringify(join(directory, name))}`),
    path: (name: string) => join(directory, name),
    read(name: string) {
      try {
        return readFileSync(join(directory, name), "utf8");
      } catch {
        return "";
      }
    },
    ask: (target: string) =>
      roundTrip(socket, `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`),
    start(config: string): Program {
      const program = Program.start(["run", "-c", "{config}"], config);
      t.after(() => program.dispose());
      return program;
    },
    listening: () =>
      eventually(
        "the socket to answer",
        () => RawClient.open(socket).then((c) => (c.close(), true), () => false),
        15_000,
      ),
    ctl(...words: string[]): Promise<Program> {
      const program = Program.start(["ctl", "--admin", `unix:${directory}/a`, ...words]);
      t.after(() => program.dispose());
      return program.untilExit().then(() => program);
    },
  };
}

test("SIGUSR2 and sluice ctl log reopen have the log go on in a new file where it was moved away", async (t) => {
  const { directory, inFile, read, ask, start, listening, path, ctl } = openScene(t);
  const program = start(inFile("log"));
  await listening();
  await ask("/one");
  await eventually("the line", () => read("log").includes('"target":"/one"'));

  renameSync(path("log"), path("log.1"));
  program.signal("SIGUSR2");
  await eventually("the new file", () => read("log").includes('"event":"log_reopened"'));
  await ask("/two");
  await eventually("the line", () => read("log").includes('"target":"/two"'));

  renameSync(path("log"), path("log.2"));
  const { exit, stdout } = await ctl("log", "reopen");
  assert.deepEqual([exit, stdout], [0, `${directory}/log was opened again\n`]);
  await ask("/three");
  await eventually("the line", () => read("log").includes('"target":"/three"'));
  assert.match(read("log"), /"event":"admin".*"what":"log_reopen"/);

  program.signal("SIGTERM");
  assert.equal(await program.untilExit(), 0);
  assert.match(read("log"), /"event":"stopped".*\n$/);
  assert.deepEqual([program.stdout, program.stderr], ["", ""]);
  const targets = ["log.1", "log.2", "log"].map((name) => read(name).match(/"target":"[^"]+"/g)?.join());
  assert.deepEqual(targets, ['"target":"/one"', '"target":"/two"', '"target":"/three"']);
});

test("SIGUSR2 does nothing to a log that goes to standard output, and sluice ctl says so", async (t) => {
  const { configOf, start, listening, ctl, ask } = openScene(t);
  const program = start(configOf(""));
  await listening();
  program.signal("SIGUSR2");
  const { exit, stderr } = await ctl("log", "reopen");
  assert.equal(exit, 1);
  assert.match(stderr, /^The log goes to standard output: it has no file\n/);
  assert.match(await ask("/"), /^HTTP\/1\.1 204 /);
  assert.doesNotMatch(program.stdout, /log_reopened|log_file_failed/);
});

test("sluice run does not start without the file of its log, and says where that is configured", async (t) => {
  const { inFile, start } = openScene(t);
  const program = start(inFile("no/log"));
  assert.equal(await program.untilExit(), 1);
  assert.equal(program.stdout, "");
  assert.match(program.stderr, /sluice\.toml:3:\d+: log\.file: Cannot log to ".*\/no\/log": .*ENOENT/);
});

test("a reload moves the log to another file, and is refused where that cannot be opened", async (t) => {
  const { configOf, inFile, read, start, listening, ctl } = openScene(t);
  const program = start(inFile("log"));
  await listening();
  program.configure(inFile("no/log"));
  program.signal("SIGHUP");
  const why = /sluice\.toml:3:\d+: log\.file: Cannot log to ".*\/no\/log": .*ENOENT/;
  await eventually("the reason", () => /"event":"reload_refused","cause":".*ENOENT/.test(read("log")));
  const refused = await ctl("reload");
  assert.deepEqual([refused.exit, why.test(refused.stderr)], [1, true]);
  assert.equal((await ctl("log", "reopen")).exit, 0);
  assert.equal(read("log").includes('"event":"reloaded"'), false);
  program.configure(inFile("other"));
  program.signal("SIGHUP");
  await eventually("the reload", () => read("other") !== "" || read("log").split('"reloaded"').length > 2);
  const { exit } = await ctl("log", "reopen");
  assert.equal(exit, 0);
  await eventually("the line", () => read("other").includes('"what":"log_reopen"'));
  program.configure(configOf(""));
  program.signal("SIGHUP");
  await eventually("standard output", async () => {
    await ctl("log", "debug");
    return program.stdout.includes('"what":"log_level"');
  });
});

const skip = process.platform === "linux" ? false : "NOT TESTED: /dev/full IS THERE ON LINUX ONLY";

test(
  "sluice run serves on where the file of its log is on a full disk, and counts what it lost",
  { skip },
  async (t) => {
    const { configOf, directory, start, listening, ask } = openScene(t);
    const program = start(configOf('file = "/dev/full"'));
    await listening();
    for (let i = 0; i < 5; i++) assert.match(await ask("/"), /^HTTP\/1\.1 204 /);
    const lost = await eventually("lost lines", async () => {
      const page = await roundTrip(
        join(directory, "a"),
        "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
      );
      return Number(/^sluice_log_lines_lost_total (\d+)$/m.exec(page)?.[1]) >= 6;
    });
    assert.ok(lost);
    program.signal("SIGTERM");
    assert.equal(await program.untilExit(), 0);
  },
);
