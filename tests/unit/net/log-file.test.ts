import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test, type TestContext } from "node:test";
import { LogFile } from "../../../src/net/log-file.ts";

const skip = process.platform === "linux"
  ? false
  : "NOT TESTED: /dev/full AND PIPES WITH NAMES ARE THERE ON LINUX ONLY";

/** A path in a folder of its own, and how to read what is in there. */
function openScene(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), "sluice-test-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const read = (name: string) => readFileSync(join(directory, name), "utf8");
  return { directory, path: join(directory, "log"), read };
}

/** Writes `text` and resolves with how many of its bytes were written. */
function write(file: LogFile, text: string): Promise<number> {
  return new Promise((resolve) => file.write(Buffer.from(text), resolve));
}

test("LogFile adds lines behind what is there, and is not for everybody to read", async (t) => {
  const { path, read } = openScene(t);
  const first = await LogFile.open(path);
  assert.equal(await write(first, "one\n"), 4);
  await first.close();
  assert.equal(statSync(path).mode & 0o7, 0);
  const second = await LogFile.open(path);
  await write(second, "two\n");
  await second.close();
  assert.equal(read("log"), "one\ntwo\n");
});

test("LogFile.reopen() goes on in a new file, and leaves all lines before that whole in the old one", async (t) => {
  const { directory, path, read } = openScene(t);
  const file = await LogFile.open(path);
  const before = "x".repeat(1_000_000);
  void write(file, `${before}\n`);
  renameSync(path, join(directory, "log.1"));
  const reopened = file.reopen();
  void write(file, "after\n");
  await reopened;
  await file.settled(5000);
  await file.close();
  assert.deepEqual([read("log.1") === `${before}\n`, read("log")], [true, "after\n"]);
});

test("LogFile.reopen() says why that fails, and lines go on into the old file", async (t) => {
  const { directory, path, read } = openScene(t);
  const inner = join(directory, "logs");
  execFileSync("mkdir", [inner]);
  const file = await LogFile.open(join(inner, "log"));
  renameSync(inner, join(directory, "gone"));
  await assert.rejects(file.reopen(), new RegExp(`Cannot log to "${inner}/log": .*ENOENT`));
  assert.equal(await write(file, "line\n"), 5);
  writeFileSync(path, "");
  await file.close();
  assert.equal(read("gone/log"), "line\n");
});

test("LogFile.open() refuses folders and pipes, and does not wait for a reader", { skip }, async (t) => {
  const { directory, path } = openScene(t);
  await assert.rejects(LogFile.open(directory), /Cannot log to ".*": .*EISDIR/);
  execFileSync("mkfifo", [path]);
  await assert.rejects(LogFile.open(path), /Cannot log to ".*log": it is a pipe/);
});

test("LogFile tells how much was lost on a full disk, and goes on", { skip }, async () => {
  const file = await LogFile.open("/dev/full");
  assert.deepEqual([await write(file, "one\n"), await write(file, "two\n")], [0, 0]);
  await file.reopen();
  assert.equal(await write(file, "three\n"), 0);
  await file.close();
});

test("LogFile refuses more while 4 MiB wait", async () => {
  const file = await LogFile.open("/dev/null");
  const chunk = "x".repeat(1024 * 1024);
  const written = await Promise.all(Array.from({ length: 8 }, () => write(file, chunk)));
  assert.deepEqual([written[0], written.at(-1)], [chunk.length, 0]);
  assert.equal(await write(file, "later"), 5);
  await file.close();
});
