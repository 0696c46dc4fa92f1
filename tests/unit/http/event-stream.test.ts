import assert from "node:assert/strict";
import { test } from "node:test";
import { announceEventStream } from "../../../src/http/event-stream.ts";
import { Fields } from "../../../src/http/fields.ts";

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
    assert.deepEqual(fields.names.map((name, i) => [name, fields.values[i]]), [...lines, ...added]);
  });
}
