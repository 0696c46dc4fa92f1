import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { sluiceCommand } from "../support/program.ts";

const FOLDER = mkdtempSync(join(tmpdir(), "sluice-test-"));
const [command, ...words] = sluiceCommand();
let bash = "";

before(() => {
  bash = print("bash");
  writeFileSync(join(FOLDER, "sluice.bash"), bash);
});
after(() => rmSync(FOLDER, { recursive: true }));

function print(shell: string): string {
  const { status, stdout } = spawnSync(command!, [...words, "completion", shell], { encoding: "utf8" });
  assert.equal(status, 0);
  return stdout;
}

/** What bash offers for the last of `line`. */
function offered(...line: string[]): string[] {
  const script =
    `source '${FOLDER}/sluice.bash'; COMP_WORDS=(${line.map((word) => `'${word}'`).join(" ")}); ` +
    `COMP_CWORD=${line.length - 1}; _sluice; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { status, stdout, stderr } = spawnSync("bash", ["-c", script], { encoding: "utf8", cwd: FOLDER });
  assert.deepEqual([status, stderr], [0, ""]);
  return stdout.split("\n").filter((word) => word !== "");
}

test("the completion for bash is registered for sluice", () => {
  const { stdout } = spawnSync("bash", ["-c", `source '${FOLDER}/sluice.bash'; complete -p sluice`], {
    encoding: "utf8",
  });
  assert.equal(stdout, "complete -o filenames -F _sluice sluice\n");
});

test("bash completes commands, options, words and files", () => {
  assert.deepEqual(offered("sluice", "re"), ["replay"]);
  assert.ok(offered("sluice", "").includes("proxy"));
  assert.deepEqual(offered("sluice", "proxy", "--li"), ["--listen"]);
  assert.deepEqual(offered("sluice", "proxy", "--to", "a", "--bal"), ["--balance"]);
  assert.deepEqual(offered("sluice", "--con"), ["--config"]);
  assert.deepEqual(offered("sluice", "run", "-c", "slu"), ["sluice.bash"]);
  assert.deepEqual(offered("sluice", "completion", "b"), ["bash"]);
  assert.deepEqual(offered("sluice", "hel"), ["help"]);
  assert.deepEqual(offered("sluice", "help", "ch"), ["check"]);
  assert.ok(offered("sluice", "ctl", "dra").includes("drain"));
  assert.deepEqual(offered("sluice", "convert", "--to", "y"), ["yaml"]);
});

const SYNTAX = [["zsh", ["-n"]], ["fish", ["--no-execute"]]] as const;
for (const [shell, args] of SYNTAX) {
  test(`the completion for ${shell} names every command and its options`, () => {
    const text = print(shell);
    for (const word of ["run", "proxy", "explain", "listen", "log-level"]) {
      assert.ok(text.includes(word), word);
    }
    const file = join(FOLDER, `c.${shell}`);
    writeFileSync(file, text);
    const parsed = spawnSync(shell, [...args, file], { encoding: "utf8" });
    if (parsed.error === undefined) assert.deepEqual([parsed.status, parsed.stderr], [0, ""]);
  });
}

test("an unknown shell is refused", () => {
  const { status, stderr } = spawnSync(command!, [...words, "completion", "csh"], { encoding: "utf8" });
  assert.equal(status, 1);
  assert.match(stderr, /Allowed choices are bash, zsh, fish/);
});
