import assert from "node:assert/strict";
import { test } from "node:test";
import { ambiguityOf, climbs, comparablePath } from "../../../src/http/path.ts";

const comparable: [path: string, same: string][] = [
  ["/", "/"],
  ["/admin", "/admin"],
  ["/admin/", "/admin/"],
  ["//admin", "/admin"],
  ["/x/../admin", "/admin"],
  ["/x/..%2fadmin", "/admin"],
  ["/x/%2e%2e/admin", "/admin"],
  ["/x/.%2E/admin", "/admin"],
  ["/./admin/.", "/admin/"],
  ["/admin/x/..", "/admin/"],
  ["/%61dmin", "/admin"],
  ["/%2561dmin", "/%61dmin"],
  ["/admin;x", "/admin"],
  ["/admin;x=1;y/z", "/admin/z"],
  ["/x/..;/admin", "/admin"],
  ["/admin%3Bx", "/admin;x"],
  ["\\admin", "/admin"],
  ["/x\\..\\admin", "/admin"],
  ["/x%5c..%5cadmin", "/admin"],
  ["/../../admin", "/admin"],
  ["/..", "/"],
  ["/.hidden", "/.hidden"],
  ["/a..b/...", "/a..b/..."],
  ["/caf%C3%A9", "/café"],
  ["/caf%E9", "/caf\u00e9"],
  ["/caf%C3%A9/x%FF", "/café/x\u00ff"],
  ["/%61%", "/a%"],
  ["/100%", "/100%"],
  ["/Admin", "/Admin"],
  ["/admin.", "/admin"],
  ["/admin../x", "/admin/x"],
  ["/admin%20", "/admin"],
  ["/admin%20.%20/x%09", "/admin/x"],
  ["/admin%0a", "/admin"],
  ["/admin%A0", "/admin"],
  ["/admin%C2%85", "/admin"],
  ["/admin\\", "/admin/"],
  ["/admin\xa0", "/admin"],
  ["/x/..%20/admin", "/admin"],
  ["/%20/admin", "/ /admin"],
  ["/caf\xc3\xa9", "/café"],
  ["/caf\xc3%A9", "/café"],
  ["/café", "/café"],
];
for (const [path, same] of comparable) {
  test(`comparablePath() takes ${path} for ${same}`, () => assert.equal(comparablePath(path), same));
}

const climbing: [path: string, climbs: boolean][] = [
  ["/a/b", false],
  ["/a/../b", false],
  ["/a/..", false],
  ["/..", true],
  ["/a/../../b", true],
  ["/a/..%2f..%2fb", true],
  ["/%2e%2e/b", true],
  ["/..;x/b", true],
  ["/\\..\\b", true],
  ["/../a/b", true],
  ["/..a", false],
];
for (const [path, expected] of climbing) {
  test(`climbs() is ${expected} for ${path}`, () => assert.equal(climbs(path), expected));
}

const ambiguous: [path: string, why: string | undefined][] = [
  ["/a/b.c/..d/.e", undefined],
  ["/a%20b/%41", undefined],
  ["/caf%C3%A9", undefined],
  ["//a", "an empty segment"],
  ["/a/../b", "a dot segment"],
  ["/a/%2e%2E", "a dot segment"],
  ["/a/.", "a dot segment"],
  ["/a%2Fb", "an encoded slash, backslash or NUL"],
  ["/a%5cb", "an encoded slash, backslash or NUL"],
  ["/a%00b", "an encoded slash, backslash or NUL"],
  ["/a%2500", "an encoded slash, backslash or NUL"],
  ["/a.", "a segment that ends in a dot or a blank"],
  ["/a%20/b", "a segment that ends in a dot or a blank"],
  ["/%e2%98%83\xe2", "a byte beyond ASCII"],
  ["/a\\b", "a backslash"],
  ["/a;b", "parameters (;)"],
  ["/100%", "an escape that stands for no character"],
  ["/%zz", "an escape that stands for no character"],
  ["/%c0%ae%c0%ae/", "an escape that stands for no character"],
];
for (const [path, why] of ambiguous) {
  test(`ambiguityOf() finds ${why ?? "nothing"} in ${path}`, () => assert.equal(ambiguityOf(path), why));
}

test("comparablePath(), climbs() and ambiguityOf() cost little for what a client may send at the most", () => {
  const long = [
    "%2e".repeat(8_000),
    "/..".repeat(8_000),
    ";".repeat(24_000),
    "%c0".repeat(8_000),
    "\xa0.".repeat(12_000) + "x",
  ];
  const started = performance.now();
  for (const path of long) for (const read of [comparablePath, climbs, ambiguityOf]) read(`/${path}`);
  assert.ok(performance.now() - started < 1000);
});
