// Routes that change requests on their way to a server, and answers on the way back.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { eventually } from "../support/eventually.ts";
import { RawServer } from "../support/raw-server.ts";
import { openRetryScene } from "./retry-scene.ts";
import { asked, bodyOf, get, ok, openScene, pathOf, post, type Scene } from "./scene.ts";

/** A scene with one route, for everything, that has `keys`. */
function openRoute(t: TestContext, keys: Record<string, unknown>, answer = ok("fine")): Promise<Scene> {
  return openScene(t, {
    answer,
    frontend: { routes: [{ backend: "app", ...keys }], default_backend: undefined },
  });
}

/** The head that the server gets of `text`, without what tells it of the client. */
async function headOf(scene: Scene, text: string): Promise<string> {
  const c = await scene.client();
  c.send(text);
  await c.until("fine");
  const { received } = await asked(scene.server);
  return received.replace(/^(?:X-Forwarded-|X-Real-IP|X-Request-Id|Via).*\r\n/gm, "");
}

const TARGETS: [keys: Record<string, unknown>, target: string, sent: string][] = [
  [{ strip_prefix: "/api" }, "/api/x?q=1", "/x?q=1"],
  [{ strip_prefix: "/api" }, "/api", "/"],
  [{ strip_prefix: "/api" }, "/api?q", "/?q"],
  [{ strip_prefix: "/api" }, "/apix", "/apix"],
  [{ strip_prefix: "/api" }, "/other", "/other"],
  [{ strip_prefix: "/api/" }, "/api/x", "/x"],
  [{ strip_prefix: "/api" }, "/api//x", "/x"],
  [{ strip_prefix: "/api" }, "/api//evil.example/x", "/evil.example/x"],
  [{ strip_prefix: "/api" }, "/api/%2e%2E/a%2Fb", "/%2e%2E/a%2Fb"],
  [{ add_prefix: "/v2" }, "/x?q", "/v2/x?q"],
  [{ add_prefix: "/v2/" }, "/x", "/v2/x"],
  [{ strip_prefix: "/a", add_prefix: "/b" }, "/a/x", "/b/x"],
  [{ replace_path: "/one" }, "/x/y?q=1", "/one?q=1"],
  [{ replace_path: "/one?a=1" }, "/x?q=1", "/one?a=1&q=1"],
  [{ replace_path: "/one", forward_query: false }, "/x?q=1", "/one"],
  [{ forward_query: false }, "/x?q=1", "/x"],
  [{ rewrite_path: { pattern: "^/old/(.*)$", replacement: "/new/$1" } }, "/old/a%2Fb?q", "/new/a%2Fb?q"],
  [{ rewrite_path: { pattern: "^/user/(\\d+)$", replacement: "/u?id=$1" } }, "/user/7?q=1", "/u?id=7&q=1"],
  [{ rewrite_path: { pattern: "^/x", replacement: "" } }, "/xyz", "/yz"],
  [{ rewrite_path: { pattern: "nothing", replacement: "" } }, "/xyz", "/xyz"],
];
for (const [keys, target, sent] of TARGETS) {
  test(`a route with ${JSON.stringify(keys)} sends ${target} as ${sent}`, async (t) => {
    const scene = await openRoute(t, keys);
    assert.equal(pathOf(await headOf(scene, get(target))), sent);
    assert.equal((await scene.proxy.access(0))["target"], target);
  });
}

test("request_headers removes, sets and adds fields, and fills placeholders once", async (t) => {
  const scene = await openRoute(t, {
    request_headers: {
      remove: ["x-secret"],
      set: { "X-From": "{client} {host} {scheme} {method} {path} {query} {uri}", "x-tier": "gold" },
      add: { "X-Tag": ["one", "two {request_id}"] },
    },
  });
  const sent = [
    "X-Secret: 1",
    "X-TIER: lead",
    "x-secret: 2",
    "X-Tag: zero",
    "X-Request-Id: id-1",
    "x-from: me",
  ];
  const head = await headOf(scene, get("/a?{path}", ...sent));
  assert.equal(
    head,
    "GET /a?{path} HTTP/1.1\r\nHost: a.example\r\nX-Tag: zero\r\n" +
      "X-From: 127.0.0.1 a.example http GET /a {path} /a?{path}\r\nx-tier: gold\r\n" +
      "X-Tag: one\r\nX-Tag: two id-1\r\n\r\n",
  );
});

test("override_headers stands in place of all fields, those about the client included", async (t) => {
  const scene = await openRoute(t, { override_headers: { Authorization: "Bearer x" } });
  const c = await scene.client();
  c.send(post("abc", "X-Secret: 1", "Cookie: a=b", "Content-Type: text/plain"));
  await c.until("fine");
  const { received } = await asked(scene.server);
  assert.equal(
    received,
    "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3\r\nAuthorization: Bearer x\r\nVia: 1.1 sluice\r\n\r\nabc",
  );
});

test("override_headers leaves what shows a loop", async (t) => {
  const scene = await openRoute(t, { override_headers: { "X-Only": "1" } });
  const c = await scene.client();
  c.send(get("/", "Via: 1.1 sluice", "CDN-Loop: other", "X-Secret: 1"));
  await c.until("fine");
  const { received } = await asked(scene.server);
  assert.match(received, /\r\nVia: 1\.1 sluice\r\nCDN-Loop: other\r\n[^]*\r\nVia: 1\.1 sluice\r\n/);
  assert.doesNotMatch(received, /Secret/);
});

test("response_headers removes, sets and adds fields of answers", async (t) => {
  const scene = await openRoute(
    t,
    {
      response_headers: {
        remove: ["server"],
        set: { "Cache-Control": "no-store" },
        add: { "Set-Cookie": ["seen=1", "id={request_id}"] },
      },
    },
    ok("fine", "Server: x/1", "cache-control: public", "Set-Cookie: a=b"),
  );
  const c = await scene.client();
  c.send(get("/", "X-Request-Id: id-1"));
  await c.until("fine");
  assert.match(
    c.received,
    /Set-Cookie: a=b\r\nContent-Length: 4\r\n.*Cache-Control: no-store\r\nSet-Cookie: seen=1\r\nSet-Cookie: id=id-1\r\n/s,
  );
  assert.doesNotMatch(c.received, /Server|public/);
});

test("method and body stand in place of the client's, with the length of their own", async (t) => {
  const scene = await openRoute(t, { method: "PUT", body: "grüße" });
  const c = await scene.client();
  c.send(post("a longer body of the client"));
  await c.until("fine");
  const { received } = await asked(scene.server);
  assert.match(received, /^PUT \/ HTTP\/1\.1\r\n/);
  assert.match(received, /\r\nContent-Length: 7\r\n/);
  assert.equal(bodyOf(received), "gr\xc3\xbc\xc3\x9fe");
  c.send(get("/second"));
  await c.until(/fine.*fine/s);
});

test("a body is sent with a GET that has none, and an empty one drops the client's", async (t) => {
  const scene = await openRoute(t, { body: "" });
  assert.match(
    await headOf(scene, post("abc")),
    /^POST \/ HTTP\/1\.1\r\nHost: a\.example\r\nContent-Length: 0\r\n\r\n$/,
  );
  const other = await openRoute(t, { body: "xyz" });
  assert.match(await headOf(other, get("/")), /\r\nContent-Length: 3\r\n\r\nxyz$/);
});

test("a request is repeated, or not, by the method that servers see", async (t) => {
  const scene = await openRetryScene(t, [({ socket }) => socket.destroy(), ok("fine")], {
    frontend: {
      routes: [{ backend: "app", method: "POST", path_prefix: "/post" }, { backend: "app", method: "PUT" }],
    },
  });
  assert.match(await scene.ask(get("/post", "Connection: close")), /^HTTP\/1\.1 502 /);
  assert.deepEqual(scene.counts(), [1, 0]);
  assert.match(await scene.ask(get("/put", "Connection: close")), /^HTTP\/1\.1 200 /);
});

test("response_timeout of a route holds in place of the backend's", async (t) => {
  const scene = await openScene(t, {
    frontend: { routes: [{ backend: "app", response_timeout: "50ms" }] },
    backend: { timeouts: { response: "60s" } },
  });
  const c = await scene.client();
  c.send(get("/"));
  await c.until("504 Gateway Timeout");
  assert.equal((await scene.proxy.access(0))["reason"], "response_timeout");
});

const REDIRECTS: [to: unknown, target: string, status: number, location: string][] = [
  ["https://{host}{uri}", "/a?b=1", 302, "https://a.example/a?b=1"],
  [{ to: "/new{path}", status: 308 }, "/x?q", 308, "/new/x"],
  ["{uri}", "//evil.example/x", 302, "/evil.example/x"],
  ["{path}", "/\\evil.example", 302, "/evil.example"],
  ["//cdn.example{uri}", "/x", 302, "//cdn.example/x"],
];
for (const [redirect, target, status, location] of REDIRECTS) {
  test(`a route with the redirect ${JSON.stringify(redirect)} leads ${target} to ${location}`, async (t) => {
    const { client } = await openScene(t, {
      frontend: { routes: [{ redirect }], default_backend: undefined },
    });
    const c = await client();
    c.send(get(target, "Connection: close"));
    const answer = await c.untilClosed();
    assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `));
    assert.equal(/^location: (.*)\r$/im.exec(answer)?.[1], location);
  });
}

test("respond answers by itself, and HEAD without the body", async (t) => {
  const { client, server, proxy } = await openScene(t, {
    frontend: {
      rules: [
        { if: "path == /robots.txt", respond: { body: "User-agent: *\nDisallow: /\n" } },
        { if: "path == /gone", respond: { status: 410, content_type: "application/json", body: "{}" } },
        { if: "path == /empty", respond: { status: 204 } },
      ],
    },
  });
  const answers: string[] = [];
  for (
    const [method, path] of [["GET", "/robots.txt"], ["HEAD", "/robots.txt"], ["POST", "/gone"], [
      "GET",
      "/empty",
    ]]
  ) {
    const c = await client();
    c.send(`${method} ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    answers.push(await c.untilClosed());
  }
  assert.match(answers[0]!, /^HTTP\/1\.1 200 OK\r\n.*text\/plain; charset=utf-8.*Disallow: \/\n$/s);
  assert.match(answers[1]!, /^HTTP\/1\.1 200 OK\r\n.*\r\n\r\n$/s);
  assert.match(answers[2]!, /^HTTP\/1\.1 410 Gone\r\n.*application\/json.*\{\}$/s);
  assert.match(answers[3]!, /^HTTP\/1\.1 204 No Content\r\n.*\r\n\r\n$/s);
  assert.equal(server.connections.length, 0);
  assert.equal((await proxy.access(3))["reason"], "ok");
});

test("a split leads each client to one backend, and all of them by their shares", async (t) => {
  const servers = [await RawServer.answering(ok("stable")), await RawServer.answering(ok("canary"))];
  t.after(async () => void await Promise.all(servers.map((server) => server.close())));
  const { client, proxy } = await openScene(t, {
    frontend: { routes: [{ split: { stable: 3, canary: 1 }, split_on: "header(x-user)" }] },
    config: {
      backends: Object.fromEntries(["app", "stable", "canary"].map((name, i) => [name, {
        servers: [`http://127.0.0.1:${servers[Math.max(0, i - 1)]!.port}`],
      }])),
    },
  });
  const c = await client();
  for (let i = 0; i < 200; i++) c.send(get("/", `X-User: ${i % 100}`));
  await eventually("all answers", () => proxy.accesses.length === 200);
  const ways = proxy.accesses.map(({ backend }) => backend);
  assert.deepEqual(ways.slice(0, 100), ways.slice(100));
  const canaries = ways.slice(0, 100).filter((way) => way === "canary").length;
  assert.ok(canaries > 4 && canaries < 46, `${canaries} of 100`); // 5 standard deviations
});

test("HEAD on a route with another method frees the server's connection at once", async (t) => {
  const scene = await openRoute(t, { method: "POST" }, ok("x".repeat(100_000)));
  const c = await scene.client();
  for (let i = 0; i < 3; i++) c.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  await eventually("three answers", () => scene.proxy.accesses.length === 3);
  await eventually("nothing in flight", () => scene.proxy.inFlight() === 0);
  assert.match(scene.server.received, /^POST /);
  assert.doesNotMatch(c.received, /xx/);
});

test("HEAD stays HEAD on a route that asks for GET", async (t) => {
  const scene = await openRoute(t, { method: "GET" });
  const c = await scene.client();
  c.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.match((await asked(scene.server)).received, /^HEAD \/ /);
});

test("a body of the route's own goes without what the client said of its body", async (t) => {
  const scene = await openRoute(t, { body: "plain" });
  const head = await headOf(
    scene,
    post("zip", "Content-Encoding: gzip", "Content-Range: x", "Content-Type: a/b"),
  );
  assert.match(
    head,
    /^POST \/ HTTP\/1\.1\r\nHost: a\.example\r\nContent-Type: a\/b\r\nContent-Length: 5\r\n\r\nplain$/,
  );
});

test("override_headers leaves an upgrade what makes it one", async (t) => {
  const scene = await openRoute(t, { override_headers: { "X-Only": "1" } });
  const c = await scene.client();
  c.send(get("/", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: k", "Cookie: a=b"));
  const { received } = await asked(scene.server);
  assert.match(
    received,
    /\r\nSec-WebSocket-Key: k\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Only: 1\r\nVia: /,
  );
  assert.doesNotMatch(received, /Cookie/);
});

test("OPTIONS * is led to the root of where a redirect leads", async (t) => {
  const { client } = await openScene(t, { frontend: { routes: [{ redirect: "https://b.example{uri}" }] } });
  const c = await client();
  c.send("OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  assert.match(await c.untilClosed(), /location: https:\/\/b\.example\/\r\n/i);
});
