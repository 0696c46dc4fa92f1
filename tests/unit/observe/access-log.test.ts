// A line of JSON is written part by part, and holds what the object has from which the other forms are made.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { createLog, SILENT_LOG, type StyledLog } from "../../../src/base/log.ts";
import type { LogFields } from "../../../src/base/log-event.ts";
import { type LogConfig, logSchema } from "../../../src/config/sections/log.ts";
import { Fields } from "../../../src/http/fields.ts";
import { HeadReader } from "../../../src/http1/head-reader.ts";
import { Exchange } from "../../../src/message/exchange.ts";
import { DEFAULT_LIMITS } from "../../support/default-limits.ts";
import { accessLogOf, logAccess } from "../../../src/observe/access-log.ts";
import { Trace } from "../../../src/observe/trace.ts";

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
      trace: new Trace(
        { traceId: "4bf92f3577b34da6a3ce929d0e0e4736", spanId: "00f067aa0ba902b7", flags: 0 },
        undefined,
        undefined,
      ),
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

/** The line of `exchange` in a log of JSON, with which `act` may do what it likes before. */
function lineOf(
  exchange: Exchange,
  act: (log: StyledLog) => void = () => {},
  config: LogConfig = CONFIG,
): string {
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
  logAccess(accessLogOf('we"b', config, { log, load: { inFlight: 7 } })!, exchange, NOW);
  log.flush();
  return text;
}

/** The fields that a log of another form gets. */
function fieldsOf(exchange: Exchange, config: LogConfig): LogFields {
  let fields: LogFields = {};
  const log = { ...SILENT_LOG, access: (its: LogFields) => void (fields = its) };
  logAccess(accessLogOf('we"b', config, { log, load: { inFlight: 7 } })!, exchange, NOW);
  return fields;
}

for (const config of [CONFIG, { ...CONFIG, details: true }]) {
  for (const [what, each] of EXCHANGES) {
    const how = config.details ? "with details" : "as it is by default";
    test(`logAccess() writes the line of a request ${what}, ${how}, as JSON.stringify() would`, () => {
      const fields = fieldsOf(each, config);
      const event = { time: "1970-01-01T00:00:00.000Z", level: "info", event: "access", ...fields };
      assert.equal(lineOf(each, undefined, config), `${JSON.stringify(event)}\n`);
      assert.equal(fields["in_flight"], config.details ? 7 : undefined);
    });
  }
}

const AGENTS: [what: string, lines: string, agent: string | undefined][] = [
  ["as a client writes it", "A: 1\r\nUser-Agent: curl/8 (x)\r\n", "curl/8 (x)"],
  ["in any case", "USER-agent: curl/8\r\n", "curl/8"],
  ["with blanks around it", "User-Agent: \t a b  \r\n", "a b"],
  ["without a blank", "User-Agent:a\r\n", "a"],
  ["without a value", "User-Agent:\r\n", ""],
  ["of one blank", "User-Agent: \r\n", ""],
  ["on two lines", "User-Agent: a\r\nUser-Agent: b\r\n", "a, b"],
  ["with characters that JSON escapes", 'User-Agent: \xfc"\\\x85\r\n', '\xfc"\\\x85'],
  ["of nobody", "A: 1\r\n", undefined],
  ["that is too long", `User-Agent: ${"x".repeat(2100)}\r\n`, `${"x".repeat(2048)}...[cut from 2100]`],
];
for (const [what, lines, agent] of AGENTS) {
  test(`logAccess() writes a User-Agent ${what}`, () => {
    const reader = new HeadReader({
      limits: DEFAULT_LIMITS,
      blame: "bad_request",
      tooLarge: "headers_too_large",
      startLineTooLong: "target_too_long",
      hasStartLine: true,
    });
    reader.push(Buffer.from(`GET / HTTP/1.1\r\n${lines}\r\n`, "latin1"), 0);
    const line = JSON.parse(lineOf(exchange({ fields: reader.fields() }), undefined, logSchema.parse({})));
    assert.equal(line.user_agent, agent);
  });
}

test("logAccess() hides what the config says, in a line of any form", () => {
  const config = logSchema.parse({ mask: ["query", "client", "user_agent", "user"] });
  const one = exchange();
  const fields = fieldsOf(one, config);
  const { target, client, user_agent: agent, host } = fields;
  assert.deepEqual([target, client, agent, host], ["/p?[masked]", "[masked]", "[masked]", "a.example"]);
  assert.ok(!("user" in fields));
  const { time: _time, level: _level, event: _event, ...written } = JSON.parse(
    lineOf(one, undefined, config),
  );
  assert.deepEqual(written, fields);
  assert.doesNotMatch(
    lineOf(exchange(), (log) => log.restyle({ level: "info", format: "text" }), config),
    /192\.0|q\b/,
  );
});

test("logAccess() shows a target without a query as it is where queries are hidden", () => {
  const config = logSchema.parse({ mask: ["query"] });
  assert.equal(fieldsOf(Object.assign(exchange(), { target: "/p" }), config)["target"], "/p");
});

test("logAccess() says how much of the time was the proxy's own", () => {
  const config = logSchema.parse({ details: true });
  const own = (known: Partial<Exchange>) =>
    fieldsOf(exchange({ startedAt: NOW - 100, ...known }), config)["proxy_ms"];
  assert.equal(own({ sentAt: NOW - 90, queueMs: 4, connectMs: 3, triedMs: 2 }), 1);
  assert.equal(own({ sentAt: NOW - 90 }), 10);
  assert.equal(own({}), 100);
  assert.equal(own({ queueMs: 101 }), 0);
});

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
