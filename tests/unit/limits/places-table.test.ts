import assert from "node:assert/strict";
import { test } from "node:test";
import { PlacesTable } from "../../../src/limits/places-table.ts";

const SIZE = { limit: 2, queue: 2, maxKeys: 2 };

/** Somebody who waits, and writes down that it has a place. */
function waiter(name: string, log: string[]) {
  return { onPlace: () => void log.push(name) };
}

test("PlacesTable lets so many of each key in", () => {
  const table = new PlacesTable(SIZE);
  const { place: a } = table.of("a"), { place: b } = table.of("b");
  assert.deepEqual([a, a, a, b].map((place) => table.enter(place)), [true, true, false, true]);
  assert.deepEqual([table.active, table.keys, table.waiting], [3, 2, 0]);
  table.giveBack(a);
  assert.ok(table.enter(table.of("a").place));
});

test("PlacesTable has as many wait as may, who come in one by one in their order", () => {
  const table = new PlacesTable(SIZE);
  const { place } = table.of("a");
  table.enter(place);
  table.enter(place);
  const log: string[] = [];
  const [one, two, three] = ["one", "two", "three"].map((name) => waiter(name, log)) as [
    ReturnType<typeof waiter>,
    ReturnType<typeof waiter>,
    ReturnType<typeof waiter>,
  ];
  assert.deepEqual([one, two, three].map((each) => table.wait(place, each)), [true, true, false]);
  table.leave(place, one);
  table.leave(place, one); // once more changes nothing
  assert.ok(table.wait(place, three));
  assert.equal(table.waiting, 2);
  table.giveBack(place);
  assert.deepEqual([log, table.active, table.waiting], [["two"], 2, 1]);
  table.giveBack(place);
  assert.deepEqual(log, ["two", "three"]);
});

test("PlacesTable forgets a key of which nothing is under way, and counts those together that have no place", () => {
  const table = new PlacesTable(SIZE);
  const places = ["a", "b", "c", "d"].map((key) => table.of(key));
  assert.deepEqual(places.map(({ isShared }) => isShared), [false, false, true, true]);
  assert.deepEqual(places.map(({ place }) => table.enter(place)), [true, true, true, true]);
  assert.equal(table.enter(table.of("e").place), false); // c and d have both places
  for (const { place } of places) table.giveBack(place);
  assert.deepEqual([table.keys, table.active], [0, 0]);
  assert.equal(table.of("e").isShared, false);
});
