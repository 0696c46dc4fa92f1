// A line of JSON is written part by part, and holds what the object has from which the other forms are made.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createLog, SILENT_LOG, type StyledLog } from "../../../src/base/log.ts";
import type { LogFields } from "../../../src/base/log-event.ts";
import { logSchema } from "../../../src/config/sections/log.ts";
import { Fields } from "../../../src/http/fields.ts";
import { Exchange } from "../../../src/message/exchange.ts";
import { accessLogOf, logAccess } from "../../../src/observe/access-log.ts";

const NOW = 100_000;

function exchange(known: Partial<Exchange> = {}): Exchange {
  const fields = new Fields();
  fields.append("User-Agent", 'a "client" 1.0');
  fields.append("Authorization", "Bearer 1");
  fields.append("X-A", "ü");
  const made = new Exchange(
    { address: "192.0.2.1", port: 1, secure: false },
    {
      method: "GET",
      target: "/p?q",
      authority: "a.example",
      minorVersion: 1,
      startedAt: NOW - 12.34,
      fields,
    },
    { inform() {} },
  );
  return Object.assign(made, { status: 200, ...known });
}

const answer = new Fields();
answer.append("X-B", "1");

const EXCHANGES: [what: string, exchange: Exchange][] = [
  ["that has little to tell", exchange()],
  [
    "with everything in it",
    exchange({
      client: "192.0.2.2",
      user: "me",
      reason: "upstream_reset",
      detail: "No\nway",
      backend: "api",
      server: "http://127.0.0.1:9001",
      attempts: 2,
      tried: "http://127.0.0.1:9002 connect_refused",
      retry: "attempts",
      bytesIn: 123_456,
      bytesOut: 5_000_000_000,
      queueMs: 0.3,
      connectMs: 1.26,
      headMs: 3,
      headAt: NOW - 5.55,
      sentFields: answer,
    }),
  ],
  ["of nobody known", exchange({ client: "", status: 0 })],
  ["of a client behind a unix socket", Object.assign(exchange(), { peer: { address: "", port: 0 } })],
  [
    "that could not be read",
    new Exchange(
      { address: "::1", port: 1, secure: false },
      { method: "", target: "", authority: "", minorVersion: 0, startedAt: NOW, fields: undefined },
      { inform() {} },
    ),
  ],
];

const CONFIG = logSchema.parse({
  request_headers: ["Authorization", "X-A"],
  response_headers: ["X-B"],
});

/** The line of `exchange` in a log of the style. */
function lineOf(exchange: Exchange, act: (log: StyledLog) => void = () => {}): string {
  let text = "";
  const log = createLog({
    level: "info",
    format: "json",
    now: () => 0,
    write(bytes, done) {
      text += new TextDecoder().decode(bytes);
      done(bytes.length);
    },
  });
  act(log);
  logAccess(accessLogOf('we"b', CONFIG, log)!, exchange, NOW);
  log.flush();
  return text;
}

for (const [what, each] of EXCHANGES) {
  test(`logAccess() writes the line of a request ${what} as JSON.stringify() would`, () => {
    let fields: LogFields = {};
    logAccess(
      accessLogOf('we"b', CONFIG, { ...SILENT_LOG, access: (its) => void (fields = its) })!,
      each,
      NOW,
    );
    const event = { time: "1970-01-01T00:00:00.000Z", level: "info", event: "access", ...fields };
    assert.equal(lineOf(each), `${JSON.stringify(event)}\n`);
  });
}

test("logAccess() writes a line in the form that the log has by then", () => {
  assert.match(
    lineOf(exchange(), (log) => log.restyle({ level: "info", format: "text" })),
    /^1970\S+ info +access /,
  );
  assert.equal(lineOf(exchange(), (log) => log.override("warn")), "");
  assert.match(
    lineOf(exchange(), (log) => log.restyle({ level: "info", format: "json", valueSize: 4 })),
    /"\/p\?q"/,
  );
  assert.match(
    lineOf(exchange(), (log) => log.restyle({ level: "info", format: "json", valueSize: 3 })),
    /"\/p\?\.\.\.\[cut from 4\]"/,
  );
});
