import assert from "node:assert/strict";
import { test } from "node:test";
import { refusals } from "../support.ts";

/** A valid config; each row puts one slip into it. */
const VALID = `[[frontends]]
bind = ":80"
default_backend = "app"
[backends.app]
servers = ["http://a"]
`;

const bare = (place: string, text: string) => `${place}: is a text without quotes; accepted: ${text}`;
const twice = (place: string, first: string) =>
  `${place}: is there a second time, the first is at ${first}; accepted: each table and key once`;
const header = (place: string, written: string, name: string) =>
  `${place}: is the header ${written} with unequal brackets; accepted: [${name}] for a table, [[${name}]] for ` +
  "one more of a list";

type Row = [why: string, find: string, replacement: string, line: string];

const rows: Row[] = [
  ["an address", '":80"', "127.0.0.1:1", bare("c:2:8", '"127.0.0.1:1"')],
  ["an address alone", '":80"', "127.0.0.1", bare("c:2:8", '"127.0.0.1"')],
  ["an IPv6 address", '":80"', "[::1]:80", bare("c:2:8", '"[::1]:80"')],
  ["a port", '":80"', ":80", bare("c:2:8", '":80"')],
  ["a word", '"app"', "app", bare("c:3:19", '"app"')],
  ["a wildcard", '"app"', "*.example.com # all", bare("c:3:19", '"*.example.com"')],
  ["a variable", '":80"', "${BIND:-:80}", bare("c:2:8", '"${BIND:-:80}"')],
  ["an item of a list", '"http://a"', "http://a", bare("c:5:12", '"http://a"')],
  ["an item on a line of its own", '"http://a"', '"http://a",\n  http://b', bare("c:6:3", '"http://b"')],
  ["a value of an inline table", '"http://a"', "{ url = http://a }", bare("c:5:20", '"http://a"')],
  ["a duration", "[[", "reload_interval = 2s\n[[", bare("c:1:19", '"2s"')],
  ["another word for true", "[[", "log.access = yes\n[[", bare("c:1:14", 'true, or "yes"')],
  [
    "typographic quotes",
    '"app"',
    "“app”",
    'c:3:19: is in quotes of another kind: “app”; accepted: "app"',
  ],
  ["a text that does not end", '"app"', '"app', "c:3:19: is a text without its closing quote"],
  ["a list that does not end", '"]', '"', 'c:5:11: is a list without its closing "]"'],
  [
    "a list without a comma",
    '"http://a"',
    '"http://a" "http://b"',
    'c:5:23: is where a "," is missing, between two items or two keys',
  ],
  [
    "a header that lacks a bracket",
    "[[frontends]]",
    "[[frontends]",
    header("c:1:1", "[[frontends]", "frontends"),
  ],
  [
    "a header with one too many",
    "[[frontends]]",
    "[frontends]]",
    header("c:1:1", "[frontends]]", "frontends"),
  ],
  [
    "a header without an end",
    "[backends.app]",
    "[backends.app",
    header("c:4:1", "[backends.app", "backends.app"),
  ],
  ["a table twice", "$", "[backends.app]", twice("c:6:11: backends.app", "4:11")],
  ["a key twice", "$", 'servers = ["http://b"]', twice("c:6:1: backends.app.servers", "5:1")],
  [
    "a key twice in a list of tables",
    'bind = ":80"',
    "bind = ':1'\n$&",
    twice("c:3:1: frontends[0].bind", "2:1"),
  ],
  [
    "a list of tables as a table",
    "[backends",
    "[frontends]\n$&",
    twice("c:4:2: frontends", "1:3") + "; did you mean [[frontends]]?",
  ],
  ["a table that stands behind a key", "[[", "log = { }\n[log]\n[[", twice("c:2:2: log", "1:1")],
  ["a table that dotted keys have made", "[[", 'log.level = "info"\n[log]\n[[', twice("c:2:2: log", "1:1")],
  [
    "a key twice in an inline table",
    '"http://a"',
    '{ url = "a", url = "b" }',
    "c:5:25: is there a second time in one table; accepted: each key once",
  ],
  [
    "a table where a list is wanted",
    "[[frontends]]",
    "[frontends]",
    "c:1:1: frontends: is a table; accepted: one or more frontends; did you mean [[frontends]]?",
  ],
  [
    "one route as a table",
    "[backends",
    '[frontends.routes]\nbackend = "app"\n$&',
    "c:4:1: frontends[0].routes: is a table; accepted: a list of routes; did you mean [[frontends.routes]]?",
  ],
  ["a colon", "bind =", "bind:", 'c:2:5: is ":"; accepted: "=" between a key and its value'],
  ["a key without a sign", "bind =", "bind", 'c:2:6: is where a "=" is missing; accepted: key = value'],
  [
    "a key without a value",
    '":80"',
    "",
    'c:2:7: is where a value is missing, behind "="; accepted: key = value',
  ],
  [
    "a semicolon",
    '":80"',
    '":80";',
    'c:2:13: is ";", which cannot stand here; accepted: the end of the line, or a comment, which begins with "#"',
  ],
  [
    "a comment of another language",
    "[[",
    "// a\n[[",
    'c:1:1: is "//", which cannot stand here; accepted: key = value, or a comment, which begins with "#"',
  ],
  [
    "a backslash",
    '":80"',
    '"unix:\\q"',
    'c:2:15: is no escape; accepted: "\\\\" for a backslash, or single quotes around the text',
  ],
  [
    "YAML",
    "[[frontends]]",
    "# mine\nfrontends:",
    "c:2:1: looks like YAML, not like TOML; accepted: key = value, or a file name that ends in .yaml or .yml",
  ],
  [
    "JSON",
    "[[frontends]]",
    '{ "frontends": [',
    "c:1:1: looks like JSON, not like TOML; accepted: key = value, or a file name that ends in .json",
  ],
];
for (const [why, find, replacement, line] of rows) {
  test(`parseConfig() says in its own words and at its place what is wrong with ${why} in TOML`, () => {
    const text = find === "$" ? VALID + replacement : VALID.replace(find, replacement);
    assert.deepEqual(refusals(text), [line]);
  });
}

const misplaced: [why: string, text: string, hint: RegExp][] = [
  [
    "a route at the top",
    VALID + '[[routes]]\nbackend = "app"',
    /^c:6:3: routes: .*; did you mean \[\[frontends\.routes\]\]\?$/,
  ],
  ["a rule at the top", VALID + "[[rules]]", /^c:6:3: rules: .*; did you mean \[\[frontends\.rules\]\]\?$/],
  [
    "a timeout at the top",
    VALID + "[timeouts]",
    /^c:6:2: timeouts: .*; did you mean .*\[defaults\.timeouts\]/,
  ],
  [
    "a key of the frontend behind its routes",
    VALID.replace("default_backend", '[[frontends.routes]]\nbackend = "app"\n$&'),
    /^c:5:1: frontends\[0\]\.routes\[0\]\.default_backend: .*; did you mean "frontends\.default_backend"\?$/,
  ],
  [
    "a key of the file in a section",
    "[log]\nreload_interval = '1s'\n" + VALID,
    /^c:2:1: log\.reload_interval: .*; did you mean "reload_interval"\?$/,
  ],
  [
    "a key of the timeouts in a backend",
    VALID + "connect = '1s'",
    /^c:6:1: backends\.app\.connect: .*; did you mean "backends\.NAME\.timeouts\.connect"\?$/,
  ],
];
for (const [why, text, hint] of misplaced) {
  test(`parseConfig() says where ${why} belongs`, () => assert.match(refusals(text).join("\n"), hint));
}
