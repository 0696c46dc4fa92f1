import assert from "node:assert/strict";
import { test } from "node:test";
import { NameWatch } from "../../../src/backend/name-watch.ts";
import type { Endpoint, Resolution } from "../../../src/net/resolver.ts";

const ANSWER: Resolution = {
  endpoints: [{ address: "192.0.2.1", family: 4 }],
  ttl: Promise.resolve(0),
  missing: [],
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

/** Four servers: two families of two targets. */
const BEFORE = [end("192.0.2.1"), end("2001:db8::1"), end("192.0.2.2", "b"), end("2001:db8::2", "b")];
const parts: [missing: Resolution["missing"], found: Endpoint[], after: Endpoint[]][] = [
  [[], [end("192.0.2.9")], [end("192.0.2.9")]],
  [[{ family: 6 }], [end("192.0.2.9")], [end("192.0.2.9"), BEFORE[1]!]],
  [[{ family: 4 }], [end("2001:db8::9")], [end("2001:db8::9"), BEFORE[0]!]],
  [[{ family: 6, service: "b" }], [end("192.0.2.9")], [end("192.0.2.9"), BEFORE[3]!]],
  [[{ family: 4 }], [BEFORE[0]!], [BEFORE[0]!]],
];
for (const [missing, found, after] of parts) {
  test(`NameWatch keeps of the last answer what the next one lacks: ${JSON.stringify(missing)}`, async () => {
    const answer: Resolution = { endpoints: found, ttl: Promise.resolve(0), missing };
    const moves: (readonly Endpoint[])[] = [];
    let unresolved = 0;
    const listener = {
      onMoved: (now: readonly Endpoint[]) => void moves.push(now),
      onUnresolved: () => void unresolved++,
    };
    const watch = new NameWatch(() => Promise.resolve(answer), listener, BEFORE);
    assert.deepEqual(await watch.current(), after);
    assert.deepEqual(await watch.current(), after);
    assert.deepEqual(moves, [after]);
    assert.equal(unresolved, after.length > found.length ? 1 : 0);
    watch.close();
  });
}

function end(address: string, name?: string): Endpoint {
  const family = address.includes(":") ? 6 : 4;
  return name === undefined
    ? { address, family }
    : { address, family, service: { name, port: 80, priority: 1, weight: 1 } };
}
