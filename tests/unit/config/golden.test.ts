import assert from "node:assert/strict";
import process from "node:process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, extname } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { ConfigError } from "../../../src/config/problems/error.ts";
import { parseConfig } from "../../../src/config/load.ts";
import type { ConfigFormat } from "../../../src/config/read.ts";

const FOLDER = fileURLToPath(new URL("../../golden/config/", import.meta.url));

/** GOLDEN=new writes the files anew. */
const WRITES = process.env["GOLDEN"] === "new";

// Each bad config stands beside a .txt with the exact message that it gets.
const files = readdirSync(FOLDER).filter((name) => !name.endsWith(".txt")).sort();

test("there are at least twelve golden files", () => assert.ok(files.length >= 12));

for (const file of files) {
  test(`parseConfig() words the problems of ${file} as its golden file does`, () => {
    const format = extname(file).slice(1) as ConfigFormat;
    const golden = `${FOLDER}${basename(file, extname(file))}.txt`;
    const message = `${messageOf(readFileSync(FOLDER + file, "utf8"), { file, format })}\n`;
    if (WRITES) writeFileSync(golden, message);
    assert.equal(message, readFileSync(golden, "utf8"));
  });
}

function messageOf(text: string, options: { file: string; format: ConfigFormat }): string {
  try {
    parseConfig(text, options);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error(`${options.file} is valid`);
}
