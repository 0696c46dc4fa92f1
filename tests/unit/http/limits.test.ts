import assert from "node:assert/strict";
import { test } from "node:test";
import {
  DEFAULT_LIMITS,
  MAX_CHUNK_EXTENSION_BYTES,
  MAX_CHUNK_LINE_BYTES,
} from "../../../src/http/head-limits.ts";

test("DEFAULT_LIMITS are those of the documentation", () => {
  assert.deepEqual(DEFAULT_LIMITS, { headerSize: 32768, headerCount: 100, targetSize: 16384 });
});

test("MAX_CHUNK_LINE_BYTES and MAX_CHUNK_EXTENSION_BYTES stay below the size of a head", () => {
  assert.equal(MAX_CHUNK_LINE_BYTES, 1024);
  assert.equal(MAX_CHUNK_EXTENSION_BYTES, 16384);
});
