import assert from "node:assert/strict";
import { test } from "node:test";
import { ProxyError } from "../../../src/base/errors.ts";
import { KeptBody } from "../../../src/cache/kept-body.ts";
import type { BodySink, BodySource } from "../../../src/message/body.ts";

const GONE = new ProxyError("client_closed", "gone");

/** A source that the test drives. */
function driven() {
  const seen: { sink: BodySink | undefined; cancelled: ProxyError | undefined } = {
    sink: undefined,
    cancelled: undefined,
  };
  const source: BodySource = {
    length: 10,
    start: (sink) => void (seen.sink = sink),
    resume() {},
    cancel: (reason) => void (seen.cancelled = reason),
  };
  const write = (text: string) => {
    seen.sink!.write(new TextEncoder().encode(text));
    seen.sink!.flush();
  };
  return { source, seen, write };
}

/** A sink that keeps what it gets, and takes more only while it is open. */
function collecting(isOpen = () => true) {
  const got = { text: "", ended: false, failure: undefined as ProxyError | undefined };
  const sink: BodySink = {
    write(chunk) {
      got.text += new TextDecoder().decode(chunk);
      return isOpen();
    },
    flush: isOpen,
    end: () => void (got.ended = true),
    fail: (error) => void (got.failure = error),
  };
  return { got, sink };
}

function open(unasked = false) {
  const { source, seen, write } = driven();
  const body = KeptBody.expecting(10, unasked);
  const became: string[] = [];
  body.fill(source, { onWhole: () => became.push("whole"), onLost: () => became.push("lost") });
  return { body, seen, write, became };
}

test("KeptBody gives each reader all of it, whenever it comes", () => {
  const { body, seen, write, became } = open();
  const early = collecting(), late = collecting(), part = collecting(), after = collecting();
  body.read(0, 10).start(early.sink);
  write("01234");
  assert.equal(early.got.text, "01234");
  body.read(0, 10).start(late.sink);
  body.read(3, 7).start(part.sink);
  assert.equal(late.got.text, "01234");
  write("56789");
  assert.ok(part.got.ended);
  seen.sink!.end(undefined);
  body.read(2, 4).start(after.sink);
  assert.deepEqual([early, late, part, after].map(({ got }) => got), [
    { text: "0123456789", ended: true, failure: undefined },
    { text: "0123456789", ended: true, failure: undefined },
    { text: "3456", ended: true, failure: undefined },
    { text: "23", ended: true, failure: undefined },
  ]);
  assert.deepEqual(became, ["whole"]);
});

test("KeptBody lets a slow reader wait without holding the others or the server up", () => {
  const { body, seen, write } = open();
  let isOpen = false;
  const slow = collecting(() => isOpen), fast = collecting();
  const source = body.read(0, 10);
  source.start(slow.sink);
  body.read(0, 10).start(fast.sink);
  write("012");
  write("345");
  write("6789");
  seen.sink!.end(undefined);
  assert.equal(fast.got.text, "0123456789");
  assert.equal(slow.got.text, "012");
  assert.equal(slow.got.ended, false);
  isOpen = true;
  source.resume();
  assert.deepEqual(slow.got, { text: "0123456789", ended: true, failure: undefined });
});

test("KeptBody is given up when its last reader leaves, and not before", () => {
  const { body, seen, write, became } = open();
  const one = body.read(0, 10), other = body.read(0, 10);
  one.start(collecting().sink);
  other.start(collecting().sink);
  write("01");
  one.cancel(GONE);
  assert.equal(seen.cancelled, undefined);
  other.cancel(GONE);
  assert.equal(seen.cancelled, GONE);
  assert.deepEqual(became, ["lost"]);
});

test("KeptBody that nobody asked for comes in without readers", () => {
  const { body, seen, write, became } = open(true);
  const one = body.read(0, 10);
  one.start(collecting().sink);
  one.cancel(GONE);
  assert.equal(seen.cancelled, undefined);
  write("0123456789");
  seen.sink!.end(undefined);
  assert.deepEqual(became, ["whole"]);
});

test("KeptBody that breaks off fails for its readers, behind what came, and is lost first", () => {
  const { body, seen, write, became } = open();
  const { got, sink } = collecting();
  body.read(0, 10).start({ ...sink, fail: (error) => (became.push("failed"), sink.fail(error)) });
  write("0123");
  seen.sink!.fail(GONE);
  assert.deepEqual(got, { text: "0123", ended: false, failure: GONE });
  assert.deepEqual(became, ["lost", "failed"]);
});
