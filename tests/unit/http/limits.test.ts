import assert from "node:assert/strict";
import { test } from "node:test";
import { MAX_CHUNK_EXTENSION_BYTES, MAX_CHUNK_LINE_BYTES } from "../../../src/http/head-limits.ts";

test("MAX_CHUNK_LINE_BYTES and MAX_CHUNK_EXTENSION_BYTES stay below the size of a head", () => {
  assert.equal(MAX_CHUNK_LINE_BYTES, 1024);
  assert.equal(MAX_CHUNK_EXTENSION_BYTES, 16384);
});
