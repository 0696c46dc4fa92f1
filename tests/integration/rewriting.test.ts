// Addresses and cookies that a server means for itself, on their way to a client who knows another name for it.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { get, openScene } from "./scene.ts";

/** What the client gets of `line`, which may hold {server} for the server's own `host:port`. */
async function seen(
  t: TestContext,
  line: string,
  { keys = {}, target = "/", host = "a.example", frontend = {}, backend = {}, base = "" }: {
    keys?: Record<string, unknown>;
    target?: string;
    host?: string;
    frontend?: Record<string, unknown>;
    backend?: Record<string, unknown>;
    base?: string;
  },
): Promise<string | undefined> {
  let authority = "";
  const scene = await openScene(t, {
    answer: () =>
      `HTTP/1.1 302 Found\r\n${line.replaceAll("{server}", authority)}\r\nContent-Length: 0\r\n\r\n`,
    frontend: { routes: [{ backend: "app", ...keys }], ...frontend },
    backend,
    base,
  });
  authority = `127.0.0.1:${scene.server.port}`;
  const c = await scene.client();
  c.send(get(target, "Connection: close").replace("a.example", host.replace("{server}", authority)));
  const head = await c.untilClosed();
  const name = line.slice(0, line.indexOf(":"));
  const value = new RegExp(`^${name}: (.*)\r$`, "m").exec(head)?.[1];
  return value?.replaceAll(authority, "{server}");
}

const API = { strip_prefix: "/api" };
const PATHS = { ...API, rewrite_location: "paths" };
const LOCATIONS: [why: string, setting: Parameters<typeof seen>[2], sent: string, seen: string][] = [
  ["the server's own address", {}, "http://{server}/login?a=b#c", "/login?a=b#c"],
  ["its own address in other letters", {}, "HTTP://{server}", "/"],
  ["its own address with a query alone", {}, "http://{server}?x", "/?x"],
  ["its own address without a scheme", {}, "//{server}/x", "/x"],
  ["another scheme of it", {}, "https://{server}/x", "https://{server}/x"],
  ["another host", {}, "http://b.example/x", "http://b.example/x"],
  ["a user in front of it", {}, "http://me@{server}/x", "http://me@{server}/x"],
  ["the client's own address", {}, "http://a.example/x", "http://a.example/x"],
  ["what the client calls it as well", { host: "{server}" }, "http://{server}/x", "http://{server}/x"],
  ["a path", {}, "/login", "/login"],
  ["a relative path", { keys: PATHS, target: "/api/a/b" }, "../c", "../c"],
  ["a query", { keys: PATHS, target: "/api/a" }, "?x", "?x"],
  ["nothing", { keys: PATHS, target: "/api/a" }, "", ""],
  // What would lead elsewhere if the host were simply taken off.
  ["a path of two slashes behind it", {}, "http://{server}//evil.example/x", "/.//evil.example/x"],
  ["a backslash behind it", {}, "http://{server}/\\evil.example", "/./\\evil.example"],
  ["a backslash in front of it", {}, "http:\\\\{server}/x", "http:\\\\{server}/x"],
  // A prefix that was taken off comes back.
  ["its own address behind a prefix", { keys: API, target: "/api/x" }, "http://{server}/login", "/api/login"],
  ["its own root behind a prefix", { keys: API, target: "/api" }, "http://{server}/", "/api/"],
  ["a prefix that it knows", { keys: API, target: "/api/x" }, "http://{server}/api/login", "/api/login"],
  ["what looks like a prefix", { keys: API, target: "/api/x" }, "http://{server}/apix", "/api/apix"],
  ["a request without the prefix", { keys: API, target: "/x" }, "http://{server}/login", "/login"],
  ["a path behind a prefix", { keys: API, target: "/api/x" }, "/login", "/login"],
  ["a path, asked for", { keys: PATHS, target: "/api/x?y" }, "/login", "/api/login"],
  ["the root, asked for", { keys: PATHS, target: "/api?y" }, "/", "/api/"],
  ["a path that has it, asked for", { keys: PATHS, target: "/api/x" }, "/api/login", "/api/login"],
  [
    "the client's address, asked for",
    { keys: PATHS, target: "/api/x" },
    "http://A.example/b",
    "http://A.example/api/b",
  ],
  ["another host, asked for", { keys: PATHS, target: "/api/x" }, "//b.example/x", "//b.example/x"],
  ["backslashes, asked for", { keys: PATHS, target: "/api/x" }, "/\\b.example/x", "/\\b.example/x"],
  // A path that was put in front goes.
  ["a prefix of the server", { keys: { add_prefix: "/v2" } }, "http://{server}/v2/login?x", "/login?x"],
  [
    "what is not behind that prefix",
    { keys: { add_prefix: "/v2" } },
    "http://{server}/x",
    "http://{server}/x",
  ],
  ["a base path of the server", { base: "/base" }, "http://{server}/base/login", "/login"],
  ["the base path alone", { base: "/base" }, "http://{server}/base?x", "/?x"],
  [
    "both",
    {
      base: "/base",
      keys: { strip_prefix: "/api/", add_prefix: "/v2/" },
      target: "/api/x",
    },
    "http://{server}/base/v2/a",
    "/api/a",
  ],
  [
    "a path that was replaced",
    {
      keys: { ...API, rewrite_path: { pattern: "^/x", replacement: "/y" } },
      target: "/api/x",
    },
    "http://{server}/login",
    "/login",
  ],
  ["a rewritten host", { backend: { host_header: "rewrite" } }, "http://{server}/login", "/login"],
  ["a route that says off", { keys: { rewrite_location: "off" } }, "http://{server}/x", "http://{server}/x"],
  ["no route at all", { frontend: { routes: [] } }, "http://{server}/x", "/x"],
  [
    "a rule of one's own",
    {
      keys: { rewrite_location: { pattern: "^http://[^/]*/(.*)$", replacement: "https://c.example/$1" } },
    },
    "http://{server}/x",
    "https://c.example/x",
  ],
  [
    "the second of two rules",
    {
      keys: {
        rewrite_location: [{ pattern: "^/a", replacement: "/b" }, { pattern: "^/x", replacement: "/y" }],
      },
    },
    "/x/x",
    "/y/x",
  ],
  ["no rule that fits", { keys: { rewrite_location: [{ pattern: "^/a", replacement: "/b" }] } }, "/x", "/x"],
];
for (const [why, setting, sent, expected] of LOCATIONS) {
  test(`a Location with ${why}: ${sent || "nothing"} arrives as ${expected || "nothing"}`, async (t) => {
    assert.equal(await seen(t, `Location: ${sent}`, setting), expected);
  });
}

const OTHERS: [line: string, seen: string][] = [
  ["Content-Location: http://{server}/a", "/api/a"],
  ["Refresh: 5; url=http://{server}/a", "5; url=/api/a"],
  ["Refresh: 5;URL = 'http://{server}/a' ; x", "5;URL = '/api/a' ; x"],
  ["Refresh: 0, http://{server}/a", "0, /api/a"],
  ["Refresh: 5", "5"],
];
for (const [line, expected] of OTHERS) {
  test(`${line} arrives as ${expected}`, async (t) => {
    assert.equal(await seen(t, line, { keys: API, target: "/api/x" }), expected);
  });
}

const COOKIES: [why: string, setting: Parameters<typeof seen>[2], sent: string, seen: string][] = [
  ["a Domain of the server's", {}, "a=b; Domain=127.0.0.1; Path=/", "a=b; Path=/"],
  ["that Domain in other letters", {}, "a=b;domain = .127.0.0.1 ;HttpOnly", "a=b;HttpOnly"],
  ["a Domain of the client's", {}, "a=b; Domain=a.example", "a=b; Domain=a.example"],
  ["a Path behind a prefix", { keys: API, target: "/api/x" }, "a=b; Path=/x", "a=b; Path=/x"],
  [
    "a Domain under off",
    { keys: { rewrite_cookies: "off" } },
    "a=b; Domain=127.0.0.1",
    "a=b; Domain=127.0.0.1",
  ],
  [
    "a Path, asked for",
    { keys: { ...API, rewrite_cookies: "paths" }, target: "/api/x" },
    "a=b; Path=/x; Secure",
    "a=b; Path=/api/x; Secure",
  ],
  [
    "the root, asked for",
    { keys: { ...API, rewrite_cookies: "paths" }, target: "/api" },
    "a=b; path=/",
    "a=b; path=/api",
  ],
  [
    "a Path that has the prefix",
    { keys: { ...API, rewrite_cookies: "paths" }, target: "/api/x" },
    "a=b; Path=/api/",
    "a=b; Path=/api/",
  ],
  ["a base path", { base: "/base", keys: { rewrite_cookies: "paths" } }, "a=b; Path=/base/x", "a=b; Path=/x"],
  [
    "a Path above the base path",
    { base: "/base/x", keys: { rewrite_cookies: "paths" } },
    "a=b; Path=/base",
    "a=b; Path=/",
  ],
  [
    "a Path beside the base path",
    { base: "/base", keys: { rewrite_cookies: "paths" } },
    "a=b; Path=/x",
    "a=b; Path=/x",
  ],
  [
    "a name that binds it to its host",
    { keys: { ...API, rewrite_cookies: "paths" }, target: "/api" },
    "__Host-a=b; Path=/; Secure",
    "__Host-a=b; Path=/; Secure",
  ],
  [
    "rules of one's own",
    {
      keys: {
        rewrite_cookies: {
          domain: { pattern: "^.*$", replacement: "b.example" },
          path: [{ pattern: "^/x", replacement: "" }],
        },
      },
    },
    "a=Path=/x; Domain=c; Path=/x; Max-Age=1",
    "a=Path=/x; Domain=b.example; Max-Age=1",
  ],
];
for (const [why, setting, sent, expected] of COOKIES) {
  test(`a cookie with ${why}: ${sent} arrives as ${expected}`, async (t) => {
    assert.equal(await seen(t, `Set-Cookie: ${sent}`, setting), expected);
  });
}

test("what a route sets in an answer is not rewritten", async (t) => {
  const keys = { ...PATHS, response_headers: { set: { Location: "/login" } } };
  assert.equal(await seen(t, "Location: /x", { keys, target: "/api/x" }), "/login");
});
