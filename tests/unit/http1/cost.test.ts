import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { listMembers } from "../../../src/http/list.ts";
import { Fields } from "../../../src/http/fields.ts";
import { hasConnectionOption, nominatedNames } from "../../../src/http/hop-by-hop.ts";
import { keepAliveHint } from "../../../src/http/keep-alive.ts";
import { requestEvents, responseEvents } from "../../support/codec/events.ts";

// A head within the limits must not cost more than its length: a pattern that goes back over a run of blanks took
// 700 ms for one value of 32 KiB, for which 100 ms are plenty, and 2 ms the rule.
const MAX_MS = 100;

const runs: [text: string, what: string][] = [
  ["a" + " ".repeat(32_000) + "b", "blanks"],
  ["a" + "\t ".repeat(16_000) + "b", "tabs and blanks"],
  [" ,".repeat(16_000), "empty members"],
  ["timeout=" + "1".repeat(32_000), "digits"],
  [" timeout".repeat(4_000), "beginnings of a hint"],
  ["chunked,".repeat(4_000), "codings"],
];

function cost(run: () => unknown): number {
  let best = Infinity;
  for (let i = 0; i < 3; i++) {
    const begin = performance.now();
    run();
    best = Math.min(best, performance.now() - begin);
  }
  return best;
}

const readers: [name: string, read: (text: string) => unknown][] = [
  ["listMembers", listMembers],
  ["hasConnectionOption", (text) => hasConnectionOption(text, "close")],
  ["nominatedNames", nominatedNames],
  ["keepAliveHint", (text) => {
    const fields = new Fields();
    fields.append("Keep-Alive", text);
    return keepAliveHint(fields);
  }],
];
for (const [name, read] of readers) {
  for (const [text, what] of runs) {
    test(`${name}() reads a value of 32 KiB of ${what} in time that grows with its length`, () =>
      assert.ok(cost(() => read(text)) < MAX_MS));
  }
}

for (const name of ["Transfer-Encoding", "Content-Length", "Host", "Connection", "X"]) {
  for (const [text, what] of runs) {
    test(`Decoder reads ${name} with 32 KiB of ${what} in time that grows with its length`, () => {
      const lines = Buffer.from(`${name}: ${text}\r\n\r\n`);
      assert.ok(cost(() => requestEvents([Buffer.from("GET / HTTP/1.1\r\nHost: a\r\n"), lines])) < MAX_MS);
      assert.ok(cost(() => responseEvents([Buffer.from("HTTP/1.1 200 OK\r\n"), lines])) < MAX_MS);
    });
  }
}
