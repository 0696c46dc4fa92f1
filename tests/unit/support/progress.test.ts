import assert from "node:assert/strict";
import { test } from "node:test";
import { Progress } from "../../support/progress.ts";

const DENO = `running 3 tests from ./tests/unit/a.test.ts
a() does this ... ok (5ms)
a() does that ...
  peer missing: squid
a() does that ... FAILED (1s)
a() prints ... ------- output -------
a line of its own
----- output end -----
a() prints ... ok (2ms)
running 1 test from ./tests/unit/b.test.ts
b() is quick ... ok (82µs)

ERRORS

a() does that => ./tests/unit/a.test.ts:3:1
`;
const BUN = `bun test v1.4.5

tests/unit/a.test.ts:
(pass) a() does this [5.00ms]
error: expected 1
(fail) a() does that [1.00ms]

tests/unit/b.test.ts:
(pass) b() is quick

1 tests failed:
(fail) a() does that [1.00ms]

 2 pass
`;

for (const [runtime, output] of [["Deno", DENO], ["Bun", BUN]] as const) {
  test(`Progress prints a line for each file that ${runtime} is through with, whatever the pieces`, () => {
    for (const size of [1, 7, output.length]) {
      const lines: string[] = [];
      const progress = new Progress((line) => lines.push(line));
      for (let at = 0; at < output.length; at += size) progress.push(output.slice(at, at + size));
      progress.end();
      assert.deepEqual(lines, [
        `tests/unit/a.test.ts: ${runtime === "Deno" ? 2 : 1} passed, 1 FAILED`,
        "tests/unit/b.test.ts: 1 passed",
      ]);
    }
  });
}

test("Progress keeps what is not about a passed test", () => {
  const progress = new Progress(() => {});
  progress.push(BUN);
  progress.end();
  assert.deepEqual(progress.rest.filter((line) => line !== ""), [
    "bun test v1.4.5",
    "error: expected 1",
    "(fail) a() does that [1.00ms]",
    "1 tests failed:",
    "(fail) a() does that [1.00ms]",
    " 2 pass",
  ]);
});
