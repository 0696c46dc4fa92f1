import assert from "node:assert/strict";
import { test } from "node:test";
import { Silence } from "../../../src/backend/silence.ts";

test("Silence lasts from the first attempt that was outrun until the server answers anything", () => {
  const silence = new Silence();
  assert.equal(silence.outrun(0, 1000), 0);
  assert.equal(silence.outrun(0, 1200), 200);
  assert.equal(silence.outrun(0, 9000), 8000);
  assert.equal(silence.outrun(1, 9100), 0); // one was answered meanwhile
  assert.equal(silence.outrun(1, 9500), 400);
});
