import assert from "node:assert/strict";
import { test } from "node:test";
import { TypeList } from "../../../src/compression/type-list.ts";
import { compressSchema } from "../../../src/config/sections/compress.ts";

const USUAL = new TypeList(compressSchema.parse(true).types);

const CASES: [contentType: string, has: boolean][] = [
  ["text/html", true],
  ["Text/HTML ; charset=utf-8", true],
  ["text/javascript;charset=utf-8", true],
  ["application/json", true],
  ["application/problem+json", true],
  ["application/vnd.api+json; profile=x", true],
  ["application/xhtml+xml", true],
  ["image/svg+xml", true],
  ["application/wasm", true],
  ["text/event-stream", false],
  ["Text/Event-Stream;charset=utf-8", false],
  ["image/png", false],
  ["application/octet-stream", false],
  ["application/jsonp", false],
  ["application/grpc", false],
  ["font/woff2", false],
  ["video/mp4", false],
  ["", false],
  ["textile", false],
];
for (const [contentType, has] of CASES) {
  test(`TypeList with the usual types ${has ? "has" : "has not"} ${JSON.stringify(contentType)}`, () => {
    assert.equal(USUAL.has(contentType), has);
    assert.equal(USUAL.has(contentType), has); // the same once it is known
  });
}

test("TypeList has no event stream though one is listed", () => {
  assert.equal(new TypeList(["text/event-stream"]).has("text/event-stream"), false);
});

test("TypeList answers any number of values", () => {
  for (let i = 0; i < 1000; i++) assert.equal(USUAL.has(`text/x-${i}`), true);
});
