import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConfig, validateConfig } from "../../../../src/config/load.ts";
import { refusal, refusals } from "../support.ts";
import { STAGE_KEYS } from "../../../../src/config/sections/stages.ts";

const FRONTEND = '[[frontends]]\nbind = ":80"\ndefault_backend = "app"\n';
const BACKEND = '[backends.app]\nservers = ["http://a"]\n';
const VALID = FRONTEND + BACKEND;

const DURATION = 'a number with its unit, such as "250ms", "5s", "2m" or "1h"';
const BIND =
  '"host:port", "[v6]:port", ":port" for all addresses, or "unix:/path", with a port from 0 to 65535';
const URL_FORM =
  '"http://host:port/base" or "https://…", scheme (http), port and base optional, or "unix:/path"';
const SECTIONS =
  "admin, log, metrics, tracing, shutdown, limits, resolver, cache, reload_interval, frontends, defaults, healthcheck, backends, tests, include";
const FRONTEND_KEYS = [
  "name, bind, mode, rules, default_backend, via, trusted_proxies, client_header, forwarded_header, normalize",
  "header_aliases, error_pages, max_connections, ready_path, health_path, half_close, timeouts, relay, routes",
  ...STAGE_KEYS,
].join(", ");
const LEVELS = '"debug", "info", "warn" or "error"';

const rows: [why: string, text: string, lines: string[]][] = [
  ["an unknown section", `frontend = 1\n${VALID}`, [
    `c:1:1: frontend: unknown key; accepted: ${SECTIONS}; did you mean "frontends"?`,
  ]],
  ["an unknown key like no other", `[log]\nverbose = true\n${VALID}`, [
    "c:2:1: log.verbose: unknown key; accepted: level, access, sample, slower_than, details, mask, format, file, value_size, request_headers, response_headers, show_secrets",
  ]],
  ["each unknown key of a table on its own line", VALID.replace("bind", "binds = 1\nmdoe = 1\nbind"), [
    `c:2:1: frontends[0].binds: unknown key; accepted: ${FRONTEND_KEYS}; did you mean "bind"?`,
    `c:3:1: frontends[0].mdoe: unknown key; accepted: ${FRONTEND_KEYS}; did you mean "mode"?`,
  ]],
  ["a word that is not on the list", `log.level = "warning"\n${VALID}`, [
    `c:1:13: log.level: is "warning"; accepted: ${LEVELS}; did you mean "warn"?`,
  ]],
  ["a policy that is not on the list", VALID + 'balance = "roundrobbin"', [
    'c:6:11: backends.app.balance: is "roundrobbin"; accepted: "roundrobin", "leastconn", "random", "priority", "first", "best", "latency", "load_aware" or "hash"; did you mean "roundrobin"?',
  ]],
  ["a text for a boolean", `log.access = "yes"\n${VALID}`, [
    'c:1:14: log.access: is "yes"; accepted: true or false',
  ]],
  ["a logged header that is no name", `log.request_headers = ["a b"]\n${VALID}`, [
    'c:1:24: log.request_headers[0]: is "a b"; accepted: the name of a header, such as "X-Probe"',
  ]],
  ["a logged header twice", `log.response_headers = ["X-A", "x-a"]\n${VALID}`, [
    "c:1:24: log.response_headers: holds too many names, or one twice; accepted: a list of up to 32 names of headers, each once",
  ]],
  ["a number for a section", `log = 5\n${VALID}`, [
    "c:1:7: log: is 5; accepted: a table with some of the keys level, access, sample, slower_than, details, mask, format, file, value_size, request_headers, response_headers, show_secrets",
  ]],
  ["a date for a section", `log = 2026-01-01\n${VALID}`, [
    "c:1:7: log: is a date; accepted: a table with some of the keys level, access, sample, slower_than, details, mask, format, file, value_size, request_headers, response_headers, show_secrets",
  ]],
  ["a date for a duration", `shutdown.drain_timeout = 10:00:00\n${VALID}`, [
    `c:1:26: shutdown.drain_timeout: is a date; accepted: ${DURATION}`,
  ]],
  ["a duration without unit", `shutdown.drain_timeout = 10\n${VALID}`, [
    `c:1:26: shutdown.drain_timeout: is 10; accepted: ${DURATION}`,
  ]],
  ["a duration with an unknown unit", `shutdown.drain_timeout = "10d"\n${VALID}`, [
    `c:1:26: shutdown.drain_timeout: is "10d"; accepted: ${DURATION}`,
  ]],
  ["a duration that no timer holds", `shutdown.drain_timeout = "597h"\n${VALID}`, [
    'c:1:26: shutdown.drain_timeout: is "597h"; accepted: a duration from 0s to 596h',
  ]],
  ["zero where it makes no sense", `defaults.timeouts.connect = "0s"\n${VALID}timeouts.connect = "0s"`, [
    'c:1:29: defaults.timeouts.connect: is "0s"; accepted: a duration from 1ms to 596h',
    'c:7:20: backends.app.timeouts.connect: is "0s"; accepted: a duration from 1ms to 596h',
  ]],
  ["a size of zero", `limits.header_size = "0B"\n${VALID}`, [
    'c:1:22: limits.header_size: is "0B"; accepted: a size above zero',
  ]],
  ["a fraction for a whole number", `limits.header_count = 1.5\n${VALID}`, [
    "c:1:23: limits.header_count: is 1.5; accepted: a whole number, 1 or more",
  ]],
  ["a weight out of range", VALID.replace('"http://a"', '{ url = "http://a", weight = 1001 }'), [
    "c:5:41: backends.app.servers[0].weight: is 1001; accepted: a whole number, 0 to 1000",
  ]],
  ["a bad address", VALID.replace(":80", "localhost:99999"), [
    `c:2:8: frontends[0].bind: is "localhost:99999"; accepted: ${BIND}`,
  ]],
  ["a list without addresses", VALID.replace('":80"', "[]"), [
    "c:2:8: frontends[0].bind: is an empty list; accepted: an address or a list of addresses",
  ]],
  ["a pseudonym that is no token", VALID.replace("bind", 'via = "a b"\nbind'), [
    'c:2:7: frontends[0].via: is "a b"; accepted: a token, such as "sluice", or false',
  ]],
  ["a mode of another release", VALID.replace("bind", 'mode = "tcp"\nbind'), [
    'c:2:8: frontends[0].mode: is "tcp"; accepted: "reverse" or "relay"',
  ]],
  ["a server without host", VALID.replace("http://a", ":5000"), [
    `c:5:12: backends.app.servers[0]: is ":5000"; accepted: ${URL_FORM}; did you mean "http://127.0.0.1:5000"?`,
  ]],
  ["a password in a URL, without repeating it", VALID.replace("http://a", "http://u:secret@a"), [
    "c:5:12: backends.app.servers[0]: has user information; accepted: a URL without it",
  ]],
  ["a server without url", VALID.replace('"http://a"', "{ weight = 1 }"), [
    `c:5:12: backends.app.servers[0].url: is missing; accepted: ${URL_FORM}`,
  ]],
  ["a backend without servers", `${VALID}[backends.b]\n[backends.c]\nservers = []`, [
    "c:6:1: backends.b.servers: is missing; accepted: a list of one or more servers",
    "c:8:11: backends.c.servers: is an empty list; accepted: a list of one or more servers",
  ]],
  [
    "the name of what has no parent",
    'frontends = [{ bind = ":80", mode = "relay" }]\n[backends.straight]\nservers = ["http://a"]',
    [
      "c:2:1: backends.straight: is what logs and metrics call requests without a parent; accepted: any other name beside a relay",
    ],
  ],
  ["a bad name of a backend", `${VALID}[backends."b c"]\nservers = ["http://a"]`, [
    'c:6:11: backends."b c": is "b c"; accepted: a name of letters, digits, "-", "_" and ".", that starts with a letter or digit',
  ]],
  [
    "a path prefix without slash",
    VALID.replace("\n[b", '\nroutes = [{ path_prefix = "x", backend = "app" }]\n[b'),
    [
      'c:4:27: frontends[0].routes[0].path_prefix: is "x"; accepted: a path that starts with "/", in ASCII, without query, fragment and white space',
    ],
  ],
  ["no frontends", BACKEND, ["c:1:1: frontends: is missing; accepted: one or more frontends"]],
  ["an empty list of frontends", `frontends = []\n${BACKEND}`, [
    "c:1:13: frontends: is an empty list; accepted: one or more frontends",
  ]],
  ["a frontend that leads nowhere", `[[frontends]]\nbind = ":80"\n${BACKEND}`, [
    "c:1:1: frontends[0]: leads nowhere; accepted: default_backend, or one or more rules or routes",
  ]],
  ["a backend that is not there", VALID.replace('d = "app"', 'd = "ap"\nroutes = [{ backend = "web" }]'), [
    'c:3:19: frontends[0].default_backend: is "ap"; accepted: "app"; did you mean "app"?',
    'c:4:23: frontends[0].routes[0].backend: is "web"; accepted: "app"',
  ]],
  ["a backend when there is none", FRONTEND, [
    'c:3:19: frontends[0].default_backend: is "app"; accepted: the name of a backend, of which there are none',
  ]],
  [
    "a name of a frontend twice",
    `${FRONTEND}name = "x"\n${VALID.replace(":80", ":81")}`.replace('app"\n[b', 'app"\nname = "x"\n[b'),
    [
      'c:8:8: frontends[1].name: is "x", the same as frontends[0].name; accepted: a name of its own',
    ],
  ],
  [
    "a name that another frontend has by default",
    `${FRONTEND}name = "frontend2"\n${VALID.replace(":80", ":81")}`,
    [
      'c:5:1: frontends[1].name: is "frontend2", the same as frontends[0].name; accepted: a name of its own',
    ],
  ],
  [
    "an address twice",
    VALID.replace('":80"', '["[::1]:80", "[0::1]:80", ":0", ":0"]') + FRONTEND.replace(":80", "[::1]:80"),
    [
      'c:2:21: frontends[0].bind[1]: is "[0::1]:80", the same as frontends[0].bind[0]; accepted: each address once',
      'c:7:8: frontends[1].bind: is "[::1]:80", the same as frontends[0].bind[0]; accepted: each address once',
    ],
  ],
  [
    "a route twice",
    VALID.replace(
      "\n[b",
      '\nroutes = [{ host = "A.x.", backend = "app" }, { host = "a.x", path_prefix = "/", backend = "app" }]\n[b',
    ),
    ['c:4:47: frontends[0].routes[1]: is "a.x/", the same as frontends[0].routes[0]; accepted: each pair of host and path_prefix once'],
  ],
  ["a server twice", VALID.replace('"http://a"', '"http://a", { url = "http://A:80/" }'), [
    'c:5:32: backends.app.servers[1].url: is "http://A:80/", the same as backends.app.servers[0]; accepted: each server once in a backend',
  ]],
  ["names that would reach a prototype", `${VALID}[backends.__proto__]\nx = 1\n[__proto__]\nx = 1`, [
    "c:6:1: backends.__proto__: is not accepted as a name; accepted: any other name",
    `c:8:2: __proto__: unknown key; accepted: ${SECTIONS}`,
  ]],
];
for (const [why, text, lines] of rows) {
  test(`parseConfig() reports ${why}`, () => assert.deepEqual(refusals(text), lines));
}

test("parseConfig() reports all problems at once, in the order of the file", () => {
  const text = [
    "[log]",
    'level = "loud"',
    "[[frontends]]",
    'bind = ":99999"',
    'default_backend = "ap"',
    "[frontends.timeouts]",
    "linger = 2",
    "[[frontends]]",
    'bind = [":80", ":80"]',
    "[backends.app]",
    'servers = ["http://a", "http://a", 5]',
    "healthcheck = {}",
  ].join("\n");
  assert.deepEqual(refusals(text).map((line) => line.replace(/;.*/, "")), [
    'c:2:9: log.level: is "loud"',
    'c:4:8: frontends[0].bind: is ":99999"',
    'c:5:19: frontends[0].default_backend: is "ap"',
    "c:7:10: frontends[0].timeouts.linger: is 2",
    "c:8:1: frontends[1]: leads nowhere",
    'c:9:16: frontends[1].bind[1]: is ":80", the same as frontends[1].bind[0]',
    'c:11:24: backends.app.servers[1]: is "http://a", the same as backends.app.servers[0]',
    "c:11:36: backends.app.servers[2]: is 5",
    "c:12:1: backends.app.healthcheck: unknown key",
  ]);
});

test("parseConfig() leaves the prototype of objects alone", () => {
  refusals("[__proto__]\npolluted = 1\n[log.__proto__]\npolluted = 1");
  assert.equal("polluted" in {}, false);
});

test("validateConfig() refuses a ready_path that the metrics have, and one of a relay", () => {
  const data = {
    metrics: { enabled: true },
    frontends: [
      { bind: ":80", default_backend: "x", ready_path: "/metrics" },
      { bind: ":81", default_backend: "x", ready_path: "/ready" },
      { bind: ":82", mode: "relay", ready_path: "/ready" },
    ],
    backends: { x: { servers: ["http://h"] } },
  };
  assert.deepEqual(refusal(() => validateConfig(data)), [
    "config: frontends[0].ready_path: is the path of the metrics; accepted: any other",
    'config: frontends[2].ready_path: is for mode = "reverse"; accepted: /ready of the admin listener, in a relay',
  ]);
});

test("validateConfig() names paths without lines, in the order of the data", () => {
  const data = {
    frontends: [{ bind: ":80", defaultBackend: "x" }],
    log: { level: "x" },
    backends: { x: { servers: [{ url: "http://h", maxConnections: 2 }] } },
  };
  assert.deepEqual(refusal(() => validateConfig(data)).map((line) => line.replace(/accepted.*?; /, "")), [
    "config: frontends[0]: leads nowhere; accepted: default_backend, or one or more rules or routes",
    'config: frontends[0].defaultBackend: unknown key; did you mean "default_backend"?',
    `config: log.level: is "x"; accepted: ${LEVELS}`,
    'config: backends.x.servers[0].maxConnections: unknown key; did you mean "max_connections"?',
  ]);
});

const foreign: [value: unknown, what: string][] = [
  [new Map(), "a Map"],
  [new Date(0), "a Date"],
  [() => {}, "a function"],
  [null, "empty"],
];
for (const [value, what] of foreign) {
  test(`validateConfig() takes ${what} for no section`, () => {
    const data = {
      frontends: [{ bind: ":80", default_backend: "a" }],
      backends: { a: { servers: ["http://a"] } },
    };
    assert.deepEqual(refusal(() => validateConfig({ ...data, log: value }, { file: "f" })), [
      `f: log: is ${what}; accepted: a table with some of the keys level, access, sample, slower_than, details, mask, format, file, value_size, request_headers, response_headers, show_secrets`,
    ]);
  });
}

test("validateConfig() refuses data that contains itself", () => {
  const data: Record<string, unknown> = {};
  data.log = data;
  assert.match(
    refusal(() => validateConfig(data))[0]!,
    /^config: log: is a table or list that contains itself;/,
  );
});

for (
  const [what, path, message] of [
    [
      "is missing",
      "/nowhere/ca.pem",
      /^x\.toml:6:6: backends\.b\.tls\.ca: cannot be read: .*accepted: the path of a PEM file/,
    ],
    [
      "is no PEM",
      "/etc/hostname",
      /^x\.toml:6:6: backends\.b\.tls\.ca: .*"\/etc\/hostname".*accepted: the path of a PEM file/,
    ],
  ] as const
) {
  test(`parseConfig() refuses a file of authorities that ${what}`, () => {
    const text =
      `[[frontends]]\nbind = ":80"\ndefault_backend = "b"\nbackends = 1\n[backends.b.tls]\nca = "${path}"\n`
        .replace("backends = 1", "") + `[backends.b]\nservers = ["https://a"]\n`;
    assert.throws(() => parseConfig(text, { file: "x.toml", format: "toml" }), (error: Error) => {
      assert.match(error.message, message);
      return true;
    });
  });
}
