import assert from "node:assert/strict";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { loadConfigFile, validateConfig } from "../../../src/config/load.ts";
import { type ConfigFormat, MAX_CONFIG_BYTES } from "../../../src/config/read.ts";
import { MAX_DEPTH } from "../../../src/config/text/bounds.ts";
import { refusal, refusals } from "./support.ts";

const TOO_DEEP = "is nested too deeply; accepted: up to 64 levels of tables and lists";
/** What stopped a running proxy for 16 s once. */
const LEVELS = 20_000;

function nested(open: string, close: string, levels = LEVELS): string {
  return open.repeat(levels) + "1" + close.repeat(levels);
}

const deep: [what: string, format: ConfigFormat, text: string][] = [
  ["lists", "toml", `a = ${nested("[", "]")}`],
  ["more lists than a stack holds", "toml", `a = ${nested("[", "]", 200_000)}`],
  ["tables", "toml", `a = ${nested("{a=", "}")}`],
  ["keys with dots", "toml", `a${".a".repeat(LEVELS)} = 1`],
  ["headers with dots", "toml", `[a${".a".repeat(LEVELS)}]`],
  ["lists of tables", "toml", `[[a${".a".repeat(LEVELS)}]]`],
  ["lists", "yaml", `a: ${nested("[", "]")}`],
  ["lists without an end", "yaml", `a: ${"[".repeat(LEVELS)}`],
  ["tables", "yaml", `a: ${nested("{a: ", "}")}`],
  ["dashes", "yaml", nested("- ", "")],
  ["question marks", "yaml", nested("? ", "")],
  ["indentation", "yaml", Array.from({ length: 500 }, (_, i) => `${" ".repeat(i)}a:`).join("\n")],
  ["lists", "json", nested("[", "]")],
  ["tables", "json", nested('{"a":', "}")],
];
for (const [what, format, text] of deep) {
  test(`parseConfig() refuses ${what} that are nested too deeply (${format})`, () => {
    const lines = refusals(text, format);
    assert.equal(lines.length, 1);
    assert.match(lines[0]!, new RegExp(`^c:\\d+:\\d+: ${TOO_DEEP}$`));
  });
}

for (const [format, start] of [["toml", "a = "], ["yaml", "a: "]] as const) {
  test(`parseConfig() goes ${MAX_DEPTH} levels deep (${format})`, () => {
    const at = (levels: number) => refusals(start + nested("[", "]", levels), format).join();
    assert.doesNotMatch(at(MAX_DEPTH - 1), /too deeply/);
    assert.match(at(MAX_DEPTH), /too deeply/);
  });
}

test("validateConfig() refuses data that is nested too deeply", () => {
  let data: unknown = 1;
  for (let i = 0; i < LEVELS; i++) data = [data];
  assert.deepEqual(refusal(() => validateConfig({ frontends: data })), [`config: ${TOO_DEEP}`]);
});

test("parseConfig() refuses a small YAML that unfolds to millions of values", () => {
  const text = `x: &x [${"1,".repeat(10_000)}]\ny: [${"*x,".repeat(1000)}]`;
  assert.match(refusals(text, "yaml").join(), /^c:1:\d+: has too many values; accepted: up to 300000$/);
});

const many: [what: string, format: ConfigFormat, text: string][] = [
  ["items", "toml", `a = [${"1,".repeat(400_000)}]`],
  ["escapes", "yaml", `a: "${"\\x".repeat(1_600_000)}"`],
];
for (const [what, format, text] of many) {
  test(`parseConfig() refuses too many ${what}, before all of them are read (${format})`, () => {
    assert.match(refusals(text, format).join(), /^c:\d+:\d+: has too many values; accepted: up to 300000$/);
  });
}

test("loadConfigFile() refuses a file that is too large, before it reads it", () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-config-"));
  try {
    const path = join(folder, "large.toml");
    writeFileSync(path, "#");
    truncateSync(path, MAX_CONFIG_BYTES + 1);
    assert.deepEqual(refusal(() => loadConfigFile(path)), [`${path}: is too large; accepted: up to 4 MiB`]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
