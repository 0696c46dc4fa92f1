import assert from "node:assert/strict";
import { test } from "node:test";
import { NameWatch } from "../../../src/backend/name-watch.ts";
import type { Resolution } from "../../../src/net/resolver.ts";

const ANSWER: Resolution = {
  endpoints: [{ address: "192.0.2.1", family: 4 }],
  ttl: Promise.resolve(0),
  complete: true,
};
const LISTENER = { onMoved() {}, onUnresolved() {} };

test("NameWatch.current() asks when the TTL is over, and not for every request while nobody answers", async () => {
  let asked = 0;
  const watch = new NameWatch(() => {
    asked++;
    return asked === 1 ? Promise.resolve(ANSWER) : Promise.reject(new Error("SERVFAIL"));
  }, LISTENER);
  assert.deepEqual(await watch.current(), ANSWER.endpoints);
  for (let i = 0; i < 5; i++) assert.deepEqual(await watch.current(), ANSWER.endpoints);
  assert.equal(asked, 2);
  watch.close();
});

test("NameWatch.current() rejects where nothing was ever known", async () => {
  const watch = new NameWatch(() => Promise.reject(new Error("SERVFAIL")), LISTENER);
  await assert.rejects(watch.current(), /SERVFAIL/);
  watch.close();
});

test("NameWatch shares one question among all who ask", async () => {
  let asked = 0;
  const watch = new NameWatch(() => (asked++, Promise.resolve(ANSWER)), LISTENER);
  await Promise.all([watch.current(), watch.current(), watch.current()]);
  assert.equal(asked, 1);
  watch.close();
});
