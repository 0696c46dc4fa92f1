import assert from "node:assert/strict";
import { test } from "node:test";
import type { ConfigFormat } from "../../../../src/config/read.ts";
import { positions, refusals } from "../support.ts";

/** What a row needs after its own lines to be valid otherwise. */
const REST: Record<ConfigFormat, string> = {
  toml: '\n[[frontends]]\nbind = ":80"\ndefault_backend = "app"\n[backends.app]\nservers = ["http://a"]\n',
  yaml: '\nfrontends: [{bind: ":80", default_backend: app}]\nbackends: {app: {servers: ["http://a"]}}\n',
  json: "",
};

type Row = [why: string, format: ConfigFormat, text: string, at: string[]];

const rows: Row[] = [
  ["points at an unknown key", "toml", "[log]\n  levl = 1" + REST.toml, ["2:3: log.levl"]],
  ["points at a bad value", "toml", '[log]\nlevel  =  "x"' + REST.toml, ["2:11: log.level"]],
  ["points at the name in the header of an unknown table", "toml", "[ lgo . x ]" + REST.toml, ["1:3: lgo"]],
  ["points into dotted keys", "toml", 'log.levl = 1\nlog."levels" = 2' + REST.toml, [
    "1:5: log.levl",
    "2:5: log.levels",
  ]],
  ["points into an inline table", "toml", 'log = { level = "x", acces = 1 }' + REST.toml, [
    "1:17: log.level",
    "1:22: log.acces",
  ]],
  ["points into an inline table over several lines", "toml", 'log = {\n  level = "x",\n}' + REST.toml, [
    "2:11: log.level",
  ]],
  [
    "tells the tables of an array apart",
    "toml",
    '[[frontends]]\nbind = ":1"\nx = 1\n[[frontends.routes]]\nbackend = "app"\ny = 1\n[[frontends.routes]]\nbackend = "app"\n' +
    'path_prefix = "/p"\nz = 1' + REST.toml.replace("bind", "w = 1\nbind"),
    [
      "3:1: frontends[0].x",
      "6:1: frontends[0].routes[0].y",
      "10:1: frontends[0].routes[1].z",
      "12:1: frontends[1].w",
    ],
  ],
  ["points at the table of an array that lacks a key", "toml", "# first\n[[frontends]]\n[backends]", [
    "2:1: frontends[0].bind",
    "2:1: frontends[0]",
  ]],
  ["points at the header of a table that lacks a key", "toml", "\n  [backends.b]" + REST.toml, [
    "2:3: backends.b.servers",
  ]],
  [
    "points at the name in a longer header, for a table that has none of its own",
    "toml",
    "[backends.b.tls]" + REST.toml,
    [
      "1:11: backends.b.servers",
    ],
  ],
  [
    "prefers the own header of a table over a longer one",
    "toml",
    "[backends.b.tls]\n[backends.b]" + REST.toml,
    [
      "2:1: backends.b.servers",
    ],
  ],
  [
    "points at the subtable of the last table in an array",
    "toml",
    REST.toml.replace("[backends.app]", "[frontends.timeouts]\nx = 1\n$&"),
    [
      "6:1: frontends[0].timeouts.x",
    ],
  ],
  ["points at an item of a list", "toml", REST.toml.replace('":80"', '[\n  ":80",\n  "x",\n]'), [
    "5:3: frontends[0].bind[1]",
  ]],
  ["points at a text that stands for a table", "toml", REST.toml.replace("http://a", "ftp://a"), [
    "6:12: backends.app.servers[0]",
  ]],
  ["counts columns in UTF-16 code units", "toml", 'log = { "é😀" = 1, x = 1 }' + REST.toml, [
    '1:9: log."é😀"',
    "1:20: log.x",
  ]],
  ["counts lines that end in CRLF", "toml", "[log]\r\n\r\nx = 1\r\n" + REST.toml, ["3:1: log.x"]],
  ["does not count a byte order mark", "toml", "\uFEFFx = 1" + REST.toml, ["1:1: x"]],

  ["points at an unknown key", "yaml", "log:\n  levl: 1" + REST.yaml, ["2:3: log.levl"]],
  ["points at a bad value", "yaml", "log:\n  level:   x" + REST.yaml, ["2:12: log.level"]],
  ["points at a quoted key in a flow map", "yaml", 'log: { "levl": 1 }' + REST.yaml, ["1:8: log.levl"]],
  [
    "points at a list item that lacks a key",
    "yaml",
    "frontends:\n  - name: a\n    default_backend: app\nbackends: {app: {servers: ['http://a']}}",
    [
      "2:5: frontends[0].bind",
    ],
  ],
  ["points at the key of a section that is empty", "yaml", "log:\nx: 1" + REST.yaml, ["1:5: log", "2:1: x"]],
  [
    "points at the value behind an alias",
    "yaml",
    "limits: {header_count: &n 0}\nshutdown: {drain_timeout: *n}" + REST.yaml,
    [
      "1:27: limits.header_count",
      "2:27: shutdown.drain_timeout",
    ],
  ],

  ["points at keys and values", "json", '{\n\t"log": {\n\t\t"level": "x",\n\t\t"acces": true\n\t}\n}', [
    "1:1: frontends",
    "3:12: log.level",
    "4:3: log.acces",
  ]],
  ["points at list items", "json", '{"frontends": [{"bind": [":80", 5], "default_backend": "x"}, 7]}', [
    "1:33: frontends[0].bind[1]",
    "1:56: frontends[0].default_backend",
    "1:62: frontends[1]",
  ]],
];
for (const [why, format, text, at] of rows) {
  test(`parseConfig() ${why} (${format})`, () => assert.deepEqual(positions(text, format), at));
}

const broken: [why: string, format: ConfigFormat, text: string, lines: string[]][] = [
  ["refuses a key without value", "toml", "[log]\nlevel = \n", [
    'c:2:8: is where a value is missing, behind "="; accepted: key = value',
  ]],
  ["refuses a key twice", "toml", "[log]\nlevel = 'a'\nlevel = 'b'", [
    "c:3:1: log.level: is there a second time, the first is at 2:1; accepted: each table and key once",
  ]],
  ["refuses a table twice", "toml", "[log]\n[log]", [
    "c:2:2: log: is there a second time, the first is at 1:2; accepted: each table and key once",
  ]],
  ["refuses a table of an array that is a plain table", "toml", "[a]\n[[a]]", [
    "c:2:3: a: is there a second time, the first is at 1:2; accepted: each table and key once",
  ]],
  ["refuses an unknown escape", "toml", 'a = "\\q"', [
    'c:1:7: is no escape; accepted: "\\\\" for a backslash, or single quotes around the text',
  ]],
  ["refuses every key that is there twice", "yaml", "log: 1\nlog: 2\nx: 1\nx: 2", [
    "c:2:1: Map keys must be unique",
    "c:4:1: Map keys must be unique",
  ]],
  ["refuses keys that differ in type alone", "yaml", '1: a\n"1": b', ["c:2:1: Map keys must be unique"]],
  ["refuses tabs as indentation", "yaml", "log:\n\tlevel: x", ["c:2:1: Tabs are not allowed as indentation"]],
  ["refuses a list as a key", "yaml", "? [a]\n: 1", ["c:1:3: A key must be text"]],
  ["refuses an alias to nothing", "yaml", "log: *x", ['c:1:6: There is no anchor "&x" before this alias']],
  ["refuses an alias within its own anchor", "yaml", "log: &x [*x]", ['c:1:10: Alias "*x" contains itself']],
  ["refuses an unknown tag", "yaml", "log: !x 1", [
    'c:1:6: Unresolved tag: !x; did you mean "!x 1", in quotes?',
  ]],
  ["refuses a second document", "yaml", "log: {}\n---\nlog: {}", [
    "c:2:1: A config file is a single YAML document",
  ]],
  ["refuses a key twice, and goes on reading", "json", '{"a": 1, "a": 2, "b": }', [
    'c:1:10: Duplicate key "a"',
    'c:1:23: Expected a value, found "}"',
  ]],
  ["refuses a comma after the last item", "json", '{"a": [1,\n]}', ['c:2:1: Expected a value, found "]"']],
  ["refuses a comma after the last key", "json", '{"a": 1,}', [
    'c:1:9: Expected a key in double quotes, found "}"',
  ]],
  ["refuses a missing colon", "json", '{"a" 1}', ['c:1:6: Expected ":", found "1"']],
  ["refuses comments", "json", "{\n  // a\n}", ['c:2:3: Expected a key in double quotes, found "/"']],
  ["refuses leading zeros", "json", '{"a": 01}', ['c:1:8: Expected "," or "}", found "1"']],
  ["refuses a line break in a text", "json", '{"a": "x\n"}', [
    'c:1:9: Expected a closing quote or a valid character, found "\\n"',
  ]],
  ["refuses a text that does not end", "json", '{"a": "x', [
    "c:1:9: Expected a closing quote or a valid character, found the end of the file",
  ]],
  ["refuses a second value", "json", "{}\n{}", ['c:2:1: Expected the end of the file, found "{"']],
  ["refuses an empty file", "json", "", ["c:1:1: Expected a value, found the end of the file"]],
];
for (const [why, format, text, lines] of broken) {
  test(`parseConfig() ${why} (${format})`, () => assert.deepEqual(refusals(text, format), lines));
}

test("parseConfig() stops unfolding aliases at a limit", () => {
  const items = (name: string) => `[${Array(10).fill(`*${name}`).join(", ")}]`;
  const text = `a: &a [1]\nb: &b ${items("a")}\nc: &c ${items("b")}\nd: &d ${items("c")}\n`;
  assert.match(refusals(text, "yaml")[0]!, /^c:\d+:\d+: More than 1000 aliases$/);
});

test("parseConfig() takes no date for a section, in a file of YAML 1.1", () => {
  assert.deepEqual(positions(`%YAML 1.1\n---\nlog: 2026-01-01${REST.yaml}`, "yaml"), ["3:6: log"]);
});
