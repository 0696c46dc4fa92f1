import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Tests that each predecessor has; http-proxy-lb with the five areas that it promised. */
const COUNTS: Readonly<Record<string, number>> = {
  pyhaproxy: 39,
  pyLoadBalancer: 11,
  "http-proxy-lb": 32 + 5,
  "reverse-proxy": 28,
};

const sections = readFileSync(`${ROOT}tests/predecessors.md`, "utf8").split(/^## /m).slice(1).map((text) => ({
  name: text.slice(0, text.indexOf("\n")),
  rows: text.split("\n").filter((line) => line.startsWith("|")).slice(2)
    .map((line) => line.split(/ *\| */).slice(1, 5).map((cell) => cell.replace(/^`|`$/g, ""))),
}));

test("predecessors.md has a row for each of their tests", () => {
  const counts = Object.fromEntries(sections.map(({ name, rows }) => [name, rows.length]));
  assert.deepEqual(counts, COUNTS);
});

for (const { name, rows } of sections) {
  test(`each of our tests that answers one of ${name} exists`, () => {
    const missing = rows.filter(([, theirs, ours, file]) =>
      theirs === "" || ours!.length < 10 || !readFileSync(ROOT + file!, "utf8").includes(ours!)
    );
    assert.deepEqual(missing, []);
  });
}
