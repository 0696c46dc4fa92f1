import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { MUTANTS } from "./list.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

test("every mutant breaks a text that its file has exactly once", () => {
  const wrong = MUTANTS.filter(({ file, from, to }) => {
    const path = join(ROOT, "src", file);
    return from === to || !existsSync(path) || readFileSync(path, "utf8").split(from).length !== 2;
  });
  assert.deepEqual(wrong.map(({ file, breaks }) => `${file}: ${breaks}`), []);
});

test("every mutant has tests that must notice it", () => {
  const wrong = MUTANTS.filter(({ tests }) =>
    tests.length === 0 || !tests.every((path) => existsSync(join(ROOT, "tests", path)))
  );
  assert.deepEqual(wrong.map(({ file, breaks }) => `${file}: ${breaks}`), []);
});

test("no two mutants break the same in the same way", () => {
  const keys = MUTANTS.map(({ file, from, to }) => JSON.stringify([file, from, to]));
  assert.equal(new Set(keys).size, keys.length);
});
