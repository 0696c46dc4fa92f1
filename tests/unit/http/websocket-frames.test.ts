import assert from "node:assert/strict";
import { test } from "node:test";
import { closeFrame, FrameTracker, GOING_AWAY, isWebSocket } from "../../../src/http/websocket-frames.ts";

/** A frame of `length` bytes of payload; `first` is its first byte, final and binary unless said otherwise. */
function frame(length: number, { first = 0x82, masked = false } = {}): Uint8Array {
  const mask = masked ? 0x80 : 0;
  const header = length < 126
    ? [mask | length]
    : length < 65_536
    ? [mask | 126, length >> 8, length & 0xff]
    : [mask | 127, 0, 0, 0, 0, length >>> 24, (length >> 16) & 0xff, (length >> 8) & 0xff, length & 0xff];
  const head = Uint8Array.of(first, ...header, ...(masked ? [1, 2, 3, 4] : []));
  const bytes = new Uint8Array(head.length + length).fill(0x88); // looks like the beginning of a Close frame
  bytes.set(head);
  return bytes;
}

function joined(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

const LENGTHS = [0, 1, 125, 126, 127, 65_535, 65_536, 70_000];
for (const masked of [false, true]) {
  for (const length of LENGTHS) {
    const what = `${length} bytes, ${masked ? "masked" : "unmasked"}`;
    test(`FrameTracker is at a boundary behind a frame and not inside (RFC 6455 §5.2): ${what}`, () => {
      const bytes = frame(length, { masked });
      const tracker = new FrameTracker();
      assert.equal(tracker.atBoundary, true);
      for (let i = 0; i < bytes.length; i += 1) {
        tracker.push(bytes.subarray(i, i + 1));
        if (tracker.atBoundary !== (i === bytes.length - 1)) assert.fail(`at byte ${i}`);
      }
      assert.equal(tracker.closed, false);
    });
  }
}

test("FrameTracker finds the same boundaries however the stream is cut", () => {
  const frames = [frame(5), frame(0), frame(300, { masked: true }), frame(66_000), frame(2, { first: 0x89 })];
  const stream = joined(...frames);
  for (const step of [1, 2, 3, 7, 1000, 65_536, stream.length]) {
    const tracker = new FrameTracker();
    for (let i = 0; i < stream.length; i += step) tracker.push(stream.subarray(i, i + step));
    assert.equal(tracker.atBoundary, true);
  }
});

test("FrameTracker.pushToBoundary() returns the bytes that are left of the frame", () => {
  const stream = joined(frame(10), frame(20));
  const tracker = new FrameTracker();
  tracker.push(stream.subarray(0, 5));
  assert.equal(tracker.pushToBoundary(stream.subarray(5, 8)), undefined);
  assert.equal(tracker.pushToBoundary(stream.subarray(8)), 4);
  assert.equal(tracker.pushToBoundary(stream.subarray(12)), 0);
});

test("FrameTracker.pushToBoundary() stops between two parts of a message (RFC 6455 §5.4)", () => {
  const stream = joined(frame(3, { first: 0x01 }), frame(3, { first: 0x80 }));
  const tracker = new FrameTracker();
  tracker.push(stream.subarray(0, 2));
  assert.equal(tracker.pushToBoundary(stream.subarray(2)), 3);
});

test("FrameTracker.closed says that a whole Close frame went by, and not its first bytes", () => {
  const tracker = new FrameTracker();
  const close = frame(2, { first: 0x88, masked: true });
  tracker.push(frame(10));
  assert.equal(tracker.closed, false);
  tracker.push(close.subarray(0, 7));
  assert.equal(tracker.closed, false);
  tracker.push(close.subarray(7));
  assert.equal(tracker.closed, true);
});

test("FrameTracker goes on with bytes that are no frames, and with a length beyond any", () => {
  const tracker = new FrameTracker();
  tracker.push(Uint8Array.of(0xff, 0x7f, 255, 255, 255, 255, 255, 255, 255, 255));
  assert.equal(tracker.pushToBoundary(new Uint8Array(1_000_000)), undefined);
});

test("closeFrame() is masked toward a server and not toward a client (RFC 6455 §5.3, §5.5.1)", () => {
  assert.deepEqual([...closeFrame(GOING_AWAY)], [0x88, 2, 0x03, 0xe9]);
  assert.deepEqual([...closeFrame(GOING_AWAY, Uint8Array.of(1, 2, 3, 4))], [0x88, 0x82, 1, 2, 3, 4, 2, 0xeb]);
});

test("isWebSocket() knows the word in any case (RFC 6455 §4.1)", () => {
  for (const word of ["websocket", "WebSocket"]) assert.equal(isWebSocket(word), true);
  for (const word of ["echo/1", "websocket, x", undefined]) assert.equal(isWebSocket(word), false);
});
