// What requests pass before they are answered: who goes by whose keys, and what holds where nothing leads anywhere.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { explainRequest } from "../../src/explain/explain.ts";
import { get, ok, openScene, pathOf } from "./scene.ts";

const NOBODY = { deny: ["127.0.0.0/8"] };
const CLOSE = "Connection: close";

async function statusOf(t: TestContext, frontend: Record<string, unknown>, path: string) {
  const { client } = await openScene(t, {
    answer: (head) => ok(pathOf(head)),
    frontend: { default_backend: undefined, ...frontend },
  });
  const c = await client();
  c.send(get(path, CLOSE));
  return (await c.untilClosed()).split(" ")[1];
}

const CASES: [what: string, frontend: Record<string, unknown>, path: string, status: string][] = [
  ["a route goes by its frontend's", { access: NOBODY, routes: [{ backend: "app" }] }, "/", "403"],
  [
    "a route goes by its own in place of its frontend's",
    {
      access: NOBODY,
      routes: [{ backend: "app", access: { allow: ["private"] } }],
    },
    "/",
    "200",
  ],
  [
    "a route switches its frontend's off",
    {
      access: NOBODY,
      routes: [{ backend: "app", access: false }],
    },
    "/",
    "200",
  ],
  [
    "a rule has its own",
    {
      rules: [{ if: "path_prefix == /a", backend: "app", access: NOBODY }],
      routes: [{ backend: "app" }],
    },
    "/a",
    "403",
  ],
  ["the default backend goes by the frontend's", { access: NOBODY, default_backend: "app" }, "/", "403"],
  [
    "what nothing takes is refused by the frontend first",
    {
      access: NOBODY,
      routes: [{ backend: "app", path_prefix: "/a" }],
    },
    "/b",
    "403",
  ],
  [
    "what nothing takes is 404 where the frontend lets it through",
    {
      access: { allow: ["127.0.0.1"] },
      routes: [{ backend: "app", path_prefix: "/a" }],
    },
    "/b",
    "404",
  ],
  [
    "an answer of the proxy's own stands behind them as well",
    {
      routes: [{ respond: { body: "x" }, access: NOBODY }],
    },
    "/",
    "403",
  ],
  [
    "a deny counts more than an allow",
    {
      access: { allow: ["127.0.0.1"], deny: ["127.0.0.1"] },
      default_backend: "app",
    },
    "/",
    "403",
  ],
  [
    "who is not allowed is refused",
    { access: { allow: ["10.0.0.0/8", "unix"] }, default_backend: "app" },
    "/",
    "403",
  ],
];
for (const [what, frontend, path, status] of CASES) {
  test(`stages: ${what}`, async (t) => assert.equal(await statusOf(t, frontend, path), status));
  test(`explain knows of stages: ${what}`, async (t) => {
    const { proxy } = await openScene(t, {
      answer: ok(),
      frontend: { default_backend: undefined, ...frontend },
    });
    const told = explainRequest(proxy.running.snapshot, {
      method: "GET",
      url: `http://a.example${path}`,
      headers: [],
      from: "127.0.0.1",
    }, { frontend: proxy.running.snapshot.frontends[0]!.config.name });
    const wanted = status === "200" ? undefined : status === "404" ? "no_route" : "access_denied";
    assert.equal(told.refused?.reason, wanted);
  });
}

test("explain names stages where they are in force: not for a page of the frontend's own", async (t) => {
  const { proxy } = await openScene(t, {
    frontend: { ready_path: "/ready", access: { allow: ["127.0.0.1"] } },
  });
  const told = (path: string) =>
    explainRequest(proxy.running.snapshot, {
      method: "GET",
      url: `http://a.example${path}`,
      headers: [],
      from: "127.0.0.1",
    }, { frontend: "web" }).rules.some((rule) => rule.startsWith("access: "));
  assert.deepEqual([told("/"), told("/ready")], [true, false]);
});

test("access goes by the client behind a trusted proxy", async (t) => {
  const { client } = await openScene(t, {
    answer: ok(),
    frontend: { trusted_proxies: ["127.0.0.1"], access: { allow: ["192.0.2.0/24"] }, default_backend: "app" },
  });
  for (const [address, status] of [["192.0.2.7", "200"], ["198.51.100.7", "403"]] as const) {
    const c = await client();
    c.send(get("/", `X-Forwarded-For: ${address}`, CLOSE));
    assert.equal((await c.untilClosed()).split(" ")[1], status);
  }
});
