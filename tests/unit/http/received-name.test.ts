import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { type FieldName, fieldName, ROLE, WELL_KNOWN_NAMES } from "../../../src/http/field-name.ts";
import { receivedName } from "../../../src/http/received-name.ts";

function received(name: string): FieldName {
  return receivedName(Buffer.from(`..${name}: x`, "latin1"), 2, 2 + name.length);
}

/** Names of which every one falls on the same place of a table by any sum of powers of 31. */
function* colliding(pairs: number): Iterable<string> {
  for (let bits = 0; bits < 1 << pairs; bits++) {
    let name = "";
    for (let pair = 0; pair < pairs; pair++) name += (bits >> pair & 1) === 0 ? "b_" : "a~";
    yield name;
  }
}

test("receivedName() tells every name as fieldName() does, in any case, from its bytes alone where it is well known", () => {
  for (const name of WELL_KNOWN_NAMES) {
    assert.deepEqual(received(name), fieldName(name));
    // One object for all spellings: no text was asked for.
    assert.equal(received(name.toUpperCase()), received(name));
  }
});

test("receivedName() tells names apart that differ in one byte, or in their length", () => {
  for (
    const name of [
      "Host",
      "Hosu",
      "Hos",
      "Hostt",
      "[ost",
      "@host",
      "`host",
      "x-forwarded-for",
      "x_forwarded_for",
    ]
  ) {
    assert.equal(received(name).lower, name.toLowerCase());
  }
});

test("receivedName() knows every name of those that are chosen to collide, and the well-known ones beside them", () => {
  for (const name of colliding(11)) assert.equal(received(name).lower, name);
  for (const name of WELL_KNOWN_NAMES) assert.equal(received(name.toUpperCase()), received(name));
});

test("receivedName() still knows every name after more of them than it remembers", () => {
  for (let i = 0; i < 5000; i++) assert.equal(received(`X-Name-${i}`).lower, `x-name-${i}`);
  for (let i = 0; i < 5000; i++) assert.equal(received(`X-Name-${i}`).lower, `x-name-${i}`);
  assert.equal(received("hOsT").role, ROLE.host);
  assert.equal(received("X-" + "y".repeat(5000)).lower.length, 5002);
});
