import assert from "node:assert/strict";
import { test } from "node:test";
import { validateConfig } from "../../../src/config/load.ts";
import { Fields } from "../../../src/http/fields.ts";
import { compileKey } from "../../../src/limits/request-key.ts";
import type { IncomingRequest } from "../../../src/message/incoming-request.ts";

/** The key of a request with `headers`, by what the config says. */
function keyOf(
  by: string,
  client: string,
  headers: Record<string, string> = {},
  { ipv6Prefix = 64, target = "/p?q=1" } = {},
): string {
  const { rateLimit } = validateConfig({
    frontends: [{ bind: ":0", default_backend: "app", rate_limit: { rate: "1/s", by } }],
    backends: { app: { servers: ["http://a"] } },
  }).frontends[0]!;
  const request = {
    exchange: { client },
    head: { fields: Fields.from(new Headers(headers)) },
    target,
  };
  return compileKey(rateLimit![0]!.by, ipv6Prefix)(request as unknown as IncomingRequest);
}

const V6 = "2001:db8:1:2:3:4:5:6";
const CASES: [by: string, client: string, headers: Record<string, string>, key: string][] = [
  ["client", "192.0.2.1", {}, "192.0.2.1"],
  ["client", V6, {}, "2001:db8:1:2::/64"],
  ["client", "::ffff:192.0.2.1", {}, "192.0.2.1"],
  ["client", "", {}, ""],
  ["route", "192.0.2.1", {}, "route"],
  ["header(X-Key)", "192.0.2.1", { "x-key": "k" }, "k"],
  ["header(X-Key)", V6, {}, "\x002001:db8:1:2::/64"],
  ["cookie(sid)", "192.0.2.1", { cookie: "a=1; sid=s" }, "s"],
  ["path", "192.0.2.1", {}, "/p"],
  ["{client} {header(x-key)}", "192.0.2.1", { "x-key": "k" }, "192.0.2.1\0k"],
  ["{client}{header(x-key)}", "192.0.2.1", {}, "192.0.2.1\0"],
  ["{header(a)}{header(b)}", "192.0.2.1", { b: "2" }, "\x002"],
  ["{header(a)}{header(b)}", "192.0.2.1", {}, "\0\x00192.0.2.1"],
];
for (const [by, client, headers, key] of CASES) {
  const told = JSON.stringify(headers);
  test(`compileKey() by ${by} of ${client || "a unix socket"} ${told} is ${JSON.stringify(key)}`, () => {
    assert.equal(keyOf(by, client, headers), key);
  });
}

const PREFIXES: [bits: number, key: string][] = [
  [48, "2001:db8:1::/48"],
  [56, "2001:db8:1:ff00::/56"],
  [128, "2001:db8:1:ff02:3:4:5:6/128"],
  [20, "2001:0::/20"],
];
for (const [bits, key] of PREFIXES) {
  test(`compileKey() takes ${bits} bits of an IPv6 client, whichever address of the network it has`, () => {
    assert.equal(keyOf("client", "2001:db8:1:ff02:3:4:5:6", {}, { ipv6Prefix: bits }), key);
    if (bits <= 56) assert.equal(keyOf("client", "2001:db8:1:ff77::1", {}, { ipv6Prefix: bits }), key);
  });
}

test("compileKey() makes a short key of a long one, and different ones of different ones", () => {
  const long = "x".repeat(20_000);
  const [a, b] = ["a", "b"].map((last) => keyOf("header(x-key)", "192.0.2.1", { "x-key": long + last }));
  assert.ok(a!.length < 64 && a !== b);
});

const PLAYED: [by: string, headers: Record<string, string>, target: string][] = [
  ["{header(a)}{header(b)}", { b: "192.0.2.1" }, "/"],
  ["query(k)", {}, "/?k=%00192.0.2.1"],
  ["{query(k)}{header(b)}", {}, "/?k=%00192.0.2.1"],
  ["{header(b)}{query(k)}", {}, "/?k=%00192.0.2.1"],
];
for (const [by, headers, target] of PLAYED) {
  test(`compileKey() by ${by}: nobody plays a client that has none of it`, () => {
    const none = keyOf(by, "192.0.2.1", {}, { target: "/" });
    assert.notEqual(keyOf(by, "192.0.2.2", headers, { target }), none);
  });
}
