import assert from "node:assert/strict";
import { test } from "node:test";
import { announceEventStream, EventBoundary } from "../../../src/http/event-stream.ts";
import { Fields } from "../../../src/http/fields.ts";
import { namesOf } from "../../support/fields.ts";

const STREAM: [string, string] = ["Content-Type", "text/event-stream"];
const NO_BUFFER: [string, string] = ["X-Accel-Buffering", "no"];
const NO_CACHE: [string, string] = ["Cache-Control", "no-cache"];

const cases: [why: string, fields: [string, string][], added: [string, string][]][] = [
  ["adds both to an event stream", [STREAM], [NO_BUFFER, NO_CACHE]],
  ["knows it with a parameter", [["content-type", "text/event-stream; charset=utf-8"]], [
    NO_BUFFER,
    NO_CACHE,
  ]],
  ["knows it in any case", [["Content-Type", "Text/Event-Stream"]], [NO_BUFFER, NO_CACHE]],
  ["keeps the server's own Cache-Control", [STREAM, ["cache-control", "no-store"]], [NO_BUFFER]],
  ["keeps the server's own X-Accel-Buffering", [STREAM, ["X-Accel-Buffering", "yes"]], [NO_CACHE]],
  ["leaves another type alone", [["Content-Type", "text/event-stream-not"]], []],
  ["leaves an answer without a type alone", [["X", "text/event-stream"]], []],
];
for (const [why, lines, added] of cases) {
  test(`announceEventStream() ${why}`, () => {
    const fields = new Fields();
    for (const [name, value] of lines) fields.append(name, value);
    announceEventStream(fields);
    assert.deepEqual(namesOf(fields).map((name, i) => [name, fields.value(i)]), [...lines, ...added]);
  });
}

const BOUNDARIES: [stream: string, between: boolean][] = [
  ["", true],
  ["data: a", false],
  ["data: a\n", false],
  ["data: a\r\n", false],
  ["data: a\r", false],
  ["data: a\n\n", true],
  ["data: a\r\n\r\n", true],
  ["data: a\r\r", true],
  ["data: a\n\r\n", true],
  ["data: a\r\n\n", true],
  ["data: a\n\r", true],
  ["data: a\n\ndata: b", false],
  ["data: a\n\ndata: b\n\n\n\n", true],
  ["data: a\n\ndata: b\ndata: c\r\n", false],
  [": a comment\n", false],
  ["\n", true],
  ["\r\n", true],
];
for (const [stream, between] of BOUNDARIES) {
  test(`EventBoundary ${between ? "is" : "is not"} between events behind ${JSON.stringify(stream)}`, () => {
    const bytes = new TextEncoder().encode(stream);
    for (let cut = 0; cut <= bytes.length; cut++) { // however it comes in pieces
      const boundary = new EventBoundary();
      boundary.push(bytes.subarray(0, cut));
      boundary.push(bytes.subarray(cut));
      assert.equal(boundary.between, between);
    }
  });
}
