import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { parsePasswordHash } from "../../src/config/values/password-hash.ts";
import { verifyPassword } from "../../src/access/password.ts";
import { sluiceCommand } from "../support/program.ts";

function sluice(args: readonly string[], input: string) {
  const [command, ...before] = sluiceCommand();
  return spawnSync(command!, [...before, ...args], { input, encoding: "utf8", timeout: 20_000 });
}

for (const input of ["pass wörd\n", "pass wörd\r\n", "pass wörd", "pass wörd\nsecond line\n"]) {
  test(`sluice hash-password prints the hash of the first line of ${JSON.stringify(input)}`, async () => {
    const { status, stdout, stderr } = sluice(["hash-password"], input);
    assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
    const hash = parsePasswordHash(stdout.replace(/\n$/, ""));
    assert.equal(await verifyPassword("pass wörd", hash), true);
    assert.equal(await verifyPassword("pass word", hash), false);
  });
}

for (const input of ["", "\n", "hunter2\tsecret\n", "hunter2".repeat(200) + "\n"]) {
  test(`sluice hash-password refuses ${JSON.stringify(input.slice(0, 20))}, without repeating it`, () => {
    const { status, stdout, stderr } = sluice(["hash-password"], input);
    assert.deepEqual({ status, stdout }, { status: 1, stdout: "" });
    assert.match(stderr, /^Cannot hash the password: .*\n$/);
    assert.doesNotMatch(stderr, /hunter2/);
  });
}

test("sluice hash-password takes no password from the command line", () => {
  const { status, stdout } = sluice(["hash-password", "hunter2"], "");
  assert.deepEqual({ status, stdout }, { status: 1, stdout: "" });
});

test("sluice --help names hash-password", () => {
  assert.match(sluice(["--help"], "").stdout, /^ +hash-password\b/m);
});
