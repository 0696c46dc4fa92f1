import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { FOREIGN_FORMATS, type ForeignFormat } from "../../src/config/import/formats.ts";
import type { Draft, DraftTable } from "../../src/config/import/draft.ts";
import { writeToml } from "../../src/config/import/write-toml.ts";
import { parseConfig } from "../../src/config/load.ts";
import { ConfigError } from "../../src/config/problems/error.ts";

/** A foreign config as a draft, whose result is valid. `files` are those that it may include. */
export function converted(
  t: TestContext,
  { format, text, files = {} }: {
    format: ForeignFormat;
    text: string;
    files?: Readonly<Record<string, string>>;
  },
): Draft {
  const folder = mkdtempSync(join(tmpdir(), "sluice-convert-"));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  writeFileSync(join(folder, "main"), text);
  const draft = FOREIGN_FORMATS[format](join(folder, "main"));
  parseConfig(writeToml(draft.data), { file: "sluice.toml", format: "toml" });
  return draft;
}

/** The only frontend of a draft, without what speaks of its comments. */
export function onlyFrontend({ data }: Draft): DraftTable {
  return JSON.parse(JSON.stringify((data["frontends"] as DraftTable[])[0]));
}

/** What is said of a config that cannot be read, as `line:column: message`. */
export function refusal(t: TestContext, format: ForeignFormat, text: string): string {
  try {
    converted(t, { format, text });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const { line, column, message } = error.problems[0]!;
    return `${line}:${column}: ${message}`;
  }
  return "none";
}

/** Why parts are not converted, in their order. */
export function lostIn(draft: Draft): string[] {
  return draft.notes.filter(({ kind }) => kind === "lost").map(({ origin, message }) =>
    `${origin?.text}: ${message}`
  );
}
