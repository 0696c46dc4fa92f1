import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { after, test } from "node:test";
import { findPlace, loadConfig, refuseFile, validateConfig } from "../../../src/config/load.ts";
import { ConfigError } from "../../../src/config/problems/error.ts";
import { refusal } from "./support.ts";

const FOLDER = mkdtempSync(join(tmpdir(), "sluice-test-"));
after(() => rmSync(FOLDER, { recursive: true }));
let count = 0;

/** Writes files, and returns the path of the first. */
function write(files: Readonly<Record<string, string>>): string {
  const folder = join(FOLDER, String(count++));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return join(folder, Object.keys(files)[0]!);
}

const load = (files: Readonly<Record<string, string>>) => loadConfig({ file: write(files) });

/** What is wrong, without the folder of the test. */
function refused(files: Readonly<Record<string, string>>): string[] {
  const file = write(files);
  return refusal(() => loadConfig({ file })).map((line) => line.replaceAll(`${dirname(file)}/`, ""));
}

const frontend = (name: string, port: number, backend = "a") =>
  `[[frontends]]\nname = "${name}"\nbind = "127.0.0.1:${port}"\ndefault_backend = "${backend}"\n`;
const backend = (name: string) => `[backends.${name}]\nservers = ["http://${name}"]\n`;
const MAIN = `include = ["conf.d/*.toml"]\n${frontend("main", 1)}`;

test("include adds frontends and tests of files in the order of their names, and their backends", () => {
  const { config, included } = load({
    "sluice.toml": `${MAIN}[[tests]]\nurl = "http://x/"\nexpect = { backend = "a" }\nfrontend = "main"\n`,
    "conf.d/20.toml": frontend("late", 3),
    "conf.d/10.toml": `${frontend("early", 2, "b")}${
      backend("b")
    }[[tests]]\nurl = "http://y/"\nexpect = { backend = "b" }\nfrontend = "early"\n`,
    "conf.d/a.toml": backend("a"),
    "conf.d/.hidden.toml": "no toml",
    "conf.d/other.yaml": "no: [yaml",
  });
  assert.deepEqual(config.frontends.map(({ name }) => name), ["main", "early", "late"]);
  assert.deepEqual(Object.keys(config.backends).sort(), ["a", "b"]);
  assert.deepEqual(config.tests.map(({ url }) => url), ["http://x/", "http://y/"]);
  assert.deepEqual(included.files.map((file) => file.split("/").slice(-2).join("/")), [
    "conf.d/10.toml",
    "conf.d/20.toml",
    "conf.d/a.toml",
  ]);
  assert.equal(included.patterns.length, 1);
});

test("include takes files of every format, sections that stand once, and paths as seen from the file", () => {
  const { config } = load({
    "sluice.yaml": "include: [parts/one.json]\nfrontends: [{ bind: '127.0.0.1:1', default_backend: a }]\n",
    "parts/one.json": '{ "include": ["two.toml"], "admin": { "bind": "127.0.0.1:2" } }',
    "parts/two.toml": `[log]\naccess = false\n${backend("a")}`,
  });
  assert.equal(config.admin!.bind.text, "127.0.0.1:2");
  assert.equal(config.log.access, false);
});

test("include takes a variable, and a pattern that stands for nothing", () => {
  process.env["SLUICE_TEST_PART"] = "part";
  const { config } = load({
    "sluice.toml": `include = ["\${SLUICE_TEST_PART}.toml", "none/*.toml", "\${SLUICE_TEST_NO:-pa}*.toml"]\n${
      frontend("m", 1)
    }`,
    "part.toml": backend("a"),
  });
  delete process.env["SLUICE_TEST_PART"];
  assert.deepEqual(Object.keys(config.backends), ["a"]);
});

test("a problem names the included file, its line, and the path in it", () => {
  assert.deepEqual(
    refused({
      "sluice.toml": MAIN,
      "conf.d/a.toml": backend("a"),
      "conf.d/b.toml": `${frontend("b", 2)}${
        frontend("c", 3)
      }balanc = 1\n[[frontends]]\nbind = "127.0.0.1:4"\ndefault_backend = "nope"\n`,
    }),
    [
      "conf.d/b.toml:9:1: frontends[1].balanc: unknown key; accepted: " +
      refused({ "x.toml": `${frontend("c", 3)}balanc = 1\n${backend("a")}` })[0]!.split("accepted: ")[1],
      'conf.d/b.toml:12:19: frontends[2].default_backend: is "nope"; accepted: "a"',
    ],
  );
});

test("what two files say alike is told with both places", () => {
  assert.deepEqual(
    refused({
      "sluice.toml": MAIN,
      "conf.d/a.toml": backend("a"),
      "conf.d/b.toml": `${backend("a")}${frontend("x", 1)}`,
      "conf.d/c.toml": "[log]\n",
      "conf.d/d.toml": "[log]\n",
    }),
    [
      "conf.d/b.toml:1:11: backends.a: is there already, at conf.d/a.toml:1:11; accepted: each backend in one file",
      "conf.d/d.toml:1:2: log: is there already, at conf.d/c.toml:1:2; accepted: each section in one file",
    ],
  );
  assert.deepEqual(
    refused({ "sluice.toml": MAIN, "conf.d/a.toml": `${backend("a")}${frontend("x", 1)}` }),
    [
      'conf.d/a.toml:5:8: frontends[0].bind: is "127.0.0.1:1", the same as frontends[0].bind in sluice.toml:4:8; ' +
      "accepted: each address once",
    ],
  );
});

test("several files that are no TOML are told at once, and a file that is not there", () => {
  const lines = refused({
    "sluice.toml": `include = ["conf.d/*.toml", "gone.toml", "x.ini"]\n`,
    "conf.d/a.toml": "a = = 1\n",
    "conf.d/b.toml": "[[frontends\n",
    "x.ini": "",
  });
  assert.equal(lines.length, 4);
  assert.match(lines[0]!, /^conf\.d\/a\.toml:1:5: /);
  assert.match(lines[1]!, /^conf\.d\/b\.toml:1:\d+: /);
  assert.match(lines[2]!, /^sluice\.toml:1:29: include\[1\]: "gone\.toml" is not there; accepted: /);
  assert.match(lines[3]!, /^x\.ini: has the extension "\.ini"; accepted: /);
});

test("a folder is no file to be included, nor is a pipe, which is not waited for", () => {
  const lines = refused({
    "sluice.toml": `include = ["conf.d", "", "/dev/null", "${"n".repeat(300)}.toml"]\n`,
    "conf.d/a.toml": "",
  });
  assert.equal(lines.length, 4);
  assert.match(lines[3]!, /n\.toml" is not there; /);
  assert.match(lines[0]!, /^sluice\.toml:1:12: include\[0\]: ".*conf\.d" is no file; accepted: a file, or /);
  assert.match(lines[2]!, /include\[2\]: "\/dev\/null" is no file; /);
});

test("a pattern with brackets stands for what it does in a shell, closed or not", () => {
  const names = (pattern: string) =>
    load({
      "sluice.toml": `include = [${JSON.stringify(pattern)}]\n${frontend("main", 1)}${backend("a")}`,
      "c1.toml": backend("c1"),
      "c2.toml": backend("c2"),
      "c[.toml": backend("odd"),
      "c^.toml": backend("roof"),
    }).included.files.map((file) => file.split("/").at(-1));
  assert.deepEqual(names("c[12].toml"), ["c1.toml", "c2.toml"]);
  assert.deepEqual(names("c[!1[].toml"), ["c2.toml", "c^.toml"]);
  assert.deepEqual(names("c[^1-9].toml"), ["c[.toml", "c^.toml"]);
  assert.deepEqual(names("?[.toml"), ["c[.toml"]);
  assert.deepEqual(names("["), []);
  assert.deepEqual(names("c[9-1].toml"), []);
});

test("files that include each other are refused, with their way", () => {
  const lines = refused({ "a.toml": 'include = ["b.toml"]\n', "b.toml": 'include = ["a.toml"]\n' });
  assert.deepEqual(lines, ["b.toml:1:12: include[0]: includes itself: a.toml -> b.toml -> a.toml"]);
});

test("a file is taken once, however it is written, and a pattern does not stand for the file that it is in", () => {
  const file = write({
    "sluice.toml": `include = ["*.toml", "./a.toml"]\n${frontend("main", 1)}`,
    "a.toml": backend("a"),
  });
  const odd = `${dirname(file)}/../${dirname(file).split("/").at(-1)}/sluice.toml`;
  for (const path of [file, odd]) assert.equal(loadConfig({ file: path }).included.files.length, 1);
  assert.match(
    refused({ "sluice.toml": 'include = ["./sluice.toml"]\n' })[0]!,
    /includes itself: sluice\.toml -> sluice\.toml$/,
  );
});

test("how deep files go is bounded, how many, and how much", () => {
  const chain = Object.fromEntries(
    Array.from({ length: 9 }, (_, i) => [`${i}.toml`, `include = ["${i + 1}.toml"]\n`]),
  );
  assert.match(
    refused({ ...chain, "9.toml": "" }).join("\n"),
    /^7\.toml:1:12: .*is too deep; accepted: up to 8 levels/m,
  );
  const many = Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`conf.d/${i}.toml`, ""]));
  assert.match(
    refused({ "sluice.toml": MAIN, ...many }).join("\n"),
    /is one file too many; accepted: up to 1000 files/,
  );
  const large = `# ${"x".repeat(2_200_000)}\n`;
  assert.match(
    refused({ "sluice.toml": MAIN, "conf.d/a.toml": large, "conf.d/b.toml": large }).join("\n"),
    /makes the config too large; accepted: up to 4 MiB in all/,
  );
});

test("an error knows which files were looked at, even where it is of one of them", () => {
  const file = write({ "sluice.toml": MAIN, "conf.d/a.toml": "a = = 1\n", "conf.d/b.toml": backend("b") });
  assert.throws(() => loadConfig({ file }), (error: ConfigError) => {
    assert.deepEqual(
      error.included!.files,
      ["a", "b"].map((name) => join(dirname(file), `conf.d/${name}.toml`)),
    );
    return true;
  });
  const wrong = write({ "sluice.toml": MAIN, "conf.d/a.toml": "[backends.b]\n" });
  assert.throws(
    () => loadConfig({ file: wrong }),
    (error: ConfigError) => error.included!.files.length === 1,
  );
});

test("findPlace() and refuseFile() find what stands in an included file", () => {
  const file = write({ "sluice.toml": MAIN, "conf.d/a.toml": `${backend("a")}${frontend("b", 2)}` });
  const part = join(dirname(file), "conf.d/a.toml");
  assert.equal(findPlace(file, ["frontends", 1, "bind", 0]), `${part}:5:8: frontends[0].bind`);
  assert.equal(findPlace(file, ["frontends", 0, "bind"]), `${file}:4:8: frontends[0].bind`);
  const error = refuseFile({ file }, [{ path: ["backends", "a", "servers", 0], message: "is no good" }]);
  assert.equal(error.message, `${part}:2:12: backends.a.servers[0]: is no good`);
});

test("include is for files: data that a program hands over has none", () => {
  assert.deepEqual(refusal(() => validateConfig({ include: ["x.toml"], frontends: [] })), [
    "config: include: is for files; accepted: what they hold, in the data",
  ]);
});

test("include is a list of texts", () => {
  assert.match(
    refused({ "a.toml": `include = "b.toml"\n${frontend("m", 1)}${backend("a")}` })[0]!,
    /^a\.toml:1:11: include: is "b\.toml"; accepted: a list of paths/,
  );
  assert.match(
    refused({ "a.toml": `include = [1]\n${frontend("m", 1)}${backend("a")}` })[0]!,
    /^a\.toml:1:12: include\[0\]: is 1; accepted: a path/,
  );
});
