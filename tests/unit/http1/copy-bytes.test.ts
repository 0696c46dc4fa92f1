import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { copyBytes } from "../../../src/http1/copy-bytes.ts";

const SOURCE = Buffer.from(Array.from({ length: 400 }, (_, i) => i % 251));

test("copyBytes() copies a part of any length, and nothing beside it", () => {
  for (const source of [SOURCE, new Uint8Array(SOURCE)]) {
    for (let length = 0; length <= 200; length++) {
      const target = Buffer.alloc(210, 255);
      copyBytes(source, 7, 7 + length, target, 5);
      assert.deepEqual(target.subarray(5, 5 + length), SOURCE.subarray(7, 7 + length));
      assert.ok(target.subarray(0, 5).every((byte) => byte === 255));
      assert.ok(target.subarray(5 + length).every((byte) => byte === 255));
    }
  }
});
