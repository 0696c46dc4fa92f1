import assert from "node:assert/strict";
import { test } from "node:test";
import { parseHashSource } from "../../../../src/config/sections/hash.ts";
import { validateConfig } from "../../../../src/config/load.ts";
import { refusal } from "../support.ts";

type Table = Record<string, unknown>;

function load(hash: unknown, defaults: Table = {}) {
  return validateConfig({
    frontends: [{ bind: ":0", default_backend: "app" }],
    defaults,
    backends: { app: { servers: ["http://a"], balance: "hash", ...(hash !== undefined && { hash }) } },
  }).backends.app!.hash;
}

const CLIENT = { subject: "client", argument: "" };

const sources: [text: string, subject: string, argument: string][] = [
  ["client", "client", ""],
  ["path", "path", ""],
  ["uri", "uri", ""],
  ["header(X-User)", "header", "x-user"],
  ["cookie(SID)", "cookie", "SID"],
  ["query(a b)", "query", "a b"],
  ["query((x))", "query", "(x)"],
];
for (const [text, subject, argument] of sources) {
  test(`parseHashSource() reads ${text}`, () => {
    assert.deepEqual(parseHashSource(text), { subject, argument });
  });
}

const FORM = 'accepted: "client", "path", "uri", "header(name)", "cookie(name)" or "query(name)"';
for (
  const text of [
    "",
    "src",
    "Client",
    "client()",
    "client(x)",
    "header",
    "header()",
    "header(a b)",
    "header(x",
    "header(x) ",
    "cookie(a;b)",
    "query()",
    "method",
  ]
) {
  test(`hash.on refuses "${text}"`, () => {
    const [line, ...more] = refusal(() => load({ on: text }));
    assert.deepEqual(more, []);
    assert.ok(line!.startsWith(`config: backends.app.hash.on: is ${JSON.stringify(text)}; ${FORM}`), line!);
  });
}

test("hash.on suggests the word that is meant", () => {
  assert.match(refusal(() => load({ on: "clint" }))[0]!, /; did you mean "client"\?$/);
});

test("hash goes by the client without a bound where nothing is said", () => {
  assert.deepEqual(load(undefined), { on: CLIENT, loadFactor: 0 });
});

test("hash of a backend overrides the defaults key by key", () => {
  const defaults = { hash: { on: "uri", load_factor: 1.25 } };
  const uri = { subject: "uri", argument: "" };
  assert.deepEqual(load(undefined, defaults), { on: uri, loadFactor: 1.25 });
  assert.deepEqual(load({ load_factor: 0 }, defaults), { on: uri, loadFactor: 0 });
  assert.deepEqual(load({ on: "client" }, defaults), { on: CLIENT, loadFactor: 1.25 });
});

for (const factor of [0, 1.1, 1.25, 2, 100]) {
  test(`hash.load_factor takes ${factor}`, () =>
    assert.equal(load({ load_factor: factor }).loadFactor, factor));
}

for (const factor of [-1, 0.5, 1, 1.09, 100.1, "2x", true, null]) {
  test(`hash.load_factor refuses ${factor}`, () => {
    const [line] = refusal(() => load({ load_factor: factor }));
    assert.match(
      line!,
      /^config: backends\.app\.hash\.load_factor: is .*; accepted: 0, which is off, or a number/,
    );
  });
}
