import assert from "node:assert/strict";
import { test } from "node:test";
import { ProxyError } from "../../../src/base/errors.ts";
import { parseTarget, type RequestTarget, sameAuthority } from "../../../src/http/request-target.ts";

type Wanted = [
  form: RequestTarget["form"],
  path: string,
  authority?: string,
  scheme?: RequestTarget["scheme"],
];

const targets: [method: string, target: string, wanted: Wanted][] = [
  ["GET", "/", ["origin", "/"]],
  ["GET", "//a//b/../c/%2e%2E?x=/?y", ["origin", "//a//b/../c/%2e%2E?x=/?y"]],
  ["GET", "/a\\b\"<>{}|^`'", ["origin", "/a\\b\"<>{}|^`'"]],
  ["GET", "/\xc3\xa9", ["origin", "/\xc3\xa9"]],
  ["GET", "/http://a/", ["origin", "/http://a/"]],
  ["OPTIONS", "*", ["asterisk", "*"]],
  ["OPTIONS", "/*", ["origin", "/*"]],
  ["CONNECT", "a:443", ["authority", "", "a:443"]],
  ["CONNECT", "[::1]:443", ["authority", "", "[::1]:443"]],
  ["CONNECT", "a:0", ["authority", "", "a:0"]],
  ["CONNECT", "a", ["authority", "", "a:443"]],
  ["CONNECT", "[::1]", ["authority", "", "[::1]:443"]],
  ["GET", "http://a", ["absolute", "/", "a", "http"]],
  ["GET", "http://a/", ["absolute", "/", "a", "http"]],
  ["GET", "HTTPS://A.b:8443/x?y", ["absolute", "/x?y", "A.b:8443", "https"]],
  ["GET", "http://a?x=1", ["absolute", "/?x=1", "a", "http"]],
  ["GET", "http://a/?", ["absolute", "/?", "a", "http"]],
  ["GET", "http://[::1]:80//x", ["absolute", "//x", "[::1]:80", "http"]],
  ["GET", "http://a:/x", ["absolute", "/x", "a", "http"]],
  ["GET", "https://[::1]:", ["absolute", "/", "[::1]", "https"]],
  ["GET", "http://a/b@c:d", ["absolute", "/b@c:d", "a", "http"]],
  ["OPTIONS", "http://a", ["absolute", "*", "a", "http"]],
  ["OPTIONS", "http://a/", ["absolute", "/", "a", "http"]],
  ["OPTIONS", "http://a?x", ["absolute", "/?x", "a", "http"]],
];
for (const [method, target, [form, path, authority, scheme]] of targets) {
  test(`parseTarget() reads ${method} ${target} (RFC 9112 §3.2)`, () =>
    assert.deepEqual(parseTarget(method, target), { form, path, authority, scheme }));
}

const refused: [method: string, target: string, why: string][] = [
  ["GET", "*", "asterisk-form but for OPTIONS"],
  ["OPTIONS", "**", "two asterisks"],
  ["GET", "a", "a path without its slash"],
  ["GET", "a:443", "authority-form but for CONNECT"],
  ["GET", "\\", "a backslash"],
  ["GET", "?x", "a query alone"],
  ["GET", "http:/a", "one slash"],
  ["GET", "http:a", "no slash"],
  ["GET", "http://", "an empty authority"],
  ["GET", "http:///x", "an empty authority with a path"],
  ["GET", "http://:80/", "a port alone"],
  ["GET", "http://:/", "an empty port without a host"],
  ["GET", "http://a:99999/", "a port out of range"],
  ["GET", "http://u@a/", "user information"],
  ["GET", "http://u:p@a/", "user information with a password"],
  ["GET", "http://a%41/", "an escape in the host"],
  ["GET", "http://a\\b/", "a backslash in the host"],
  ["GET", "http://\xe9/", "a latin1 letter in the host"],
  ["GET", "http://[::1/", "a bracket that is not closed"],
  ["GET", "ftp://a/", "another scheme"],
  ["GET", "ws://a/", "the scheme of WebSocket"],
  ["GET", "xhttp://a/", "a scheme that ends like ours"],
  ["CONNECT", "a:", "CONNECT with an empty port"],
  ["CONNECT", ":443", "CONNECT without a host"],
  ["CONNECT", "/", "CONNECT with a path"],
  ["CONNECT", "*", "CONNECT with an asterisk"],
  ["CONNECT", "http://a:443", "CONNECT with a URL"],
  ["CONNECT", "u@a:443", "CONNECT with user information"],
  ["CONNECT", "::1:443", "CONNECT with IPv6 without brackets"],
  ["CONNECT", "[::1]:", "CONNECT with IPv6 and an empty port"],
  ["CONNECT", "a:99999", "CONNECT with a port out of range"],
  ["CONNECT", "a:https", "CONNECT with a port that is none"],
  ["CONNECT", "a:443/", "CONNECT with a path behind the port"],
  ["connect", "a:443", "authority-form for another method of that name"],
];
for (const [method, target, why] of refused) {
  test(`parseTarget() refuses ${why} (RFC 9112 §3.2)`, () =>
    assert.throws(
      () => parseTarget(method, target),
      (error) => error instanceof ProxyError && error.kind === "bad_request",
    ));
}

const pairs: [a: string, b: string, scheme: "http" | "https", same: boolean][] = [
  ["a", "a", "http", true],
  ["a", "A", "http", true],
  ["a", "b", "http", false],
  ["a", "a:80", "http", true],
  ["a", "a:443", "https", true],
  ["a", "a:443", "http", false],
  ["a:80", "a", "https", false],
  ["a:81", "a:82", "http", false],
  ["[::1]", "[::1]:80", "http", true],
  ["[::1]:80", "[::1]:443", "http", false],
  ["[::1]", "[::2]", "http", false],
  ["a", "a.", "http", false],
];
for (const [a, b, scheme, same] of pairs) {
  test(`sameAuthority() says ${same} of ${a} and ${b} over ${scheme}`, () => {
    assert.equal(sameAuthority(a, b, scheme), same);
    assert.equal(sameAuthority(b, a, scheme), same);
  });
}
