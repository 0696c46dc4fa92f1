import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { EXAMPLES } from "../../src/cli/examples.ts";
import { sluiceCommand } from "../support/program.ts";

const [command, ...words] = sluiceCommand();

function help(...args: string[]): string {
  const { status, stdout } = spawnSync(command!, [...words, ...args, "--help"], { encoding: "utf8" });
  assert.equal(status, 0);
  return stdout;
}

test("every command has examples, and says them in its --help", () => {
  const all = help();
  const names = [...all.slice(all.indexOf("Commands:")).matchAll(/^ {2}([a-z-]+)/gm)].map(([, name]) =>
    name!
  );
  const commands = names.filter((name) => name !== "help");
  assert.deepEqual(Object.keys(EXAMPLES).sort(), commands.sort());
  for (const name of ["proxy", "ctl"]) {
    const text = help(name);
    for (const example of EXAMPLES[name]!) assert.ok(text.includes(`  ${example}\n`), example);
  }
});

test("examples name only options that their command has", () => {
  for (const [name, lines] of Object.entries(EXAMPLES)) {
    const text = help(name);
    for (const line of lines) {
      const own = line.replace(/ #.*$/, "").split(/[>|]/).find((part) => part.includes("sluice"))!;
      for (const [, option] of own.matchAll(/ (--?[a-z-]+)/gi)) {
        assert.ok(text.includes(option!), `${line}: ${option}`);
      }
    }
  }
});
