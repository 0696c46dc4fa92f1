import assert from "node:assert/strict";
import process from "node:process";
import { test, type TestContext } from "node:test";
import { logStyle } from "../../../src/cli/log-style.ts";
import { logSchema } from "../../../src/config/sections/log.ts";

/** Has the process look as if its output went to a terminal, or not, with these variables. */
function pretend(t: TestContext, terminal: boolean, variables: Record<string, string>): void {
  const { isTTY } = process.stdout;
  const { NO_COLOR, TERM } = process.env;
  const set = (values: Record<string, string | undefined>) => {
    for (const [name, value] of Object.entries(values)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
  Object.defineProperty(process.stdout, "isTTY", { value: terminal, configurable: true, writable: true });
  set({ NO_COLOR: undefined, TERM: "xterm", ...variables });
  t.after(() => {
    Object.defineProperty(process.stdout, "isTTY", { value: isTTY, configurable: true, writable: true });
    set({ NO_COLOR, TERM });
  });
}

const rows: [
  what: string,
  format: "auto" | "short" | "text" | "json",
  terminal: boolean,
  variables: Record<string, string>,
  expected: [format: string, colours: boolean],
][] = [
  ["short lines with colours on a terminal", "auto", true, {}, ["short", true]],
  ["JSON elsewhere", "auto", false, {}, ["json", false]],
  ["no colours where NO_COLOR is set", "auto", true, { NO_COLOR: "1" }, ["short", false]],
  ["colours where NO_COLOR is empty", "auto", true, { NO_COLOR: "" }, ["short", true]],
  ["no colours on a terminal that has none", "auto", true, { TERM: "dumb" }, ["short", false]],
  ["short lines without colours where they are asked for", "short", false, {}, ["short", false]],
  ["text on a terminal where it is asked for", "text", true, { NO_COLOR: "1" }, ["text", false]],
  ["JSON on a terminal where it is asked for", "json", true, { NO_COLOR: "1" }, ["json", false]],
];
for (const [what, format, terminal, variables, expected] of rows) {
  test(`logStyle() asks for ${what}`, (t) => {
    pretend(t, terminal, variables);
    const style = logStyle("info", { ...logSchema.parse({}), format });
    assert.deepEqual([style.format, style.colours], expected);
  });
}
