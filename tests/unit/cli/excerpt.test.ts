import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { withExcerpts } from "../../../src/cli/excerpt.ts";
import { loadConfigFile } from "../../../src/config/load.ts";
import { ConfigError } from "../../../src/config/problems/error.ts";

const FOLDER = mkdtempSync(join(tmpdir(), "sluice-test-"));
after(() => rmSync(FOLDER, { recursive: true }));

/** What a terminal shows of the problems of `text`, without the folder. */
function shown(text: string, colours = false): string {
  const file = join(FOLDER, "c.toml");
  writeFileSync(file, text);
  try {
    loadConfigFile(file);
  } catch (error) {
    return withExcerpts((error as ConfigError).problems, { colours }).replaceAll(`${FOLDER}/`, "");
  }
  throw new Error("It is valid");
}

test("withExcerpts() shows the line of a problem below it, with a caret at its place", () => {
  assert.deepEqual(
    shown(
      '[[frontends]]\r\nbind = ":80"\r\ndefault_backend = "ap"\r\n[backends.app]\r\n\tservers = [":1"]\r\n',
    ).split("\n"),
    [
      'c.toml:3:19: frontends[0].default_backend: is "ap"; accepted: "app"; did you mean "app"?',
      '  3 | default_backend = "ap"',
      "                        ^",
      'c.toml:5:13: backends.app.servers[0]: is ":1"; accepted: "http://host:port/base" or "https://…", ' +
      'scheme (http), port and base optional, or "unix:/path"; did you mean "http://127.0.0.1:1"?',
      '  5 |  servers = [":1"]',
      "                  ^",
    ],
  );
});

test("withExcerpts() colours the caret alone, and only where it may", () => {
  const text = "x = 1\n";
  assert.ok(shown(text, true).includes("\n  \x1b[31m    ^\x1b[0m"));
  assert.ok(!shown(text).includes("\x1b"));
});

test("withExcerpts() shows a window of a long line, and no control characters", () => {
  const long = `x = "${"a".repeat(300)}\\u0007" # ${"b".repeat(300)}\n`;
  const [, line, caret] = shown(`${long}`.replace("x", "frontends")).split("\n").slice(0, 3);
  assert.ok(line!.length < 140 && caret!.length < 140);
});

test("withExcerpts() leaves a problem of a file that is gone as it is", () => {
  const problem = { file: join(FOLDER, "gone.toml"), line: 1, column: 1, path: "x", message: "is bad" };
  assert.equal(withExcerpts([problem], { colours: false }), `${problem.file}:1:1: x: is bad`);
  assert.equal(withExcerpts([{ file: "f", path: "", message: "is bad" }], { colours: false }), "f: is bad");
});
