// X-Forwarded-Port and X-Forwarded-Prefix: where clients find what a server has at its root.
import assert from "node:assert/strict";
import { test } from "node:test";
import { asked, get, ok, openScene } from "./scene.ts";

const TRUST = { trusted_proxies: ["127.0.0.1"] };
const API = { strip_prefix: "/api" };

interface Case {
  readonly frontend?: Record<string, unknown>;
  readonly keys?: Record<string, unknown>;
  readonly host?: string;
  readonly target?: string;
  readonly lines?: readonly string[];
}

const CASES: [why: string, asked: Case, port: string[], prefix: string[]][] = [
  ["a host without a port", {}, ["80"], []],
  ["a host with a port", { host: "a.example:8080" }, ["8080"], []],
  ["an IPv6 host", { host: "[2001:db8::1]" }, ["80"], []],
  ["an IPv6 host with a port", { host: "[2001:db8::1]:81" }, ["81"], []],
  [
    "an untrusted claim",
    {
      keys: API,
      target: "/api/x",
      lines: ["X-Forwarded-Port: 6", "x-forwarded-prefix: /evil", "X-Forwarded-Proto: https"],
    },
    ["80"],
    ["/api"],
  ],
  ["a trusted port", { frontend: TRUST, lines: ["X-Forwarded-Port: 8443"] }, ["8443"], []],
  ["a trusted scheme", { frontend: TRUST, lines: ["X-Forwarded-Proto: https"] }, ["443"], []],
  [
    "a trusted host",
    {
      frontend: TRUST,
      lines: ["X-Forwarded-Proto: https", "X-Forwarded-Host: b.example:8443"],
    },
    ["8443"],
    [],
  ],
  ["a trusted prefix", { frontend: TRUST, lines: ["X-Forwarded-Prefix: /outer"] }, ["80"], ["/outer"]],
  [
    "a trusted prefix before ours",
    {
      frontend: TRUST,
      keys: API,
      target: "/api/x",
      lines: ["X-Forwarded-Prefix: /outer/"],
    },
    ["80"],
    ["/outer/api"],
  ],
  [
    "trust in Forwarded alone",
    {
      frontend: { ...TRUST, client_header: "forwarded" },
      lines: [
        "Forwarded: for=192.0.2.1;proto=https;host=b.example",
        "X-Forwarded-Port: 6",
        "X-Forwarded-Prefix: /x",
      ],
    },
    ["443"],
    [],
  ],
  ["a stripped prefix", { keys: API, target: "/api?x" }, ["80"], ["/api"]],
  ["a stripped prefix with its slash", { keys: { strip_prefix: "/api/" }, target: "/api/x" }, ["80"], [
    "/api",
  ]],
  ["a path without the prefix", { keys: API, target: "/apix" }, ["80"], []],
  ["a prefix of nothing", { keys: { strip_prefix: "/" }, target: "/x" }, ["80"], []],
  ["a prefix that is put in front", { keys: { ...API, add_prefix: "/v2" }, target: "/api/x" }, ["80"], [
    "/api",
  ]],
  [
    "fields that the route sets",
    {
      keys: {
        ...API,
        request_headers: { set: { "X-Forwarded-Port": "1", "x-forwarded-prefix": "/set" } },
      },
      target: "/api/x",
    },
    ["1"],
    ["/set"],
  ],
  [
    "fields that the route removes",
    {
      keys: { ...API, request_headers: { remove: ["X-Forwarded-Port", "X-Forwarded-Prefix"] } },
      target: "/api/x",
    },
    [],
    [],
  ],
  [
    "nothing but what the route sets",
    {
      keys: { ...API, override_headers: { "X-Only": "1" } },
      target: "/api/x",
    },
    [],
    [],
  ],
];
for (const [why, { frontend = {}, keys, host = "a.example", target, lines = [] }, port, prefix] of CASES) {
  test(`a server learns the port ${port} and the prefix ${prefix}, for ${why}`, async (t) => {
    const scene = await openScene(t, {
      answer: ok("fine"),
      frontend: { routes: [{ backend: "app", ...keys }], ...frontend },
    });
    const c = await scene.client();
    c.send(get(target, ...lines).replace("a.example", host));
    await c.until("fine");
    const { received } = await asked(scene.server);
    const sent = (name: string) =>
      [...received.matchAll(new RegExp(`^${name}: (.*)\r$`, "gim"))].map(([, value]) => value);
    assert.deepEqual([sent("X-Forwarded-Port"), sent("X-Forwarded-Prefix")], [port, prefix]);
  });
}
