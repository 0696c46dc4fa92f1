import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { test } from "node:test";
import { FILES_AT_REST, shareFiles } from "../../../src/net/file-shares.ts";
import { OpenFiles } from "../../../src/net/open-files.ts";

/** A system in which `others` files are open besides the sockets of `sockets`. */
function setUp(limit: number | undefined, others = 10) {
  const sockets: EventEmitter[] = [];
  const state = { now: 0, others, held: 0, counted: 0, reports: [] as unknown[] };
  const files = new OpenFiles({
    limit: () => limit,
    count() {
      state.counted++;
      return limit === undefined ? undefined : state.others + state.held + sockets.length;
    },
    open() {
      if (state.others + state.held + sockets.length >= (limit ?? Infinity)) return undefined;
      return ++state.held;
    },
    close: () => state.held--,
    now: () => state.now,
  });
  files.onShortage((facts) => state.reports.push(facts));
  const add = (count: number) => {
    for (let i = 0; i < count; i++) {
      const socket = new EventEmitter();
      sockets.push(socket);
      files.add(socket as Socket);
    }
  };
  const remove = (count: number) => {
    for (const socket of sockets.splice(0, count)) socket.emit("close");
  };
  return { files, state, add, remove };
}

const LIMITS = [128, 256, 1024, 20_000, 1_048_576];
for (const limit of LIMITS) {
  test(`shareFiles() gives away no more than the ${limit} files there are`, () => {
    const { clients, unused, refused, reserved } = shareFiles(limit);
    assert.ok(2 * clients + unused + refused + reserved <= limit - FILES_AT_REST);
    for (const share of [clients, unused, refused]) assert.ok(share >= 4);
    assert.ok(reserved >= 16);
  });
}

test("OpenFiles refuses a client before a server, and either again once files are closed", (t) => {
  const { files, add, remove } = setUp(128);
  t.after(files.watch(() => {}));
  const rooms = () => [files.hasRoomForClient, files.hasRoomForServer];
  add(128 - 32 - 10 - 4 - 1); // of the reserve, others and spares, and one that may come
  assert.deepEqual(rooms(), [true, true]);
  add(1);
  assert.deepEqual(rooms(), [false, true]);
  add(16);
  assert.deepEqual(rooms(), [false, false]);
  remove(1);
  assert.deepEqual(rooms(), [false, true]);
  remove(16);
  assert.deepEqual(rooms(), [true, true]);
});

test("OpenFiles counts what it does not open itself where that comes near the limit, at a share of the time", (t) => {
  const { files, state, add } = setUp(128);
  t.after(files.watch(() => {}));
  assert.equal(state.counted, 1);
  state.others = 40;
  files.check();
  assert.equal(state.counted, 1); // far from it
  add(50);
  assert.equal(files.hasRoomForClient, true);
  files.check();
  assert.equal(state.counted, 2);
  assert.equal(files.hasRoomForClient, true);
  state.others = 44;
  files.check();
  assert.equal(files.hasRoomForClient, false);
});

test("OpenFiles.areGone() says so where no file is to be had, until it is known that there are some", (t) => {
  const { files, state } = setUp(128);
  const watched: number[] = [];
  t.after(files.watch(() => watched.push(state.held)));
  assert.equal(files.areGone(), false);
  state.others = 127;
  assert.equal(files.areGone(), true);
  state.others = 100;
  assert.equal(files.areGone(), true); // nobody looked
  state.others = 10;
  files.check();
  assert.equal(files.areGone(), false);
  assert.deepEqual(watched, [4, 4]);
});

test("OpenFiles.check() gives its spares up where no file is left, so that there is one to act with", (t) => {
  const { files, state } = setUp(128);
  t.after(files.watch(() => {}));
  assert.equal(state.held, 4);
  state.others = 124;
  files.check();
  assert.deepEqual([state.held, files.hasRoomForClient], [0, false]);
  files.check();
  assert.deepEqual([state.held, files.hasRoomForServer], [4, false]);
  state.others = 10;
  files.check();
  assert.deepEqual([state.held, files.hasRoomForClient], [4, true]);
});

test("OpenFiles.report() tells the limit, once a minute at most", () => {
  const { files, state } = setUp(128);
  files.report();
  state.now = 59_999;
  files.report();
  assert.equal(state.reports.length, 1);
  assert.equal((state.reports[0] as { limit: number }).limit, 128);
  state.now = 60_000;
  files.report();
  assert.equal(state.reports.length, 2);
});

test("OpenFiles refuses nobody for a limit that it does not know", (t) => {
  const { files, add } = setUp(undefined);
  t.after(files.watch(() => {}));
  add(5000);
  assert.deepEqual([files.hasRoomForClient, files.hasRoomForServer, files.areGone()], [true, true, false]);
  assert.equal(files.shares.clients, shareFiles(1024).clients);
});

test("OpenFiles.watch() holds nothing open when nobody watches any more", () => {
  const { files, state } = setUp(128);
  const stop = [files.watch(() => {}), files.watch(() => {})];
  for (const one of stop) one();
  assert.equal(state.held, 0);
});
