import assert from "node:assert/strict";
import { test } from "node:test";
import { VerifiedTokens } from "../../../src/access/verified-tokens.ts";

const FOUND = { user: "ada", lines: [] };
const KEYS = {};

test("VerifiedTokens.get() knows a token until its end, and by the same keys alone", () => {
  const tokens = new VerifiedTokens();
  tokens.add("a", { found: FOUND, keys: KEYS, until: 100 });
  assert.equal(tokens.get("a", KEYS, 99), FOUND);
  assert.equal(tokens.get("b", KEYS, 99), undefined);
  assert.equal(tokens.get("a", {}, 99), undefined);
  assert.equal(tokens.get("a", KEYS, 99), undefined);
  tokens.add("a", { found: FOUND, keys: KEYS, until: 100 });
  assert.equal(tokens.get("a", KEYS, 100), undefined);
  assert.equal(tokens.get("a", KEYS, 99), undefined);
});

test("VerifiedTokens.add() forgets the one that was used least recently, of 1,024", () => {
  const tokens = new VerifiedTokens();
  for (let i = 0; i < 1024; i++) tokens.add(String(i), { found: FOUND, keys: KEYS, until: 100 });
  assert.equal(tokens.get("0", KEYS, 0), FOUND);
  tokens.add("one more", { found: FOUND, keys: KEYS, until: 100 });
  assert.equal(tokens.get("1", KEYS, 0), undefined);
  assert.equal(tokens.get("0", KEYS, 0), FOUND);
  assert.equal(tokens.get("2", KEYS, 0), FOUND);
});
