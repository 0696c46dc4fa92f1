import assert from "node:assert/strict";
import { test } from "node:test";
import { KeptAnswer } from "../../../src/cache/kept-answer.ts";
import { KeptBody } from "../../../src/cache/kept-body.ts";
import { packed } from "../../../src/cache/kept-fields.ts";
import { CacheStore } from "../../../src/cache/store.ts";

const MIB = 1024 * 1024;

function store(size = 64 * MIB): CacheStore {
  return new CacheStore({ size, objectSize: MIB, objects: 1_000_000 });
}

test("CacheStore remembers what is not shared, but not more letters than it may", () => {
  const all = store();
  const url = (i: number) => `http://a.example/${i}${"x".repeat(30_000)}`;
  for (let i = 0; i < 1000; i++) all.setUnshared(url(i), 0);
  assert.ok(all.isUnshared(url(999), 1));
  assert.ok(!all.isUnshared(url(0), 1));
  all.setUnshared(url(999), undefined);
  assert.ok(!all.isUnshared(url(999), 1));
});

test("CacheStore counts a small answer with what it takes up beside its bytes", () => {
  const all = store(1_000_000);
  for (let i = 0; i < 1000; i++) all.keep(answer(`http://a.example/${i}`));
  assert.ok(all.objects <= 300); // more than 3 KiB each
  assert.ok(all.evictions >= 700);
  assert.ok(all.bytes <= 1_000_000);
});

function answer(url: string): KeptAnswer {
  return KeptAnswer.of({
    url,
    origin: "web",
    status: 200,
    reason: "OK",
    variant: [],
    terms: {
      lifetime: 1000,
      age: 0,
      asksFirst: false,
      neverStale: false,
      whileRevalidate: 0,
      ifError: 0,
    },
    receivedAt: 0,
    now: 0,
    body: KeptBody.of(new Uint8Array(1)),
  }, packed([["Content-Type", "text/plain"]]));
}
