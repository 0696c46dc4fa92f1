import assert from "node:assert/strict";
import { test } from "node:test";
import { Comparison, type ComparisonOptions } from "../../../src/compare/comparison.ts";
import { LOG_FORMATS } from "../../../src/compare/log-format.ts";
import type { LoggedRequest } from "../../../src/compare/logged-request.ts";
import { parseConfig } from "../../../src/config/load.ts";
import { withOffline } from "../../../src/lifecycle/offline.ts";
import { Random } from "../../support/codec/random.ts";

const FRONTEND = `
[[frontends]]
name = "web"
bind = "127.0.0.1:8080"
default_backend = "app"
`;
const BACKENDS = `
[backends]
app.servers = ["http://127.0.0.1:1"]
api.servers = ["http://127.0.0.1:2"]
`;
const route = (path: string, does: string) => `[[frontends.routes]]\npath_prefix = "${path}"\n${does}\n`;
const config = (routes = "", frontend = FRONTEND, backends = BACKENDS) => frontend + routes + backends;

function request(target: string, other: Partial<LoggedRequest> = {}): LoggedRequest {
  return {
    method: "GET",
    target,
    host: "shop.example",
    peer: "192.0.2.7",
    headers: [],
    bodyBytes: 0,
    recorded: { status: 200, backend: "app", reason: "ok" },
    ...other,
  };
}

/** What `after` does otherwise with `requests` than `before`, or than was recorded. */
function compared(before: string | undefined, after: string, ...requests: LoggedRequest[]) {
  const parsed = (text: string) => parseConfig(text, { file: "sluice.toml", format: "toml" });
  return withOffline(parsed(after), (next) => {
    const compare = (sides: ComparisonOptions) => {
      const comparison = new Comparison(sides);
      for (const one of requests) comparison.add(one);
      return comparison.report();
    };
    if (before === undefined) return compare({ after: next });
    return withOffline(parsed(before), (old) => compare({ before: old, after: next }));
  });
}

function changeOf(report: ReturnType<typeof compared>): string {
  const [change, ...more] = report.changes;
  assert.equal(more.length, 0);
  return change === undefined ? "none" : [change.what, ...(change.differs ?? [])].join(" ");
}

const TO_API = route("/", 'backend = "api"');
const behindStages = (keys: string) => FRONTEND + keys + "\n";
const NOBODY = 'access = { deny = ["192.0.2.0/24"] }';
const FEW = 'rate_limit = { rate = "10/s" }';
const bothWays: [why: string, before: string, after: string, change: string, target?: string][] = [
  ["a stage that refuses", config(), config("", behindStages(NOBODY)), "refused"],
  ["a stage that refused", config("", behindStages(NOBODY)), config(), "served"],
  [
    "a stage that refuses on its route alone",
    config(route("/a", 'backend = "app"')),
    config(route("/a", 'backend = "app"\n' + NOBODY)),
    "refused",
    "/a",
  ],
  [
    "a stage that a route has switched off",
    config("", behindStages(NOBODY)),
    config(route("/", 'backend = "app"\naccess = false'), behindStages(NOBODY)),
    "served",
  ],
  ["a limit of the frontend", config(), config("", behindStages(FEW)), "settings frontend web: rate_limit"],
  [
    "a limit of a route",
    config(route("/", 'backend = "app"')),
    config(route("/", 'backend = "app"\n' + FEW)),
    "settings rate_limit",
  ],
  [
    "a limit of the frontend, which a route has switched off",
    config(route("/", 'backend = "app"')),
    config(route("/", 'backend = "app"\nrate_limit = false'), behindStages(FEW)),
    "none",
  ],
  [
    "a limit that moves from the frontend to the route",
    config(route("/", 'backend = "app"'), behindStages(FEW)),
    config(route("/", 'backend = "app"\n' + FEW)),
    "none",
  ],
  [
    "a middleware of a route that answers itself",
    config(route("/", "respond = { status = 204 }")),
    config(route("/", 'respond = { status = 204 }\nmiddleware = ["./my.ts"]')),
    "settings middleware",
  ],
  [
    "a breaker of a route that redirects",
    config(route("/", 'redirect = "/x"')),
    config(route("/", 'redirect = "/x"'), behindStages("circuit_breaker = {}")),
    "settings frontend web: circuit_breaker",
  ],
  [
    "a stage in front of which a page of the frontend's own stands",
    config("", behindStages('ready_path = "/ready"')),
    config("", behindStages('ready_path = "/ready"\n' + FEW)),
    "none",
    "/ready",
  ],
  ["another backend", config(), config(TO_API), "elsewhere"],
  ["another route to the same", config(), config(route("/", 'backend = "app"')), "none"],
  [
    "a refusal",
    config(),
    config(route("/else", 'backend = "app"'), FRONTEND.replace('default_backend = "app"', "")),
    "refused",
  ],
  [
    "the end of a refusal",
    config(route("/else", 'backend = "app"'), FRONTEND.replace('default_backend = "app"', "")),
    config(),
    "served",
  ],
  ["a refused path", config(), config("", `${FRONTEND}normalize = "refuse"\n`), "refused", "/a//b"],
  ["a redirect", config(), config(route("/", 'redirect = "/x"')), "redirected"],
  [
    "another place",
    config(route("/", 'redirect = "/y"')),
    config(route("/", 'redirect = "/x"')),
    "redirected location",
  ],
  ["an answer", config(), config(route("/", "respond = { status = 404 }")), "answered"],
  [
    "another text",
    config(route("/", 'respond = { body = "a" }')),
    config(route("/", 'respond = { body = "b" }')),
    "answered respond",
  ],
  ["another target", config(), config(route("/", 'backend = "app"\nadd_prefix = "/v1"')), "shaped target"],
  [
    "a path that leaves its prefix",
    config(),
    config(route("/", 'backend = "app"\nadd_prefix = "/v1"')),
    "refused",
    "/../x",
  ],
  [
    "a prefix that servers hear of, behind the same target",
    config(route("/a", 'backend = "app"\nstrip_prefix = "/a"')),
    config(route("/a", 'backend = "app"\nrewrite_path = { pattern = "^/a", replacement = "" }')),
    "shaped header x-forwarded-prefix",
    "/a/b",
  ],
  [
    "a header",
    config(),
    config(route("/", 'backend = "app"\nrequest_headers = { set = { X-A = "1" } }')),
    "shaped header x-a",
  ],
  [
    "a secret",
    config(route("/", 'backend = "app"\nrequest_headers = { set = { Authorization = "a" } }')),
    config(route("/", 'backend = "app"\nrequest_headers = { set = { Authorization = "b" } }')),
    "shaped header authorization",
  ],
  [
    "a time-out",
    config(),
    config(route("/", 'backend = "app"\nresponse_timeout = "1s"')),
    "settings response_timeout",
  ],
  [
    "a server",
    config(),
    config("", FRONTEND, BACKENDS.replace("127.0.0.1:1", "127.0.0.1:3")),
    "settings backend app: servers",
  ],
  [
    "a frontend",
    config(),
    config("", `${FRONTEND}timeouts = { write_idle = "9s" }\n`),
    "settings frontend web: timeouts",
  ],
  [
    "weights of a split by chance",
    config(route("/", 'split = { app = 1, api = 1 }\nsplit_on = "random"')),
    config(route("/", 'split = { app = 1, api = 2 }\nsplit_on = "random"')),
    "elsewhere",
  ],
  [
    "nothing of a split by chance",
    config(route("/", 'split = { app = 1, api = 1 }\nsplit_on = "random"')),
    config(route("/", 'split = { app = 1, api = 1 }\nsplit_on = "random"')),
    "none",
  ],
  [
    "a frontend that got another name",
    config(),
    config("", FRONTEND.replace('"web"', '"edge"')),
    "none",
  ],
];
for (const [why, before, after, change, target = "/x?y"] of bothWays) {
  test(`Comparison sees ${why} between two configs`, () => {
    assert.equal(changeOf(compared(before, after, request(target, { frontend: "web" }))), change);
  });
}

const recorded: [
  why: string,
  recorded: LoggedRequest["recorded"],
  after: string,
  change: string,
  left?: string,
][] = [
  ["the same backend", { status: 502, backend: "app", reason: "upstream_reset" }, config(), "none"],
  ["another backend", { status: 200, backend: "app", reason: "ok" }, config(TO_API), "elsewhere"],
  ["a refusal", { status: 404, backend: "none", reason: "no_route" }, config(), "served"],
  [
    "a refusal for what it cannot see",
    { status: 400, backend: "none", reason: "bad_request" },
    config(),
    "none",
    "refused for something that the log does not show",
  ],
  [
    "a client that left before",
    { status: 499, backend: "none", reason: "client_closed" },
    config(),
    "none",
    "over before anybody took it",
  ],
  ["an answer", { status: 404, backend: "none", reason: "ok" }, config(), "elsewhere"],
  [
    "a split that may go there",
    { status: 200, backend: "api", reason: "ok" },
    config(route("/", 'split = { app = 1, api = 1 }\nsplit_on = "random"')),
    "none",
  ],
  [
    "the backend of on_status",
    { status: 200, backend: "api", reason: "ok" },
    config(route("/", 'backend = "app"\non_status = { 5xx = { backend = "api" } }')),
    "none",
  ],
  ["a status alone", { status: 200 }, config(route("/", "respond = { status = 404 }")), "answered"],
  [
    "a status alone of what is sent on",
    { status: 200 },
    config(),
    "none",
    "sent to a server; the log does not say to which backend",
  ],
];
for (const [why, was, after, change, left] of recorded) {
  test(`Comparison holds a config against what was logged: ${why}`, () => {
    const report = compared(undefined, after, request("/x", { recorded: was }));
    assert.equal(changeOf(report), change);
    assert.deepEqual(report.not_compared.map(({ why }) => why), left === undefined ? [] : [left]);
  });
}

test("Comparison goes by the client behind a trusted proxy, and by the headers that were logged", () => {
  const ruled = `[[frontends.rules]]
if = "src in [198.51.100.0/24] && header(x-beta) == 1"
backend = "api"
`;
  for (const header of ["x-forwarded-for", "forwarded"]) {
    const text = config(ruled, `${FRONTEND}trusted_proxies = ["10.0.0.0/8"]\nclient_header = "${header}"\n`);
    const headers = [["x-beta", "1"]] as const;
    const behind = request("/", { peer: "10.0.0.1", client: "198.51.100.7", headers });
    assert.equal(changeOf(compared(undefined, text, behind)), "elsewhere");
    assert.equal(changeOf(compared(undefined, text, { ...behind, peer: "11.0.0.1" })), "none");
    const bare = compared(undefined, text, { ...behind, headers: [] });
    assert.equal(changeOf(bare), "none");
    assert.match(bare.notes.join(), /header\(x-beta\)/);
  }
});

const RELAY = `
[[frontends]]
name = "out"
bind = "127.0.0.1:3128"
mode = "relay"
default_backend = "parents"
[frontends.relay]
connect_ports = [443]
domain_policy = { mode = "blacklist", domains = ["straight.example"] }
[backends.parents]
protocol = "proxy"
servers = ["http://proxy.example:8080"]
`;

test("Comparison sees which way requests of a relay go, and what it cannot see of them", () => {
  const other = RELAY.replace("straight.example", "far.example").replace("[443]", "[443, 8443]");
  const own = { peer: "127.0.0.1", frontend: "out" };
  const was = (backend: string, reason = "ok") => ({ status: reason === "ok" ? 200 : 403, backend, reason });
  const requests = [
    request("/x", { ...own, host: "far.example", recorded: was("parents") }),
    request("straight.example:443", { ...own, method: "CONNECT", recorded: was("straight") }),
    request("far.example:8443", { ...own, method: "CONNECT", recorded: was("none", "access_denied") }),
    request("/proxy.pac", { ...own, host: "127.0.0.1:3128", recorded: was("none") }),
  ];
  assert.equal(compared(undefined, RELAY, ...requests).same, 3); // of the last one the form of its target is not logged
  assert.equal(compared(RELAY, RELAY, ...requests).same, 4);
  const lines = ({ changes }: ReturnType<typeof compared>) =>
    changes.map(({ what, before, after }) => `${what}: ${before} -> ${after}`).sort();
  const moved = [
    "elsewhere: backend parents -> backend straight",
    "elsewhere: backend straight -> backend parents",
  ];
  assert.deepEqual(lines(compared(undefined, other, ...requests)), moved);
  assert.deepEqual(lines(compared(RELAY, other, ...requests)), [
    ...moved,
    "served: refused: access_denied -> backend straight",
  ]);
});

test("Comparison keeps few examples and a bounded number of groups, whatever the requests", () => {
  const split = Array.from({ length: 400 }, (_, i) => route(`/${i}`, 'backend = "api"')).join("");
  const requests = Array.from({ length: 4000 }, (_, i) => request(`/${i % 400}/${i}`));
  const report = compared(undefined, config(split), ...requests);
  assert.equal(report.different, 4000);
  assert.equal(report.changes.length, 200);
  assert.equal(report.ungrouped, 2000);
  assert.ok(report.changes.every(({ count, examples }) => count === 10 && examples.length === 3));
});

test("lines that hold anything are read or left out, and never end a comparison", () => {
  const values = [
    null,
    0,
    -1,
    1e300,
    "",
    "a\r\nX: y",
    "é\u0000",
    "http://",
    "-",
    "[masked]",
    [],
    {},
    ["\n"],
    true,
  ];
  const random = new Random(7);
  const any = () => random.pick<unknown>(values);
  const lines: [format: string, line: string][] = [];
  for (let i = 0; i < 3000; i++) {
    const own: Record<string, unknown> = {
      event: "access",
      method: "GET",
      target: "/x",
      host: "a",
      status: 200,
      client: "::1",
    };
    const inner: Record<string, unknown> = {
      method: "GET",
      uri: "/x",
      host: "a",
      remote_ip: "::1",
      headers: { X: ["1"] },
    };
    const names = [
      ...Object.keys(own),
      "peer",
      "frontend",
      "backend",
      "reason",
      "bytes_in",
      "request_id",
      "request.x-a",
    ];
    own[random.pick(names)] = any();
    own[random.pick(names)] = any();
    const parts = [...Object.keys(inner), "client_ip"];
    inner[random.pick(parts)] = any();
    const caddy: Record<string, unknown> = { request: inner, status: 200, bytes_read: any() };
    if (i % 10 === 0) caddy["request"] = any();
    lines.push(["sluice", JSON.stringify(own)], ["caddy", JSON.stringify(caddy)], [
      "sluice",
      JSON.stringify(any()),
    ]);
    const text = [any(), any(), any()].join(" ");
    lines.push(["combined", `1.2.3.4 - - [x] "${text}" 200 1`]);
    lines.push(["haproxy", `1.2.3.4:5 [x] f a/b 0/0/0 200 1 - - ---- 1/1/1/1/1 0/0 "${text}"`]);
  }
  const requests = lines.flatMap(([format, line]) => {
    const content = LOG_FORMATS[format]!(line);
    return typeof content === "string" ? [] : [content];
  });
  assert.ok(requests.length > 3000);
  assert.equal(compared(undefined, config(TO_API), ...requests).requests, requests.length);
  assert.equal(compared(config(), config(TO_API), ...requests).requests, requests.length);
  compared(RELAY, RELAY, ...requests.map((one) => ({ ...one, frontend: "out" })));
});

test("readers of log lines give parts back as they came", () => {
  const sluice = LOG_FORMATS["sluice"]!(
    '{"event":"access","client":"192.0.2.7","peer":"10.0.0.1","method":"GET","host":"a","target":"/\\u00e9","status":200,' +
      '"backend":"app","bytes_in":4,"request_id":"i","request.x-a":"b"}',
  ) as LoggedRequest;
  assert.deepEqual([sluice.peer, sluice.client, sluice.target, sluice.bodyBytes], [
    "10.0.0.1",
    "192.0.2.7",
    "/é",
    4,
  ]);
  assert.deepEqual(sluice.headers, [["x-a", "b"], ["x-request-id", "i"]]);
  const masked = LOG_FORMATS["sluice"]!(
    '{"event":"access","client":"[masked]","method":"GET","host":"[masked]","target":"/a?[masked]","status":200}',
  ) as LoggedRequest;
  assert.deepEqual([masked.target, masked.host, masked.masked], ["/a", undefined, [
    "query",
    "client",
    "host",
  ]]);
  const { notes } = compared(undefined, config(), masked);
  assert.match(notes.join(), /masks query, client, host/);
  const combined = LOG_FORMATS["combined"]!(
    '::1 - a b [29/Nov/2026:06:39:36 +0000] "GET https://h.example/\\xC3\\xA9\\x22 HTTP/2.0" 200 1 "-" "a \\\\ b"',
  ) as LoggedRequest;
  assert.deepEqual([combined.peer, combined.host, combined.target], ["::1", "h.example", '/\xc3\xa9"']);
  assert.deepEqual(combined.headers, [["user-agent", "a \\ b"]]);
  const haproxy = LOG_FORMATS["haproxy"]!(
    '::ffff:192.0.2.7:5 [29/Nov/2026:06:39:16.325] tls~ app/s1 0/0/+1/0/+5 200 +123 - - LR-- 1/1/0/0/+1 0/0 {a|b} {c} "GET /#22 HTTP/1.1"',
  ) as LoggedRequest;
  assert.deepEqual([haproxy.peer, haproxy.target, haproxy.recorded.backend], ["192.0.2.7", '/"', "app"]);
  const caddy = LOG_FORMATS["caddy"]!(
    '{"request":{"remote_ip":"1.2.3.4","method":"GET","host":"h","uri":"/é","headers":{"X":["1","2"],"Connection":["close"]}},"status":200}',
  ) as LoggedRequest;
  assert.deepEqual([caddy.target, caddy.headers], ["/\xc3\xa9", [["X", "1"], ["X", "2"]]]);
});
