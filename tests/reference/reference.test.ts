// docs/sluice.schema.json and docs/configuration.md are made of the sections and their comments. GOLDEN=new writes them anew.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { defaultOf, exampleOf, valueOf } from "./cells.ts";
import type { Key, Value } from "./model.ts";
import { configJsonSchema, configModel, REFERENCE_FILES } from "./reference.ts";

const DOCS = fileURLToPath(new URL("../../docs/", import.meta.url));

for (const [name, text] of Object.entries(REFERENCE_FILES)) {
  test(`docs/${name} is what the sections say; GOLDEN=new writes it anew`, () => {
    if (process.env["GOLDEN"] === "new") writeFileSync(DOCS + name, text);
    assert.ok(
      readFileSync(DOCS + name, "utf8") === text,
      `docs/${name} is old: GOLDEN=new npx bun test ./tests/reference/reference.test.ts`,
    );
  });
}

/** Every key in `value` with its path. */
function* keysIn(value: Value, path: string): Generator<readonly [path: string, key: Key]> {
  if (value.kind === "table") {
    for (const key of value.keys) {
      yield [`${path}${key.name}`, key];
      yield* keysIn(key.value, `${path}${key.name}.`);
    }
  } else if (value.kind === "either") { for (const one of value.of) yield* keysIn(one, path); }
  else if (value.kind !== "plain") yield* keysIn(value.item, path);
}

const keys = [...keysIn(configModel, "")];

test("every key has a comment that says what it means, in words for operators", () => {
  assert.ok(keys.length > 500);
  const wrong = keys.filter(([, { comment }]) =>
    comment === undefined || comment.text === "" ||
    /`[a-z]+[A-Z]\w*`|\.ts\b|, in ms\b/.test(comment.text)
  );
  assert.deepEqual(wrong.map(([path, { comment }]) => `${path}: ${comment?.text}`), []);
});

test("every example is accepted where it stands, files and variables apart", () => {
  const wrong = keys.flatMap(([path, { comment, problemsOf }]) =>
    comment?.example === undefined || comment.example.includes("${")
      ? []
      : problemsOf(valueOf(comment.example))
        .filter((problem) => !/cannot be (?:read|used)/.test(problem)).map((problem) => `${path} ${problem}`)
  );
  assert.deepEqual(wrong, []);
});

test("every key that has no default has an example", () => {
  const wrong = keys.filter(([, key]) =>
    defaultOf(key) === "" && exampleOf(key) === undefined && [...keysIn(key.value, "")].length === 0
  );
  assert.deepEqual(wrong.map(([path]) => path), []);
});

test("every pattern means the same in other engines: brackets in classes are escaped, and no class is empty", () => {
  const patterns = [...JSON.stringify(configJsonSchema).matchAll(/"pattern":("(?:[^"\\]|\\.)*")/g)].map((
    [, text],
  ) => JSON.parse(text!) as string);
  assert.ok(patterns.length > 100);
  const wrong = patterns.filter((pattern) => {
    const bare = pattern.replaceAll(/\\[^0]/g, "x");
    return /\[\^?\]|\[[^\]]*\[|\\0/.test(bare);
  });
  assert.deepEqual([...new Set(wrong)], []);
});
