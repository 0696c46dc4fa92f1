import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConfig } from "../../../../src/config/load.ts";
import { readYaml } from "../../../../src/config/text/yaml.ts";
import { refusals } from "../support.ts";

/** The data of a YAML text, as an object with a prototype. */
function dataOf(text: string): unknown {
  const { data, errors } = readYaml(text);
  assert.deepEqual(errors, []);
  return JSON.parse(JSON.stringify(data));
}

const merges: [why: string, text: string, data: unknown][] = [
  ["adds what a table does not have", "a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}", { x: 1, y: 3 }],
  ["lets own keys win wherever they stand", "a: &a {x: 1}\nb:\n  x: 2\n  <<: *a", { x: 2 }],
  ["lets the first table of a list win", "a: [&p {x: 1}, &q {x: 2, y: 2}]\nb: {<<: [*p, *q]}", {
    x: 1,
    y: 2,
  }],
  ["takes what was merged into the other", "a: &a {<<: {x: 1, z: 1}, z: 2}\nb: {<<: *a}", { z: 2, x: 1 }],
  ["is a plain key in quotes", 'b: {"<<": 1}', { "<<": 1 }],
];
for (const [why, text, data] of merges) {
  test(`readYaml() reads a merge key that ${why}`, () => {
    assert.deepEqual((dataOf(text) as { b: unknown }).b, data);
  });
}

test("readYaml() leaves out keys at the top that begin with x-, and no others", () => {
  const text = "x-servers: &s\n  x-in: [http://a]\nb: *s\nc: {x-d: 1}";
  assert.deepEqual(dataOf(text), { b: { "x-in": ["http://a"] }, c: { "x-d": 1 } });
});

test("parseConfig() takes a YAML whose backends share what an x- key holds", () => {
  const text = `
x-backend: &backend
  balance: leastconn
  timeouts: { connect: 1s }
frontends: [{ bind: ":80", default_backend: a }]
backends:
  a: { <<: *backend, servers: [http://a] }
  b: { <<: *backend, balance: random, servers: [http://b] }
`;
  const { a, b } = parseConfig(text, { file: "c", format: "yaml" }).backends;
  assert.deepEqual([a!.balance, a!.timeouts.connect], ["leastconn", 1000]);
  assert.deepEqual([b!.balance, b!.timeouts.connect], ["random", 1000]);
});

test("parseConfig() places a problem of what was merged where it was written", () => {
  const text = "x-b: &b\n  balance: best of\nfrontends: [{bind: ':80', default_backend: a}]\n" +
    "backends: {a: {<<: *b, servers: ['http://a']}}";
  assert.match(refusals(text, "yaml").join(), /^c:2:12: backends\.a\.balance: is "best of"/);
});

const refused: [text: string, line: string][] = [
  ["a: {<<: 1}", "c:1:9: A merge key takes a table, or a list of tables"],
  ["a: {<<: *n}", 'c:1:9: There is no anchor "&n" before this alias'],
  ["a: &a {<<: *a}", 'c:1:12: Alias "*a" contains itself'],
  [
    "host: *.example.com # all",
    'c:1:7: is an alias, which begins with "*", and there is no anchor "&.example.com" before it; ' +
    'did you mean "*.example.com", in quotes?',
  ],
  [
    "hosts: [*.a.example, b]",
    'c:1:9: is an alias, which begins with "*", and there is no anchor "&.a.example" before it; ' +
    'did you mean "*.a.example", in quotes?',
  ],
  ["host: *", 'c:1:7: Alias cannot be an empty string; did you mean "*", in quotes?'],
  [
    "if: !(src in [10.0.0.0/8])",
    'c:1:5: Unresolved tag: !(src; did you mean "!(src in [10.0.0.0/8])", in quotes?',
  ],
];
for (const [text, line] of refused) {
  test(`parseConfig() refuses the YAML ${text}`, () => assert.deepEqual(refusals(text, "yaml"), [line]));
}
