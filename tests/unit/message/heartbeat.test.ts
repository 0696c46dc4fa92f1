import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { ProxyError } from "../../../src/base/errors.ts";
import type { BodySink, BodySource } from "../../../src/message/body.ts";
import { HeartbeatBody } from "../../../src/message/heartbeat.ts";
import { Clock } from "../../support/clock.ts";

const encode = (text: string) => new TextEncoder().encode(text);

/** A stream that beats every 100 ms of the clock, what its reader got, and the end that feeds it. */
function open(t: TestContext) {
  const clock = new Clock(t);
  const seen = { text: "", ended: false, failed: "", flushes: 0 };
  const asked = { resumed: 0, cancelled: "" };
  let room = true;
  let inner!: BodySink;
  const source: BodySource = {
    length: undefined,
    start: (sink) => inner = sink,
    resume: () => asked.resumed++,
    cancel: ({ kind }) => asked.cancelled = kind,
  };
  const body = new HeartbeatBody(source, 100);
  body.start({
    write(chunk) {
      seen.text += new TextDecoder("utf-8", { ignoreBOM: true }).decode(chunk);
      return room;
    },
    flush: () => (seen.flushes++, room),
    end: () => seen.ended = true,
    fail: ({ kind }) => seen.failed = kind,
  });
  return {
    seen,
    asked,
    body,
    send: (text: string) => inner.write(encode(text)) && inner.flush(),
    inner,
    wait: (ms: number) => clock.pass(ms, 10),
    block: () => room = false,
    unblock() {
      room = true;
      body.resume();
    },
  };
}

test("HeartbeatBody sends a comment in each span of silence, and nothing while events come", (t) => {
  const { seen, send, wait } = open(t);
  send("data: 1\n\n");
  for (let i = 2; i < 6; i++) {
    wait(90);
    send(`data: ${i}\n\n`);
  }
  assert.equal(seen.text, "data: 1\n\ndata: 2\n\ndata: 3\n\ndata: 4\n\ndata: 5\n\n");
  wait(250);
  assert.equal(seen.text.slice(-9), "5\n\n:\n\n:\n\n".slice(-9));
  assert.equal(seen.text.split(":\n\n").length - 1, 2);
  assert.ok(seen.flushes >= 2);
});

test("HeartbeatBody sends no comment within an event", (t) => {
  const { seen, send, wait } = open(t);
  send("data: 1\n");
  wait(300);
  assert.equal(seen.text, "data: 1\n");
  send("\n");
  wait(100);
  assert.equal(seen.text, "data: 1\n\n:\n\n");
});

test("HeartbeatBody sends comments before the first event, and takes a mark away that would come too late", (t) => {
  const { seen, send, wait } = open(t);
  wait(100);
  send("\ufeffdata: 1\n\n");
  send("\ufeffdata: 2\n\n");
  assert.equal(seen.text, ":\n\ndata: 1\n\n\ufeffdata: 2\n\n");
});

test("HeartbeatBody keeps a mark at the beginning", (t) => {
  const { seen, send } = open(t);
  send("\ufeffdata: 1\n\n");
  assert.equal(seen.text, "\ufeffdata: 1\n\n");
});

test("HeartbeatBody adds nothing for a reader without room", (t) => {
  const { seen, asked, send, wait, block, unblock } = open(t);
  block();
  assert.equal(send("data: 1\n\n"), false);
  wait(500);
  assert.equal(seen.text, "data: 1\n\n");
  unblock();
  assert.equal(asked.resumed, 1);
  wait(100);
  assert.equal(seen.text, "data: 1\n\n:\n\n");
});

for (const end of ["end", "fail", "cancel"] as const) {
  test(`HeartbeatBody is silent behind ${end}`, (t) => {
    const { seen, asked, body, inner, wait } = open(t);
    const error = new ProxyError("client_closed", "gone");
    if (end === "end") inner.end(undefined);
    else if (end === "fail") inner.fail(error);
    else body.cancel(error);
    wait(500);
    assert.equal(seen.text, "");
    assert.deepEqual([seen.ended, seen.failed, asked.cancelled], [
      end === "end",
      end === "fail" ? "client_closed" : "",
      end === "cancel" ? "client_closed" : "",
    ]);
  });
}
