import assert from "node:assert/strict";
import { test } from "node:test";
import { parseBind } from "../../../../src/config/values/bind.ts";

const tcp: [text: string, host: string, port: number, canonical: string][] = [
  ["0.0.0.0:8080", "0.0.0.0", 8080, "0.0.0.0:8080"],
  ["127.0.0.1:0", "127.0.0.1", 0, "127.0.0.1:0"],
  ["[::]:65535", "::", 65535, "[::]:65535"],
  ["[0:0::1]:80", "::1", 80, "[::1]:80"],
  ["[fe80::1%eth0]:80", "fe80::1%eth0", 80, "[fe80::1%eth0]:80"],
  ["LocalHost:080", "localhost", 80, "localhost:80"],
  [":8080", "", 8080, ":8080"],
];
for (const [text, host, port, canonical] of tcp) {
  test(`parseBind() reads "${text}"`, () => {
    assert.deepEqual(parseBind(text), { kind: "tcp", host, port, text: canonical });
  });
}

test("parseBind() reads the path of a unix socket", () => {
  const text = "unix:/run/sluice.sock";
  assert.deepEqual(parseBind(text), { kind: "unix", path: "/run/sluice.sock", text });
});

const refused = [
  "",
  "8080",
  "localhost",
  "localhost:",
  "localhost:http",
  "localhost:65536",
  "localhost:-1",
  "::1:80",
  "[::1]",
  "[]:80",
  "[127.0.0.1]:80",
  "256.0.0.1:80",
  "http://localhost:80",
  "a b:80",
  "*:80",
  "unix:",
  "unix:relative.sock",
  "unix:/a\0b",
  "localhost:80\n",
];
for (const text of refused) {
  test(`parseBind() refuses ${JSON.stringify(text)}`, () => assert.throws(() => parseBind(text), RangeError));
}

test("parseBind() suggests all addresses, for a port alone", () => {
  assert.throws(() => parseBind("8080"), /; did you mean ":8080"\?$/);
});
