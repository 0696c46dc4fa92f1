// One config, many requests: which backend answers.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { roundTrip } from "../support/raw-client.ts";
import { RawServer } from "../support/raw-server.ts";
import { startTestProxy, type TestProxy } from "../support/test-proxy.ts";
import { bodyOf, ok } from "./scene.ts";

/** Each backend is a server that answers with the backend's name. */
const BACKENDS = [
  "beta",
  "office",
  "writer",
  "canary",
  "second",
  "user",
  "users",
  "api",
  "v1",
  "v1users",
  "wild",
  "eu",
  "only",
  "static",
  "slash",
  "raw",
  "rawer",
  "deep",
  "six",
  "star",
  "fallback",
];

const RULES: [condition: string, backend: string][] = [
  ["host == api.example && header(X-Beta) == yes", "beta"],
  ["src in [10.9.0.0/16, 2001:db8::/32] && !header(x-home)", "office"],
  ["method in [PUT, DELETE] && path_prefix == /files", "writer"],
  ["cookie(canary) == 'a, b' || cookie(canary) == 1", "canary"],
  ["query(version) == '2 beta'", "second"],
  ["path ~ ^/users/[0-9]+$", "user"],
  ["path_prefix == /users", "users"],
  ["host == *.example && path == /users-never", "fallback"],
  ["path == *", "star"],
];

const ROUTES: [host: string | undefined, prefix: string, backend: string, match?: string][] = [
  [undefined, "/static", "static"],
  [undefined, "/slash/", "slash"],
  [undefined, "/raw", "raw", "raw"],
  [undefined, "/raw-more", "rawer", "raw"],
  [undefined, "/raw/deep", "deep"],
  ["api.example", "/", "api"],
  ["api.example", "/v1", "v1"],
  ["API.Example.", "/v1/users", "v1users"],
  ["*.example", "/", "wild"],
  ["*.eu.example", "/", "eu"],
  ["only.test", "/a", "only"],
  ["[2001:DB8:0::1]", "/", "six"],
];

const NOT_FOUND = "404";
type Case = [line: string, host: string | undefined, answer: string, lines?: string[]];

const CASES: Case[] = [
  // Hosts.
  ["GET / HTTP/1.1", "api.example", "api"],
  ["GET / HTTP/1.1", "API.EXAMPLE", "api"],
  ["GET / HTTP/1.1", "api.example.", "api"],
  ["GET / HTTP/1.1", "api.example:8080", "api"],
  ["GET / HTTP/1.1", "Api.Example.:443", "api"],
  ["GET / HTTP/1.1", "x.example", "wild"],
  ["GET / HTTP/1.1", "y.x.example", "wild"],
  ["GET / HTTP/1.1", "example", "fallback"],
  ["GET / HTTP/1.1", "xexample", "fallback"],
  ["GET / HTTP/1.1", "x.eu.example", "eu"],
  ["GET / HTTP/1.1", "eu.example", "wild"],
  ["GET / HTTP/1.1", "api.example.evil", "fallback"],
  ["GET / HTTP/1.1", "[2001:db8::1]", "six"],
  ["GET / HTTP/1.1", "[2001:0DB8::0001]:8080", "six"],
  ["GET / HTTP/1.1", "[2001:db8::2]", "fallback"],
  ["GET /a HTTP/1.1", "only.test", "only"],
  ["GET /b HTTP/1.1", "only.test", "fallback"],
  ["GET /static/b HTTP/1.1", "only.test", "static"],
  ["GET / HTTP/1.0", undefined, "fallback"],
  ["GET /static HTTP/1.0", undefined, "static"],
  ["GET / HTTP/1.0", "api.example", "api"],
  // Paths: the longest, by segments.
  ["GET /v1 HTTP/1.1", "api.example", "v1"],
  ["GET /v1/ HTTP/1.1", "api.example", "v1"],
  ["GET /v1/x/y HTTP/1.1", "api.example", "v1"],
  ["GET /v1x HTTP/1.1", "api.example", "api"],
  ["GET /v1/users HTTP/1.1", "api.example", "v1users"],
  ["GET /v1/users/1?x HTTP/1.1", "api.example", "v1users"],
  ["GET /v1/usersx HTTP/1.1", "api.example", "v1"],
  ["GET /v1%2Fusers HTTP/1.1", "api.example", "api"],
  ["GET /v1/%75sers HTTP/1.1", "api.example", "v1"],
  ["GET /V1 HTTP/1.1", "api.example", "api"],
  ["GET //v1 HTTP/1.1", "api.example", "api"],
  ["GET /x/../v1 HTTP/1.1", "api.example", "api"],
  ["GET /v1/../x HTTP/1.1", "api.example", "v1"],
  ["GET /?/v1/users HTTP/1.1", "api.example", "api"],
  ["GET /v1?a=/users/ HTTP/1.1", "api.example", "v1"],
  ["GET /v1?/ HTTP/1.1", "api.example", "v1"],
  ["GET /slash HTTP/1.1", "a.test", "fallback"],
  ["GET /slash/ HTTP/1.1", "a.test", "slash"],
  ["GET /slash?/ HTTP/1.1", "a.test", "fallback"],
  // Prefixes letter by letter.
  ["GET /raw HTTP/1.1", "a.test", "raw"],
  ["GET /rawhide HTTP/1.1", "a.test", "raw"],
  ["GET /raw/x HTTP/1.1", "a.test", "raw"],
  ["GET /raw-more HTTP/1.1", "a.test", "rawer"],
  ["GET /raw-morex HTTP/1.1", "a.test", "rawer"],
  ["GET /raw-mor HTTP/1.1", "a.test", "raw"],
  ["GET /raw/deep/x HTTP/1.1", "a.test", "deep"],
  ["GET /raw/deeper HTTP/1.1", "a.test", "raw"],
  ["GET /ra?w HTTP/1.1", "a.test", "fallback"],
  ["GET /RAW HTTP/1.1", "a.test", "fallback"],
  // An absolute-form says which host it is.
  ["GET http://api.example/v1?x HTTP/1.1", "api.example", "v1"],
  ["GET HTTP://API.example:80/v1 HTTP/1.1", "api.example", "v1"],
  ["GET http://api.example HTTP/1.1", "api.example", "api"],
  ["GET http://api.example?/v1 HTTP/1.1", "api.example", "api"],
  ["GET http://api.example/v1 HTTP/1.0", undefined, "v1"],
  ["OPTIONS * HTTP/1.1", "api.example", "star"],
  // Rules come first, in their order.
  ["GET /v1 HTTP/1.1", "api.example", "beta", ["x-bEtA: yes"]],
  ["GET /v1 HTTP/1.1", "API.example.:80", "beta", ["X-Beta: yes"]],
  ["GET /v1 HTTP/1.1", "api.example", "v1", ["X-Beta: Yes"]],
  ["GET /v1 HTTP/1.1", "api.example", "v1", ["X-Beta: yes", "X-Beta: yes"]],
  ["GET / HTTP/1.1", "x.example", "wild", ["X-Beta: yes"]],
  ["GET / HTTP/1.1", "api.example", "beta", ["X-Beta: yes", "X-Forwarded-For: 10.9.0.1"]],
  ["GET / HTTP/1.1", "a.test", "office", ["X-Forwarded-For: 10.9.0.1"]],
  ["GET / HTTP/1.1", "a.test", "office", ["X-Forwarded-For: [2001:DB8::7]:4711"]],
  ["GET / HTTP/1.1", "a.test", "fallback", ["X-Forwarded-For: 10.9.0.1, 192.0.2.1"]],
  ["GET / HTTP/1.1", "a.test", "fallback", ["X-Forwarded-For: 10.9.0.1", "X-Home: 1"]],
  ["GET / HTTP/1.1", "a.test", "fallback", ["X-Forwarded-For: 10.10.0.1"]],
  ["PUT /files/a HTTP/1.1", "api.example", "writer", ["Content-Length: 0"]],
  ["DELETE /files HTTP/1.1", "a.test", "writer"],
  ["GET /files/a HTTP/1.1", "a.test", "fallback"],
  ["put /files/a HTTP/1.1", "a.test", "fallback", ["Content-Length: 0"]],
  ["PUT /filesx HTTP/1.1", "a.test", "fallback", ["Content-Length: 0"]],
  ["GET / HTTP/1.1", "api.example", "canary", ["Cookie: x=y; canary=1"]],
  ["GET / HTTP/1.1", "api.example", "canary", ["Cookie: x=y", "Cookie: canary=a, b; z=1"]],
  ["GET / HTTP/1.1", "api.example", "api", ["Cookie: x=y, canary=1"]],
  ["GET / HTTP/1.1", "api.example", "api", ["X-Cookie: canary=1"]],
  ["GET /?x&version=2+beta HTTP/1.1", "a.test", "second"],
  ["GET /v1?versio%6E=2%20beta HTTP/1.1", "api.example", "second"],
  ["GET /?version=3&version=2+beta HTTP/1.1", "a.test", "second"],
  ["GET /users/42?version=1 HTTP/1.1", "a.test", "user"],
  ["GET /users/42/posts HTTP/1.1", "a.test", "users"],
  ["GET /users/x?/users/42 HTTP/1.1", "a.test", "users"],
  ["GET /usersx HTTP/1.1", "a.test", "fallback"],
];

/** The second frontend has no default and no rules. */
const WITHOUT_DEFAULT: Case[] = [
  ["GET /v1/x HTTP/1.1", "api.example", "v1"],
  ["GET /v1 HTTP/1.1", "API.EXAMPLE.:1", "v1"],
  ["GET / HTTP/1.1", "api.example", NOT_FOUND],
  ["GET /v1x HTTP/1.1", "api.example", NOT_FOUND],
  ["GET /v1 HTTP/1.1", "x.example", NOT_FOUND],
  ["GET /v1 HTTP/1.1", "[::1]", NOT_FOUND],
  ["GET /v1 HTTP/1.0", undefined, NOT_FOUND],
  ["GET /v1 HTTP/1.1", "api.example", "v1", ["X-Beta: yes", "X-Forwarded-For: 10.9.0.1"]],
  ["OPTIONS * HTTP/1.1", "api.example", NOT_FOUND],
];

let proxy: TestProxy;
const servers = new Map<string, RawServer>();

before(async () => {
  for (const name of BACKENDS) servers.set(name, await RawServer.answering(ok(name)));
  proxy = await startTestProxy({
    servers: [],
    config: {
      frontends: [{
        bind: "127.0.0.1:0",
        normalize: "off", // what else it does: tests/security/path-rules.test.ts
        trusted_proxies: ["127.0.0.1"],
        rules: RULES.map(([condition, backend]) => ({ if: condition, backend })),
        routes: ROUTES.map(([host, prefix, backend, match]) => ({
          ...(host !== undefined && { host }),
          path_prefix: prefix,
          backend,
          ...(match !== undefined && { prefix_match: match }),
        })),
        default_backend: "fallback",
      }, {
        bind: "127.0.0.1:0",
        normalize: "off",
        routes: [{ host: "api.example", path_prefix: "/v1", backend: "v1" }],
      }],
      backends: Object.fromEntries(
        [...servers].map(([name, { port }]) => [name, { servers: [`http://127.0.0.1:${port}`] }]),
      ),
    },
  });
});

after(async () => {
  await proxy.stop();
  for (const server of servers.values()) await server.close();
});

for (const [frontend, cases] of [CASES, WITHOUT_DEFAULT].entries()) {
  for (const [line, host, answer, lines = []] of cases) {
    const asked = [line, ...(host === undefined ? [] : [`Host: ${host}`]), ...lines];
    test(`frontend ${frontend} leads "${asked.join(" | ")}" to ${answer}`, async () => {
      const { port } = proxy.running.listeners[frontend]!;
      const received = await roundTrip(port, [...asked, "Connection: close", "", ""].join("\r\n"));
      if (answer === NOT_FOUND) {
        assert.match(received, /^HTTP\/1\.1 404 Not Found\r\n/);
        assert.match(bodyOf(received), /^404 Not Found: no_route\n/);
      } else assert.equal(bodyOf(received), answer);
    });
  }
}

test("a frontend sends the path on as it came, whatever it was compared with", async () => {
  const { port } = proxy.running.listeners[0]!;
  const asked = "GET /v1/%75sers/..%2F?a=/%zz HTTP/1.1\r\nHost: Api.Example.:81\r\nConnection: close\r\n\r\n";
  assert.equal(bodyOf(await roundTrip(port, asked)), "v1");
  const { received } = servers.get("v1")!;
  assert.ok(received.includes("GET /v1/%75sers/..%2F?a=/%zz HTTP/1.1\r\nHost: Api.Example.:81\r\n"));
});
