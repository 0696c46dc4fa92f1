import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { Guard, type GuardRules } from "../../../src/admin/guard.ts";
import { AdminRefusal } from "../../../src/admin/route.ts";

const TOKEN = "0123456789abcdef";

/** The status that a visitor is refused with; 0 for one who may ask. */
function refused(
  rules: Partial<GuardRules>,
  authority: string,
  headers: Record<string, string> = {},
  unix = false,
): number {
  const guard = new Guard({ token: undefined, host: "10.0.0.5", allowedHosts: [], ...rules });
  const peer = { address: unix ? "" : "10.0.0.9", port: 1, secure: false, unix };
  try {
    guard.check({ authority, headers: new Headers(headers), peer });
    return 0;
  } catch (error) {
    if (error instanceof AdminRefusal) return error.status;
    throw error;
  }
}

test("Guard.check() knows this machine, the bound address and the allowed names, at any port", () => {
  const known = ["localhost", "LOCALHOST.:80", "x.localhost:1", "127.0.0.1:9090", "127.9.9.9", "[::1]:9090"];
  for (const authority of [...known, "10.0.0.5:9090", ""]) assert.equal(refused({}, authority), 0, authority);
  const foreign = [
    "evil.example:9090",
    "10.0.0.6",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "[::2]",
  ];
  for (const authority of foreign) assert.equal(refused({}, authority), 403, authority);
  assert.equal(refused({ allowedHosts: ["ops.example.com"] }, "Ops.Example.com.:9090"), 0);
});

test("Guard.check() takes any address as a name where all are bound, and any name on a unix socket", () => {
  for (const host of ["", "0.0.0.0", "::"]) {
    assert.equal(refused({ host }, "192.0.2.7:9090"), 0, host);
    assert.equal(refused({ host }, "[2001:db8::1]:9090"), 0, host);
    assert.equal(refused({ host }, "evil.example:9090"), 403, host);
  }
  assert.equal(refused({ host: "::1" }, "[0:0:0:0:0:0:0:1]"), 0);
  assert.equal(refused({ host: undefined }, "anything.example", {}, true), 0);
});

test("Guard.check() refuses pages of other origins, whatever they send", () => {
  const origin = (value: string) => refused({}, "localhost:9090", { origin: value });
  assert.equal(origin("http://localhost:9090"), 0);
  assert.equal(origin("https://localhost:9090"), 0);
  const others = ["http://localhost", "http://localhost:9091", "http://evil.example", "null", "", "x"];
  for (const other of [...others, "file://localhost:9090"]) assert.equal(origin(other), 403, other);
});

test("Guard.check() wants the token, as Bearer or as the password of Basic", () => {
  const shown = (authorization?: string) =>
    refused({ token: TOKEN }, "localhost", authorization === undefined ? {} : { authorization });
  const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;
  for (const right of [`Bearer ${TOKEN}`, `bearer  ${TOKEN}`, basic(`x:${TOKEN}`), basic(`:${TOKEN}`)]) {
    assert.equal(shown(right), 0, right);
  }
  const wrong = [
    undefined,
    "",
    TOKEN,
    "Bearer",
    `Bearer ${TOKEN}x`,
    `Bearer ${TOKEN} x`,
    "Bearer 0123456789abcdeF",
  ];
  for (const value of [...wrong, `Digest ${TOKEN}`, basic(`${TOKEN}:x`)]) {
    assert.equal(shown(value), 401, String(value));
  }
  assert.equal(refused({ token: TOKEN, host: undefined }, "x", {}, true), 401);
});
