import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRouteHost } from "../../../../src/config/values/host.ts";

const accepted: [text: string, host: string][] = [
  ["api.example.com", "api.example.com"],
  ["API.Example.com.", "api.example.com"],
  ["*.Example.com", "*.example.com"],
  ["localhost", "localhost"],
  ["my_app-1.test", "my_app-1.test"],
  ["127.0.0.1", "127.0.0.1"],
  ["[0::1]", "[::1]"],
  ["xn--bcher-kva.example", "xn--bcher-kva.example"],
];
for (const [text, host] of accepted) {
  test(`parseRouteHost() reads "${text}" as "${host}"`, () => assert.equal(parseRouteHost(text), host));
}

const refused = [
  "",
  ".",
  "*",
  "*.",
  "a.*.b",
  "**.a",
  "*a.b",
  "a..b",
  "a:80",
  "::1",
  "*.127.0.0.1",
  "1.2.3",
  "-a.b",
  "a/b",
  "bücher.de",
  "a b",
  "a\n",
];
for (const text of refused) {
  test(`parseRouteHost() refuses ${JSON.stringify(text)}`, () => {
    assert.throws(() => parseRouteHost(text), RangeError);
  });
}
