import assert from "node:assert/strict";
import { test } from "node:test";
import { validateConfig } from "../../../../src/config/load.ts";
import { includesStatus, parseStatuses } from "../../../../src/config/values/statuses.ts";
import { refusal } from "../support.ts";

type Table = Record<string, unknown>;

function load(parts: { check?: Table; defaults?: Table; server?: Table; top?: Table; backend?: Table } = {}) {
  return validateConfig({
    frontends: [{ bind: ":0", default_backend: "app" }],
    ...(parts.defaults && { defaults: { health_check: parts.defaults } }),
    backends: {
      app: {
        servers: [{ url: "http://a", ...(parts.server && { health_check: parts.server }) }],
        ...(parts.check && { health_check: parts.check }),
        ...parts.backend,
      },
      other: { servers: ["http://b"] },
    },
    ...parts.top,
  }).backends;
}

const DEFAULTS = {
  enabled: true,
  when: "always",
  type: "http",
  path: "/health",
  method: "GET",
  headers: {},
  expectedStatus: [{ from: 200, to: 299 }],
  interval: 5000,
  fastInterval: 1000,
  timeout: 2000,
  rise: 2,
  fall: 2,
};

test("health_check has a default for every key but host and expected_body", () => {
  assert.deepEqual(load({ check: {} }).app!.healthCheck, DEFAULTS);
});

test("health_check takes every key", () => {
  const check = {
    enabled: true,
    when: "ejected",
    type: "tcp",
    path: "/a?b=c",
    method: "HEAD",
    headers: { "X-Probe": "a, b", authorization: "Bearer x=" },
    expected_status: [204, "3xx", "400-404"],
    interval: "1s",
    fast_interval: "10ms",
    timeout: "1m",
    rise: 1,
    fall: 1000,
    host: "h.example",
    expected_body: "^ok$",
  };
  assert.deepEqual(load({ check }).app!.healthCheck, {
    enabled: true,
    when: "ejected",
    type: "tcp",
    path: "/a?b=c",
    method: "HEAD",
    headers: { "X-Probe": "a, b", authorization: "Bearer x=" },
    expectedStatus: [{ from: 204, to: 204 }, { from: 300, to: 399 }, { from: 400, to: 404 }],
    interval: 1000,
    fastInterval: 10,
    timeout: 60_000,
    rise: 1,
    fall: 1000,
    host: "h.example",
    expectedBody: "^ok$",
  });
});

test("health_check is off for a backend where neither it nor the defaults have the section", () => {
  const { app, other } = load({ check: {} });
  assert.notEqual(app!.healthCheck, undefined);
  assert.equal(other!.healthCheck, undefined);
});

test("health_check of the defaults holds for every backend, which overrides it key by key", () => {
  const { app, other } = load({ defaults: { path: "/d", rise: 3 }, check: { rise: 4, fall: 5 } });
  assert.deepEqual(app!.healthCheck, { ...DEFAULTS, path: "/d", rise: 4, fall: 5 });
  assert.deepEqual(other!.healthCheck, { ...DEFAULTS, path: "/d", rise: 3 });
});

test("health_check of a backend replaces the headers of the defaults as a whole", () => {
  const { app, other } = load({ defaults: { headers: { a: "1", b: "2" } }, check: { headers: { b: "3" } } });
  assert.deepEqual([app!.healthCheck!.headers, other!.healthCheck!.headers], [{ b: "3" }, {
    a: "1",
    b: "2",
  }]);
});

test("health_check is off where enabled is false, in a backend or in the defaults", () => {
  assert.equal(load({ defaults: {}, check: { enabled: false } }).app!.healthCheck, undefined);
  const { app, other } = load({ defaults: { enabled: false }, check: { enabled: true } });
  assert.deepEqual(app!.healthCheck, DEFAULTS);
  assert.equal(other!.healthCheck, undefined);
});

test("health_check of a server takes path, port and host", () => {
  const server = { path: "/s", port: 8080, host: "s.example" };
  assert.deepEqual(load({ server }).app!.servers[0]!.healthCheck, server);
});

test("healthcheck at the top level, in pyhaproxy's words, is a check for every backend", () => {
  const top = { healthcheck: { enabled: true, interval_seconds: 7, timeout_seconds: 3, path: "/p" } };
  const own = { expectedStatus: [{ from: 200, to: 399 }], rise: 1, fall: 1 };
  const expected = { ...DEFAULTS, ...own, interval: 7000, timeout: 3000, path: "/p" };
  const { app, other } = load({ top });
  assert.deepEqual([app!.healthCheck, other!.healthCheck], [expected, expected]);
  assert.deepEqual(load({ top, check: { path: "/own" } }).app!.healthCheck, { ...expected, path: "/own" });
  assert.equal(load({ top, check: { enabled: false } }).app!.healthCheck, undefined);
});

test("healthcheck at the top level is off unless it is enabled", () => {
  assert.equal(load({ top: { healthcheck: { path: "/p" } } }).app!.healthCheck, undefined);
  assert.equal(load({ top: { healthcheck: { enabled: false } } }).app!.healthCheck, undefined);
});

const DURATION = /accepted: .*"5s"|accepted: a duration/;
const refused: [key: string, value: unknown, message: RegExp][] = [
  ["enabled", "yes", /is "yes"; accepted: true or false$/],
  ["type", "https", /is "https"; accepted: "http", "tcp" or "connect"; did you mean "http"\?$/],
  ["path", "health", /is "health"; accepted: a path that starts with "\/"/],
  ["path", "/a b", /accepted: a path/],
  ["path", "/a#b", /accepted: a path/],
  ["path", "/a\r\nX: y", /accepted: a path/],
  ["path", "/č", /accepted: a path/], // latin1 would make a CR of it
  ["method", "POST", /accepted: "GET" or "HEAD"/],
  ["interval", 5, DURATION],
  ["interval", "0s", DURATION],
  ["fast_interval", "0s", DURATION],
  ["timeout", "0s", DURATION],
  ["rise", 0, /is 0; accepted: a whole number, 1 to 1000$/],
  ["fall", 1001, /is 1001; accepted: a whole number, 1 to 1000$/],
  ["host", "", /accepted: a host name/],
  ["host", "a\r\nX: y", /accepted: a host name/],
  ["host", "a b", /accepted: a host name/],
  ["host", "č.example", /accepted: a host name/],
  ["expected_body", "(", /is "\("; accepted: a regular expression$/],
  ["expected_body", "a".repeat(1001), /accepted: a regular expression$/],
  ["expected_status", [], /accepted: a status/],
  ["expected_status", "6xx", /is "6xx"; accepted: a status such as 200, a class such as "2xx"/],
  ["intervall", "5s", /unknown key; .*; did you mean "interval"\?$/],
];
for (const [key, value, message] of refused) {
  test(`health_check refuses ${key} ${JSON.stringify(value).slice(0, 30)}`, () => {
    const lines = refusal(() => load({ check: { [key]: value } }));
    assert.equal(lines.length, 1);
    assert.ok(lines[0]!.startsWith(`config: backends.app.health_check.${key}:`) || key === "expected_status");
    assert.match(lines[0]!, message);
  });
}

test("health_check names a status that stands alone without a position in a list", () => {
  const [line] = refusal(() => load({ check: { expected_status: "6xx" } }));
  assert.match(line!, /^config: backends\.app\.health_check\.expected_status: /);
});

test("health_check of a server refuses what is not its own", () => {
  assert.match(refusal(() => load({ server: { port: 0 } }))[0]!, /servers\[0\]\.health_check\.port: is 0/);
  assert.match(refusal(() => load({ server: { interval: "1s" } }))[0]!, /interval: unknown key/);
});

const headers: [headers: unknown, message: RegExp][] = [
  ["X-A: b", /headers: is "X-A: b"; accepted: a table of header values by name$/],
  [{ "": "x" }, /headers\."": is ""; accepted: the name of a header/],
  [{ "a b": "x" }, /headers\."a b": is "a b"; accepted: the name of a header/],
  [{ "a:": "x" }, /accepted: the name of a header/],
  [{ "a\r\nb": "x" }, /accepted: the name of a header/],
  [{ "ä": "x" }, /accepted: the name of a header/],
  [{ a: 1 }, /headers\.a: is 1; accepted: the value of a header/],
  [{ a: "b\r\nX: y" }, /headers\.a: is a text that cannot be sent as it is; accepted: the value of a header/],
  [{ a: "b\0" }, /accepted: the value of a header/],
  [{ a: " b" }, /accepted: the value of a header/],
  [{ a: "b\t" }, /accepted: the value of a header/],
  [{ a: "č" }, /accepted: the value of a header/], // latin1 would make a CR of it
  [{ hOST: "a" }, /headers\.hOST: is set by the key "host"; accepted: any other header$/],
  [
    { "content-length": "0" },
    /headers\.content-length: is set by the proxy alone; accepted: any other header$/,
  ],
  [{ "Transfer-Encoding": "chunked" }, /is set by the proxy alone/],
  [{ Connection: "keep-alive" }, /is set by the proxy alone/],
  [{ "X-A": "1", "x-a": "2" }, /headers\.x-a: is the same header as "X-A"; accepted: each header once$/],
];
for (const [value, message] of headers) {
  test(`health_check refuses the headers ${JSON.stringify(value)}`, () => {
    for (const place of ["check", "defaults"]) {
      const lines = refusal(() => load({ [place]: { headers: value } }));
      assert.equal(lines.length, 1);
      assert.match(lines[0]!, message);
    }
  });
}

test("health_check takes a header without a value", () => {
  assert.deepEqual(load({ check: { headers: { a: "" } } }).app!.healthCheck!.headers, { a: "" });
});

const BODY = { expected_body: "ok" };
const HEAD = { method: "HEAD" };
const bodiless: [why: string, sections: { defaults?: Table; check?: Table }, blamed: string[]][] = [
  ["in a backend", { check: { ...HEAD, ...BODY } }, ["backends.app.health_check.expected_body"]],
  ["in the defaults", { defaults: { ...HEAD, ...BODY } }, ["defaults.health_check.expected_body"]],
  ["of the defaults in a backend", { defaults: HEAD, check: BODY }, [
    "backends.app.health_check.expected_body",
  ]],
  ["in a backend of the defaults", { defaults: BODY, check: HEAD }, ["backends.app.health_check.method"]],
  ["that a backend's type brings about", {
    defaults: { ...HEAD, ...BODY, type: "tcp" },
    check: { type: "http" },
  }, [
    "backends.app.health_check.type",
  ]],
  ["unless the check only connects", { defaults: { ...HEAD, type: "tcp" }, check: BODY }, []],
  ["unless a backend asks with GET", { defaults: HEAD, check: { ...BODY, method: "GET" } }, []],
];
for (const [why, sections, blamed] of bodiless) {
  test(`health_check refuses an expected_body for HEAD ${why}`, () => {
    const lines = refusal(() => load(sections));
    assert.deepEqual(lines.map((line) => line.split(": ")[1]), blamed);
    for (const line of lines) {
      assert.ok(
        line.endsWith(
          ': looks for expected_body in an answer to HEAD, which has no body; accepted: method = "GET"',
        ),
      );
    }
  });
}

test("health_check of a server refuses a port where its url is a unix socket", () => {
  const servers = [{ url: "unix:/run/a.sock", health_check: { port: 8081 } }];
  assert.deepEqual(refusal(() => load({ backend: { servers } })), [
    "config: backends.app.servers[0].health_check.port: is 8081; accepted: a port where url is http:// or https://; a unix socket has none",
  ]);
});

const statuses: [text: string, from: number, to: number][] = [
  ["200", 200, 200],
  ["2xx", 200, 299],
  ["5xx", 500, 599],
  ["200-399", 200, 399],
  ["204-204", 204, 204],
];
for (const [text, from, to] of statuses) {
  test(`parseStatuses() reads ${text}`, () => assert.deepEqual(parseStatuses(text), { from, to }));
}

for (
  const text of [
    "",
    "20",
    "2000",
    "099",
    "600",
    "0xx",
    "6xx",
    "2x",
    "399-200",
    "200-",
    "-200",
    "200-600",
    " 200",
  ]
) {
  test(`parseStatuses() refuses "${text}"`, () => assert.equal(parseStatuses(text), undefined));
}

for (
  const [status, included] of [[199, false], [200, true], [299, true], [300, false], [404, true]] as const
) {
  test(`includesStatus() is ${included} for ${status} in 2xx and 404`, () => {
    assert.equal(includesStatus([{ from: 200, to: 299 }, { from: 404, to: 404 }], status), included);
  });
}
