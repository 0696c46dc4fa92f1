import assert from "node:assert/strict";
import { test } from "node:test";
import { ProxyError } from "../../../src/base/errors.ts";
import type { BodySink, BodySource } from "../../../src/message/body.ts";
import { LimitedBody } from "../../../src/message/limited-body.ts";

/** A body of `limit` bytes at most; what happens at either end of it is noted. */
function scene(limit: number) {
  const seen: string[] = [];
  let sink!: BodySink;
  const source: BodySource = {
    length: undefined,
    start: (to) => void (sink = to),
    resume: () => void seen.push("resume"),
    cancel: ({ kind }) => void seen.push(`cancel ${kind}`),
  };
  const body = new LimitedBody(source, limit, () => new ProxyError("body_too_large", "Too large"));
  body.start({
    write: (chunk) => seen.push(`write ${chunk.length}`) < 0,
    flush: () => true,
    end: () => void seen.push("end"),
    fail: ({ kind }) => void seen.push(`fail ${kind}`),
  });
  return { body, seen, sink };
}

test("LimitedBody passes on what fits, with the sink's answer", () => {
  const { body, seen, sink } = scene(4);
  assert.equal(sink.write(new Uint8Array(3)), false);
  body.resume();
  sink.write(new Uint8Array(1));
  sink.end(undefined);
  assert.deepEqual(seen, ["write 3", "resume", "write 1", "end"]);
});

test("LimitedBody breaks off at the byte that is too many, cancels its source, and passes nothing more on", () => {
  const { seen, sink } = scene(4);
  sink.write(new Uint8Array(4));
  sink.write(new Uint8Array(1));
  sink.write(new Uint8Array(1));
  sink.flush();
  sink.end(undefined);
  assert.deepEqual(seen, ["write 4", "cancel body_too_large", "fail body_too_large"]);
});

test("LimitedBody passes a cancel on", () => {
  const { body, seen } = scene(4);
  body.cancel(new ProxyError("client_closed", "Gone"));
  assert.deepEqual(seen, ["cancel client_closed"]);
});
