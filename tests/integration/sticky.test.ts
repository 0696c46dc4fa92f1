// Clients that stay with their server by a cookie.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { validateConfig } from "../../src/config/load.ts";
import { roundTrip } from "../support/raw-client.ts";
import { RawServer } from "../support/raw-server.ts";
import { startTestProxy, type TestProxy } from "../support/test-proxy.ts";
import { get, ok } from "./scene.ts";

interface StickyScene {
  readonly servers: readonly RawServer[];
  readonly proxy: TestProxy;
  /** Sends a request with `lines`; which server answered, and the cookie that came. */
  ask(...lines: string[]): Promise<{ by: string; cookie: string | undefined; setCookie: string | undefined }>;
}

/** Three servers `a`, `b`, `c` behind a proxy with `sticky`. */
async function open(
  t: TestContext,
  sticky: Record<string, unknown> = {},
  config: { backend?: Record<string, unknown>; frontend?: Record<string, unknown> } = {},
): Promise<StickyScene> {
  const servers = await Promise.all(["a", "b", "c"].map((name) => RawServer.answering(ok(name))));
  const proxy = await startTestProxy({
    servers: servers.map(({ port }) => port),
    backend: { sticky, ...config.backend },
    frontend: config.frontend ?? {},
  });
  t.after(async () => {
    await proxy.stop();
    await Promise.all(servers.map((server) => server.close()));
  });
  return {
    servers,
    proxy,
    async ask(...lines) {
      const answer = await roundTrip(proxy.port, get("/", ...lines, "Connection: close"));
      const setCookie = /^set-cookie: (.*)\r$/im.exec(answer)?.[1];
      return { by: answer.slice(-1), cookie: setCookie?.split(";")[0], setCookie };
    },
  };
}

const backendOf = ({ proxy }: StickyScene) => proxy.running.snapshot.backends.get("app")!;
const serverCalled = (scene: StickyScene, name: string) => {
  const { port } = scene.servers["abc".indexOf(name)]!;
  return backendOf(scene).servers.find((server) => server.name.endsWith(`:${port}`))!;
};

test("a client without the cookie gets one, and stays with its server", async (t) => {
  const scene = await open(t);
  const first = await scene.ask();
  assert.match(first.setCookie!, /^sluice_app=[\w-]{24}; Path=\/; HttpOnly; SameSite=Lax$/);
  for (let i = 0; i < 6; i++) {
    const next = await scene.ask(`Cookie: other=1; ${first.cookie}`);
    assert.deepEqual([next.by, next.setCookie], [first.by, undefined]);
  }
  const others = new Set([(await scene.ask()).by, (await scene.ask()).by, (await scene.ask()).by]);
  assert.equal(others.size, 3); // who has no cookie goes round
});

test("the cookie tells neither address nor name of its server, and cannot be made up", async (t) => {
  const scene = await open(t, { cookie: "lb", secret: "0123456789abcdef" });
  const { cookie, by } = await scene.ask();
  const { port } = scene.servers["abc".indexOf(by)]!;
  const value = cookie!.slice("lb=".length);
  const decoded = atob(value.replaceAll("-", "+").replaceAll("_", "/"));
  assert.ok(!decoded.includes(String(port)) && !value.includes(String(port)));
  for (
    const made of ["a", "0", String(port), value.slice(1), `${value}x`, value.toLowerCase(), "__proto__"]
  ) {
    assert.ok((await scene.ask(`Cookie: lb=${made}`)).setCookie !== undefined, made);
  }
});

test("attributes of the cookie are those of the config", async (t) => {
  const scene = await open(t, {
    cookie: "lb",
    max_age: "1h",
    path: "/app",
    domain: "example.com",
    same_site: "none",
    secure: "always",
    http_only: false,
  });
  assert.match(
    (await scene.ask()).setCookie!,
    /^lb=[\w-]+; Path=\/app; Domain=example\.com; Max-Age=3600; Secure; SameSite=None$/,
  );
});

test("the cookie is secure where a trusted proxy says that the client came by HTTPS", async (t) => {
  const scene = await open(t, {}, { frontend: { trusted_proxies: ["127.0.0.1"] } });
  assert.match(
    (await scene.ask("X-Forwarded-For: 10.0.0.1", "X-Forwarded-Proto: https")).setCookie!,
    /; Secure/,
  );
  assert.doesNotMatch(
    (await scene.ask("X-Forwarded-For: 10.0.0.1", "X-Forwarded-Proto: http")).setCookie!,
    /Secure/,
  );
});

test("a client whose server is gone gets another, and its cookie", async (t) => {
  const scene = await open(t);
  const first = await scene.ask();
  await scene.servers["abc".indexOf(first.by)]!.close();
  const next = await scene.ask(`Cookie: ${first.cookie}`);
  assert.notEqual(next.by, first.by);
  assert.notEqual(next.cookie, first.cookie);
  assert.equal((await scene.ask(`Cookie: ${next.cookie}`)).by, next.by);
  assert.match(String((await scene.proxy.access(1))["tried"]), /connect_refused/);
});

test("a drained server keeps its clients and gets no new ones; one in maintenance gets nobody", async (t) => {
  const scene = await open(t);
  const first = await scene.ask();
  const server = serverCalled(scene, first.by);
  backendOf(scene).operate(server, { state: "drain" });
  assert.equal((await scene.ask(`Cookie: ${first.cookie}`)).by, first.by);
  for (let i = 0; i < 6; i++) assert.notEqual((await scene.ask()).by, first.by);
  backendOf(scene).operate(server, { state: "maint" });
  const moved = await scene.ask(`Cookie: ${first.cookie}`);
  assert.notEqual(moved.by, first.by);
  assert.ok(moved.cookie !== undefined && moved.cookie !== first.cookie);
});

test("a server of weight 0 keeps its clients", async (t) => {
  const scene = await open(t, { secret: "0123456789abcdef" });
  const first = await scene.ask();
  const urls = backendOf(scene).servers.map(({ name }) => name);
  await scene.proxy.running.reload(validateConfig({
    shutdown: { drain_timeout: "500ms", grace: "20ms" },
    frontends: [{ name: "web", bind: "127.0.0.1:0", default_backend: "app" }],
    backends: {
      app: {
        sticky: { secret: "0123456789abcdef" },
        servers: urls.map((url, i) => ({ url, weight: "abc"[i] === first.by ? 0 : 1 })),
      },
    },
  }));
  const next = await scene.ask(`Cookie: ${first.cookie}`);
  assert.deepEqual([next.by, next.setCookie], [first.by, undefined]);
  assert.notEqual((await scene.ask()).by, first.by);
});

test("a cookie holds through a reload without a secret, and in another process with one", async (t) => {
  const scene = await open(t);
  const first = await scene.ask();
  const urls = backendOf(scene).servers.map(({ name }) => name);
  const config = (sticky: Record<string, unknown>) =>
    validateConfig({
      shutdown: { drain_timeout: "500ms", grace: "20ms" },
      frontends: [{ name: "web", bind: "127.0.0.1:0", default_backend: "app" }],
      backends: { app: { sticky, servers: urls, slow_start: "1s" } },
    });
  await scene.proxy.running.reload(config({}));
  assert.equal((await scene.ask(`Cookie: ${first.cookie}`)).setCookie, undefined);
  await scene.proxy.running.reload(config({ secret: "0123456789abcdef" }));
  const signed = await scene.ask(`Cookie: ${first.cookie}`);
  assert.ok(signed.setCookie !== undefined);
});

test("an ejected server loses its clients", async (t) => {
  const scene = await open(t, {}, {
    backend: { ejection: { failures: 1, min_requests: 1 }, retries: { attempts: 1 } },
  });
  const first = await scene.ask();
  const server = serverCalled(scene, first.by);
  server.outcomes.onFailed(server, 500, "192.0.2.1");
  assert.notEqual((await scene.ask(`Cookie: ${first.cookie}`)).by, first.by);
});

const REFUSED: [sticky: unknown, message: RegExp][] = [
  [{ cookie: "a b" }, /sticky\.cookie: is "a b"; accepted: the name of a cookie/],
  [{ secret: "short" }, /sticky\.secret: is too short; accepted: a text of 16 or more/],
  [{ same_site: "none" }, /sticky\.same_site: is "none", which browsers take for secure cookies only/],
  [{ path: "/a;b" }, /sticky\.path: is/],
];
for (const [sticky, message] of REFUSED) {
  test(`sticky refuses ${JSON.stringify(sticky)}`, () => {
    assert.throws(
      () =>
        validateConfig({
          frontends: [{ bind: ":0", default_backend: "a" }],
          backends: { a: { servers: ["http://a"], sticky } },
        }),
      message,
    );
  });
}

test("a tunnel does not stay with a server that is drained: it would end at once, again and again", async (t) => {
  const scene = await open(t);
  const first = await scene.ask();
  backendOf(scene).operate(serverCalled(scene, first.by), { state: "drain" });
  const upgrade = ["Upgrade: websocket", "Connection: Upgrade", `Cookie: ${first.cookie}`];
  const answer = await roundTrip(scene.proxy.port, get("/", ...upgrade, "Connection: close"));
  assert.notEqual(answer.slice(-1), first.by);
  assert.match(answer, /Set-Cookie: sluice_app=/);
});
