import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { ProxyError } from "../../../src/base/errors.ts";
import { Fields } from "../../../src/http/fields.ts";
import type { BodySink, BodySource } from "../../../src/message/body.ts";
import { ReplayableBody } from "../../../src/message/replay.ts";

const KEPT = 64 * 1024;
const MIB = 1024 * 1024;

/**
 * A source as a connection is one: it delivers pieces of one memory that it uses again, and stops where its sink says
 * so until it is resumed.
 */
class PieceSource implements BodySource {
  readonly length = undefined;
  readonly cancelled: ProxyError[] = [];
  started = 0;
  resumed = 0;
  #sink: BodySink | undefined;
  #full = false;
  readonly #memory = new Uint8Array(256 * 1024);

  start(sink: BodySink): void {
    this.started++;
    this.#sink = sink;
  }
  resume(): void {
    this.resumed++;
    this.#full = false;
  }
  cancel(reason: ProxyError): void {
    this.cancelled.push(reason);
    this.#sink = undefined;
  }
  /** Whether somebody takes the body and has room. */
  get flowing(): boolean {
    return this.#sink !== undefined && !this.#full;
  }
  deliver(text: string): void {
    const { written } = new TextEncoder().encodeInto(text, this.#memory);
    this.pass(this.#memory.subarray(0, written));
    this.#memory.fill(0x21, 0, written);
  }
  pass(chunk: Uint8Array): void {
    if (this.#sink?.write(chunk) === false) this.#full = true;
    if (this.#sink?.flush() === false) this.#full = true;
  }
  end(trailers?: Fields): void {
    this.#sink?.end(trailers);
  }
  fail(error: ProxyError): void {
    this.#sink?.fail(error);
  }
}

/** A sink that keeps what it gets; `room` says how many more pieces it takes before it asks the source to stop. */
class Collector implements BodySink {
  text = "";
  ends = 0;
  trailers: Fields | undefined;
  failures: ProxyError[] = [];
  room = Infinity;
  write(chunk: Uint8Array): boolean {
    this.text += new TextDecoder().decode(chunk);
    return --this.room > 0;
  }
  flush(): boolean {
    return this.room > 0;
  }
  end(trailers: Fields | undefined): void {
    this.ends++;
    this.trailers = trailers;
  }
  fail(error: ProxyError): void {
    this.failures.push(error);
  }
}

const broken = () => new ProxyError("upstream_reset", "The server closed the connection");

function attempt(body: ReplayableBody): Collector {
  const sink = new Collector();
  body.start(sink);
  return sink;
}

const PIECES = ["", "a", "bc", "d".repeat(1000), "", "e".repeat(40_000), "f"];
const WHOLE = PIECES.join("");

for (let first = 0; first <= PIECES.length + 1; first++) {
  test(`ReplayableBody sends the whole body again after a break at piece ${first}, and at each later one`, () => {
    for (let second = first; second <= PIECES.length + 1; second++) {
      const source = new PieceSource();
      const body = new ReplayableBody(source);
      let sink = attempt(body);
      const breakOff = () => {
        body.cancel(broken());
        assert.equal(body.replayable, true);
        sink = attempt(body);
      };
      for (let i = 0; i <= PIECES.length + 1; i++) {
        if (i === first) breakOff();
        if (i === second) breakOff();
        if (i < PIECES.length) source.deliver(PIECES[i]!);
        else if (i === PIECES.length) source.end();
      }
      assert.equal(sink.text, WHOLE);
      assert.deepEqual([sink.ends, sink.failures, source.started], [1, [], 1]);
      body.commit();
      assert.deepEqual(source.cancelled, []);
    }
  });
}

test("ReplayableBody gives the pieces of an attempt that broke off to no one but the next", () => {
  const source = new PieceSource();
  const body = new ReplayableBody(source);
  const first = attempt(body);
  source.deliver("abc");
  body.cancel(broken());
  const second = attempt(body);
  source.deliver("def");
  source.end();
  assert.deepEqual([first.text, first.ends, second.text, second.ends], ["abc", 0, "abcdef", 1]);
});

const SIZES: [size: number, replayable: boolean][] = [[KEPT - 1, true], [KEPT, true], [KEPT + 1, false], [
  MIB,
  false,
]];
for (const [size, replayable] of SIZES) {
  test(`ReplayableBody is ${replayable ? "" : "not "}replayable after ${size} bytes, and sends all`, () => {
    const source = new PieceSource();
    const body = new ReplayableBody(source);
    const sink = attempt(body);
    for (let left = size; left > 0; left -= 1000) source.deliver("x".repeat(Math.min(left, 1000)));
    assert.equal(body.replayable, replayable);
    source.end();
    assert.equal(body.replayable, replayable);
    assert.deepEqual([sink.text.length, sink.ends], [size, 1]);
  });
}

test("ReplayableBody has the trailers in each attempt", () => {
  const trailers = new Fields();
  trailers.append("X-Sum", "1");
  const source = new PieceSource();
  const body = new ReplayableBody(source);
  const first = attempt(body);
  source.deliver("abc");
  source.end(trailers);
  body.cancel(broken());
  const second = attempt(body);
  assert.deepEqual([first.trailers?.get("x-sum"), second.trailers?.get("x-sum")], ["1", "1"]);
  assert.deepEqual([second.text, second.ends], ["abc", 1]);
});

test("ReplayableBody takes on the length of its source", () => {
  assert.equal(new ReplayableBody(new PieceSource()).length, undefined);
  const source: BodySource = { length: 7, start() {}, resume() {}, cancel() {} };
  assert.equal(new ReplayableBody(source).length, 7);
});

test("ReplayableBody passes a failure of its source on, and is not replayable any more", () => {
  const source = new PieceSource();
  const body = new ReplayableBody(source);
  const sink = attempt(body);
  source.deliver("abc");
  const error = new ProxyError("bad_request", "No chunk");
  source.fail(error);
  assert.deepEqual([sink.failures, sink.ends, body.replayable], [[error], 0, false]);
});

test("ReplayableBody tells the next attempt of a failure that came between two", () => {
  const source = new PieceSource();
  const body = new ReplayableBody(source);
  attempt(body);
  source.deliver("abc");
  body.cancel(broken());
  const error = new ProxyError("bad_request", "No chunk");
  source.fail(error); // while a connection for the next attempt is opened
  const next = attempt(body);
  assert.deepEqual([next.failures, next.ends], [[error], 0]);
});

test("ReplayableBody stays replayable when more arrives between two attempts than is kept", () => {
  const source = new PieceSource();
  const body = new ReplayableBody(source);
  attempt(body);
  source.deliver("a".repeat(KEPT));
  body.cancel(broken());
  assert.equal(body.replayable, true); // so another attempt was decided on
  source.deliver("b".repeat(KEPT)); // while its connection is opened: a socket reads that much at once
  assert.equal(source.flowing, false);
  const next = attempt(body);
  assert.equal(source.flowing, true);
  source.deliver("c");
  source.end();
  assert.equal(next.text, "a".repeat(KEPT) + "b".repeat(KEPT) + "c");
  assert.deepEqual([next.ends, body.replayable], [1, false]);
});

test("ReplayableBody pauses its source between two attempts, and resumes it for the next", () => {
  const source = new PieceSource();
  const body = new ReplayableBody(source);
  attempt(body);
  source.deliver("abc");
  assert.equal(source.flowing, true);
  body.cancel(broken());
  source.deliver("def"); // what was on its way
  assert.equal(source.flowing, false);
  const next = attempt(body);
  assert.equal(source.flowing, true);
  source.deliver("ghi");
  assert.equal(next.text, "abcdefghi");
});

test("ReplayableBody resumes its source for an attempt after one whose sink was full", () => {
  const source = new PieceSource();
  const body = new ReplayableBody(source);
  const first = new Collector();
  first.room = 1;
  body.start(first);
  source.deliver("abc");
  assert.equal(source.flowing, false);
  body.cancel(broken());
  attempt(body);
  assert.equal(source.flowing, true);
});

test("ReplayableBody passes resume() of the attempt to its source", () => {
  const source = new PieceSource();
  const body = new ReplayableBody(source);
  const sink = new Collector();
  sink.room = 1;
  body.start(sink);
  source.deliver("abc");
  assert.equal(source.flowing, false);
  sink.room = Infinity;
  body.resume();
  assert.equal(source.flowing, true);
});

const ENDS: [how: string, act: (body: ReplayableBody, error: ProxyError) => void, cancels: number][] = [
  ["commit() alone", (body) => body.commit(), 0],
  ["cancel() alone", (body, error) => body.cancel(error), 0],
  ["commit(), then cancel()", (body, error) => (body.commit(), body.cancel(error)), 1],
  // The answer came before the body was out, and its end before its owner could look at it.
  ["cancel(), then commit()", (body, error) => (body.cancel(error), body.commit()), 1],
  ["cancel(), commit(), cancel()", (body, error) => {
    body.cancel(error);
    body.commit();
    body.cancel(error);
  }, 1],
];
for (const [how, act, cancels] of ENDS) {
  test(`ReplayableBody cancels its source ${cancels === 1 ? "once" : "not at all"} on ${how}`, () => {
    const source = new PieceSource();
    const body = new ReplayableBody(source);
    attempt(body);
    source.deliver("abc");
    const error = broken();
    act(body, error);
    assert.deepEqual(source.cancelled, Array.from({ length: cancels }, () => error));
  });
}

test("ReplayableBody is not replayable after commit(), and goes on", () => {
  const source = new PieceSource();
  const body = new ReplayableBody(source);
  const sink = attempt(body);
  source.deliver("abc");
  body.commit();
  assert.equal(body.replayable, false);
  source.deliver("def");
  source.end();
  assert.deepEqual([sink.text, sink.ends], ["abcdef", 1]);
});

for (const size of [1, 64 * 1024]) {
  test(`ReplayableBody keeps little memory, however a body is cut (pieces of ${size})`, () => {
    const chunk = new Uint8Array(size);
    const fill = () => {
      const source = new PieceSource();
      const body = new ReplayableBody(source);
      body.start({ write: () => true, flush: () => true, end() {}, fail() {} });
      for (let sent = 0; sent < KEPT; sent += size) source.pass(chunk);
      assert.equal(body.replayable, true);
      return body;
    };
    fill();
    const before = process.memoryUsage().rss;
    const bodies = Array.from({ length: 40 }, fill); // 2.5 MiB of what clients sent
    const grown = process.memoryUsage().rss - before;
    assert.equal(bodies.length, 40);
    assert.ok(grown < 60 * MIB, `${grown >> 20} MiB for 40 bodies of 64 KiB`);
  });
}
