import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { parseConfig } from "../../../src/config/load.ts";

const FILE = fileURLToPath(new URL("../../../docs/stages.md", import.meta.url));
const sections = readFileSync(FILE, "utf8").split(/^## /m).slice(1);
const examples = sections.flatMap((section) =>
  [...section.matchAll(/^```toml\n([^]*?)^```$/gm)].map(([, example], i) =>
    [section.split("\n")[0], i + 1, example] as const
  )
);

/** An example with the frontend and the backend that it leaves out. */
function completed(example: string): string {
  const frontend = example.includes("[[frontends]]")
    ? ""
    : '[[frontends]]\nbind = ":80"\ndefault_backend = "app"\n';
  const backend = /^\[backends\.app\]$/m.test(example)
    ? ""
    : '\n[backends.app]\nservers = ["http://127.0.0.1:1"]\n';
  return frontend + example + backend;
}

test("docs/stages.md has examples", () => assert.ok(examples.length >= 5));

for (const [title, number, example] of examples) {
  test(`example ${number} of "${title}" in docs/stages.md is a valid config`, () => {
    parseConfig(completed(example!), { file: "c", format: "toml" });
  });
}
