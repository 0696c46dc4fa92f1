import assert from "node:assert/strict";
import { test } from "node:test";
import { compileHashKey } from "../../../src/limits/hash-key.ts";
import { parseHashSource } from "../../../src/config/sections/hash.ts";
import { Fields } from "../../../src/http/fields.ts";
import { NO_BODY } from "../../../src/http/framing.ts";
import { Exchange } from "../../../src/message/exchange.ts";
import { IncomingRequest } from "../../../src/message/incoming-request.ts";

/** A GET of `target` with these field lines, each `name: value`, from `client`. */
function requestOf(target: string, lines: readonly string[], client: string): IncomingRequest {
  const fields = new Fields();
  for (const line of lines) fields.append(...line.split(": ") as [string, string]);
  const authority = fields.get("host") ?? "a.example";
  const described = { method: "GET", target, authority, minorVersion: 1, startedAt: 0, fields } as const;
  const exchange = new Exchange({ address: client, port: 1, secure: false }, described, { inform() {} });
  const path = { form: "origin", path: target, authority: undefined, scheme: undefined } as const;
  const head = { method: "GET", target: path, minorVersion: 1, fields, framing: NO_BODY, authority } as const;
  return new IncomingRequest(head, exchange, null);
}

const LINES = ["X-User: ann", "Cookie: a=1; sid=s1", "X-Multi: 1", "x-multi: 2", "X-Real-IP: 6.6.6.6"];
const keys: [on: string, key: string | undefined, target?: string, lines?: readonly string[]][] = [
  ["path", "/a/b", "/a/b?c=d"],
  ["path", "/a/b", "/a/b"],
  ["path", "/a", "/a?b?c"],
  ["uri", "/a/b?c=d", "/a/b?c=d"],
  ["uri", "/a", "/a"],
  ["header(x-user)", "ann"],
  ["header(X-USER)", "ann"],
  ["header(x-multi)", "1, 2"],
  ["header(x-none)", undefined],
  ["header(host)", "a.example:81", "/", ["Host: A.Example:81"]],
  ["header(x-real-ip)", "192.0.2.1"],
  ["header(x-user)", undefined, "/", []],
  ["cookie(sid)", "s1"],
  ["cookie(SID)", undefined],
  ["cookie(sid)", undefined, "/", []],
  ["query(q)", "x y", "/?a&q=x%20y&q=z"],
  ["query(q)", "", "/?q"],
  ["query(q)", undefined, "/?r=1"],
  ["query(q)", undefined, "/q"],
];
for (const [on, key, target = "/", lines = LINES] of keys) {
  test(`compileHashKey() of ${on} makes ${key} of ${target} with ${lines.length} lines`, () => {
    assert.equal(compileHashKey(parseHashSource(on))(requestOf(target, lines, "192.0.2.1")), key);
  });
}

const clients: [address: string, key: string | undefined][] = [
  ["192.0.2.1", "192.0.2.1"],
  ["::ffff:192.0.2.1", "192.0.2.1"],
  ["64:ff9b::c000:201", "192.0.2.1"],
  ["2002:c000:201:5::1", "192.0.2.1"],
  ["2001:db8:1:2::1", "2001:db8:1:2::/64"],
  ["2001:DB8:1:2:ffff:1:2:3", "2001:db8:1:2::/64"],
  ["2001:db8:1:3::1", "2001:db8:1:3::/64"],
  ["::1", "0:0:0:0::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ["_hidden", "_hidden"],
  ["", undefined],
];
for (const [address, key] of clients) {
  test(`compileHashKey() of client makes ${key} of "${address}"`, () => {
    assert.equal(compileHashKey(parseHashSource("client"))(requestOf("/", [], address)), key);
  });
}
