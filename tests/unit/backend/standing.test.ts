import assert from "node:assert/strict";
import { test } from "node:test";
import { keptStandings, Standings } from "../../../src/backend/standing.ts";

/** Standings of a backend that had these servers, each with one request, which are all gone. */
function gone(...names: string[]): Standings {
  const standings = new Standings();
  for (const name of names) standings.of(name).record.requests++;
  standings.keep(new Set());
  return standings;
}

test("Standings.of() gives a server that comes back a new record, whose total goes on", () => {
  const standings = gone("a");
  for (let times = 1; times <= 3; times++) {
    const { record } = standings.of("a");
    assert.deepEqual([record.requests, record.total.requests], [0, times]);
    record.requests++;
    record.answers[2]!++;
    record.failures.set("connect_refused", 1);
    record.responseSeconds.observe(1);
    standings.keep(new Set());
  }
  const { total } = standings.of("a").record;
  assert.deepEqual(
    [total.requests, total.answers[2], total.failures.get("connect_refused"), total.responseSeconds.sum],
    [4, 3, 3, 3],
  );
});

test("Standings.keep() keeps one whole of which something is under way", () => {
  const standings = new Standings();
  const before = standings.of("a");
  before.record.inFlight++;
  standings.keep(new Set());
  assert.equal(standings.of("a"), before);
});

test("Standings.keep() forgets what was counted of those that went first, of more than a thousand", () => {
  const standings = new Standings();
  for (let i = 0; i < 3000; i++) {
    standings.of(`server ${i}`).record.requests++;
    standings.keep(new Set());
  }
  assert.equal(standings.size, 1000);
  assert.equal(standings.of("server 1999").record.total.requests, 0);
  assert.equal(standings.of("server 2000").record.total.requests, 1);
});

test("keptStandings() keeps those of the names, of what is under way, and the last that are gone", () => {
  const many = gone(...Array.from({ length: 600 }, (_, i) => `server ${i}`));
  const more = gone(...Array.from({ length: 600 }, (_, i) => `server ${i}`));
  const busy = gone("a");
  busy.of("b").record.inFlight++;
  const stays = gone("a");
  const kept = keptStandings(["stays", "new"], new Map(Object.entries({ busy, many, more, stays })));
  assert.deepEqual([...kept.keys()], ["busy", "more", "stays", "new"]);
  assert.equal(kept.get("stays"), stays);
  assert.equal(keptStandings([], kept).get("stays"), stays);
});
