import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { parseConfig } from "../../../../src/config/load.ts";
import type { Config } from "../../../../src/config/schema.ts";
import { refusals } from "../support.ts";

/** A config whose `[defaults]`, frontend, route and backend get a line each. */
function withLine(
  { defaults = "", frontend = "", route = "", backend = "", servers = '["http://a"]' },
): string {
  return `[defaults]
${defaults}
[[frontends]]
bind = ":80"
default_backend = "app"
${frontend}
[[frontends.routes]]
path_prefix = "/x"
${route || 'backend = "app"'}
[backends.app]
servers = ${servers}
${backend}
`;
}

/** Sets SLUICE_X to `value` while `use` runs. */
function withVariable<T>(value: string, use: () => T): T {
  process.env["SLUICE_X"] = value;
  try {
    return use();
  } finally {
    delete process.env["SLUICE_X"];
  }
}

const X = '"${SLUICE_X}"';

type Row = [what: string, value: string, text: string, read: (config: Config) => unknown, expected: unknown];

const app = ({ backends }: Config) => backends["app"]!;
const relayOf = ({ frontends }: Config) => frontends[0]!.relay;
const RELAY = 'mode = "relay"\nrelay.';
const relay = (line: string) =>
  withLine({ frontend: RELAY + line }).replace(/\[\[frontends\.routes[^]*?(?=\[backends)/, "")
    .replace("[backends.app]", '$&\nprotocol = "proxy"');

const rows: Row[] = [
  [
    "a decimal share",
    "0.35",
    withLine({ defaults: `retries = { budget = ${X} }` }),
    (c) => app(c).retries.budget,
    0.35,
  ],
  ["a whole share", "1", withLine({ backend: `panic_threshold = ${X}` }), (c) => app(c).panicThreshold, 1],
  [
    "a factor",
    "1.25",
    withLine({ backend: `hash = { load_factor = ${X} }` }),
    (c) => app(c).hash.loadFactor,
    1.25,
  ],
  [
    "the share of a mirror",
    "0.5",
    withLine({ route: `backend = "app"\nmirror = { backend = "app", share = ${X} }` }),
    (c) => c.frontends[0]!.routes[0]!.mirror!.share,
    0.5,
  ],
  [
    "the status of a redirect",
    "308",
    withLine({ route: `redirect = { to = "/y", status = ${X} }` }),
    (c) => c.frontends[0]!.routes[0]!.redirect!.status,
    308,
  ],
  [
    "a whole number",
    "7",
    withLine({ frontend: `max_connections = ${X}` }),
    (c) => c.frontends[0]!.maxConnections,
    7,
  ],
  [
    "a truth",
    "true",
    withLine({ frontend: `forwarded_header = ${X}` }),
    (c) => c.frontends[0]!.forwardedHeader,
    true,
  ],
  [
    "false in place of a name",
    "false",
    withLine({ frontend: `via = ${X}` }),
    (c) => c.frontends[0]!.via,
    false,
  ],
  [
    "a list of servers",
    "http://a, http://b,",
    withLine({ servers: X }),
    (c) => app(c).servers.map(({ url }) => url),
    ["http://a", "http://b"],
  ],
  [
    "a list of one server",
    "http://a",
    withLine({ servers: X }),
    (c) => app(c).servers.map(({ url }) => url),
    ["http://a"],
  ],
  [
    "a list of addresses to listen on",
    ":81,:82",
    withLine({}).replace('":80"', X),
    (c) => c.frontends[0]!.bind.map(({ text }) => text),
    [":81", ":82"],
  ],
  ["a list of numbers", "443,8443", relay(`connect_ports = ${X}`), (c) => relayOf(c)!.connectPorts, [
    443,
    8443,
  ]],
  [
    "true in place of a list",
    "true",
    relay(`allow_private = ${X}`),
    (c) => relayOf(c)!.allowPrivate.length,
    2,
  ],
  [
    "false in place of a list",
    "false",
    relay(`allow_private = ${X}`),
    (c) => relayOf(c)!.allowPrivate.length,
    0,
  ],
  [
    "a list in place of true",
    "10.0.0.0/8,fd00::/8",
    relay(`allow_private = ${X}`),
    (c) => relayOf(c)!.allowPrivate.length,
    2,
  ],
  [
    "statuses",
    "502,503-504",
    withLine({ backend: `retries = { statuses = ${X} }` }),
    (c) => app(c).retries.statuses,
    [{ from: 502, to: 502 }, { from: 503, to: 504 }],
  ],
];
for (const [what, value, text, read, expected] of rows) {
  test(`parseConfig() reads ${what} from a variable`, () => {
    const config = withVariable(value, () => parseConfig(text, { file: "c", format: "toml" }));
    assert.deepEqual(read(config), expected);
  });
}

const refused: [what: string, value: string, text: string, line: string][] = [
  [
    "a share above 1",
    "1.5",
    withLine({ backend: `panic_threshold = ${X}` }),
    "c:12:19: backends.app.panic_threshold: is 1.5; accepted: a share from 0 to 1, such as 0.2",
  ],
  [
    "a word where a number is wanted",
    "many",
    withLine({ frontend: `max_connections = ${X}` }),
    'c:6:19: frontends[0].max_connections: is "many"; accepted: a whole number, 0 or more',
  ],
  [
    "an item of a list that is none",
    "443,x",
    relay(`connect_ports = ${X}`),
    'c:7:23: frontends[0].relay.connect_ports[1]: is "x"; accepted: a whole number, 1 to 65535',
  ],
  [
    "an empty list",
    "",
    withLine({ servers: X }),
    "c:11:11: backends.app.servers: is an empty list; accepted: a list of one or more servers",
  ],
];
for (const [what, value, text, line] of refused) {
  test(`parseConfig() refuses ${what} from a variable, at its place`, () => {
    assert.deepEqual(withVariable(value, () => refusals(text)), [line]);
  });
}

test("parseConfig() refuses a variable in a default, as the default would end at its first brace", () => {
  const text = withLine({}).replace('":80"', '"${SLUICE_NONE:-${SLUICE_OTHER:-:80}}"');
  assert.match(
    refusals(text).join("\n"),
    /^c:4:8: frontends\[0\]\.bind: is "\$\{SLUICE_NONE:-.*; accepted: /,
  );
});
