import assert from "node:assert/strict";
import { test } from "node:test";
import type { ProxyError } from "../../../src/base/errors.ts";
import { UnusedBound, UnusedConnections } from "../../../src/upstream/unused.ts";

/** Pools under one bound, and the names of the connections that were closed. */
function setUp(most: number) {
  const files = { hasRoomForServer: true, reports: 0, report: () => void files.reports++ };
  const bound = new UnusedBound(most, files);
  const closed: string[] = [];
  let turn = 0;
  const pools = [1, 2].map(() => new UnusedConnections<Connection>(bound));
  class Connection {
    readonly name: string;
    readonly idleSince = ++turn;
    readonly pool: UnusedConnections<Connection>;
    constructor(pool: number, name: string) {
      this.name = name;
      this.pool = pools[pool]!;
      this.pool.push(this);
    }
    fail(_error: ProxyError) {
      closed.push(this.name);
      this.pool.remove(this);
    }
  }
  const rest = (pool: number, name: string) => new Connection(pool, name);
  return { bound, files, closed, pools, rest };
}

test("UnusedConnections.push() closes the one of all pools that rests for longest, where there are too many", () => {
  const { closed, pools, rest } = setUp(3);
  rest(0, "a");
  rest(1, "b");
  rest(0, "c");
  assert.deepEqual(closed, []);
  rest(1, "d");
  rest(1, "e");
  assert.deepEqual(closed, ["a", "b"]);
  assert.deepEqual(pools.map((pool) => pool.all().map(({ name }) => name)), [["c"], ["d", "e"]]);
});

test("UnusedConnections.push() counts none that was taken, or that closed by itself", () => {
  const { closed, pools, rest } = setUp(2);
  const first = rest(0, "a");
  rest(0, "b");
  assert.equal(pools[0]!.pop()?.name, "b");
  pools[0]!.remove(first);
  pools[0]!.remove(first);
  assert.equal(pools[0]!.pop(), undefined);
  rest(0, "c");
  rest(1, "d");
  assert.deepEqual(closed, []);
  rest(1, "e");
  assert.deepEqual(closed, ["c"]);
});

test("UnusedBound.makeRoom() closes one that rests where no file is left, and throws where none does", () => {
  const { bound, files, closed, rest } = setUp(8);
  rest(0, "a");
  rest(1, "b");
  bound.makeRoom();
  assert.deepEqual(closed, []);
  files.hasRoomForServer = false;
  bound.makeRoom();
  bound.makeRoom();
  assert.deepEqual(closed, ["a", "b"]);
  assert.throws(() => bound.makeRoom(), { kind: "out_of_files" });
  assert.equal(files.reports, 1);
});

test("UnusedConnections.close() takes a pool out of the bound's sight", () => {
  const { bound, files, pools, rest } = setUp(8);
  rest(0, "a");
  pools[0]!.pop();
  pools[0]!.close();
  files.hasRoomForServer = false;
  assert.throws(() => bound.makeRoom(), { kind: "out_of_files" });
});
