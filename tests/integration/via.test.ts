// Who learns that a message came by this proxy, and that a request which goes round is found in any case.
import assert from "node:assert/strict";
import { test } from "node:test";
import { validateConfig } from "../../src/config/load.ts";
import { startTestProxy } from "../support/test-proxy.ts";
import { roundTrip } from "../support/raw-client.ts";
import { linesOf, lone, openRelay, statusOf } from "./relay-scene.ts";
import { asked, get, ok, openScene } from "./scene.ts";

const sent = (head: string) =>
  linesOf(head).filter((line) => /^(?:via|cdn-loop):/i.test(line)).map((line) => line.replace("\r\n", ""));

interface Case {
  readonly what: string;
  readonly frontend?: Record<string, unknown>;
  readonly backend?: Record<string, unknown>;
  readonly server: readonly string[];
  readonly client: readonly string[];
}
const cases: readonly Case[] = [
  { what: "nothing", server: ["Via: 1.1 sluice"], client: ["Via: 1.1 sluice"] },
  { what: "a name", frontend: { via: "edge" }, server: ["Via: 1.1 edge"], client: ["Via: 1.1 edge"] },
  { what: "false", frontend: { via: false }, server: ["CDN-Loop: sluice"], client: [] },
  {
    what: "false for the backend",
    frontend: { via: "edge" },
    backend: { via: false },
    server: ["CDN-Loop: edge"],
    client: ["Via: 1.1 edge"],
  },
  {
    what: "a name for the backend alone",
    frontend: { via: false },
    backend: { via: "inner" },
    server: ["Via: 1.1 inner", "CDN-Loop: sluice"],
    client: [],
  },
];
for (const { what, frontend, backend, ...wanted } of cases) {
  test(`with via as ${what} servers get ${wanted.server.join(", ")}`, async (t) => {
    const { server, client } = await openScene(t, {
      answer: ok("<a>"),
      ...(frontend && { frontend }),
      ...(backend && { backend }),
    });
    const c = await client();
    c.send(get());
    assert.deepEqual(sent(await c.until("<a>")), wanted.client);
    assert.deepEqual(sent((await asked(server)).received), wanted.server);
  });
}

test("what the client and proxies before say of the way stays in front of our own", async (t) => {
  const { server, client } = await openScene(t, { answer: ok("<a>"), frontend: { via: false } });
  const c = await client();
  c.send(get("/", "Via: 1.1 first", "CDN-Loop: cdn.example; a=b", "Connection: CDN-Loop, Via"));
  await c.until("<a>");
  assert.deepEqual(sent((await asked(server)).received), [
    "Via: 1.1 first",
    "CDN-Loop: cdn.example; a=b",
    "CDN-Loop: sluice",
  ]);
});

for (
  const [where, frontend, backend] of [
    ["the frontend", { via: false }, {}],
    ["the backend", { via: "edge" }, { via: false }],
    ["neither, but by another name of the backend", {}, { via: "other" }],
  ] as const
) {
  test(`identify() stops a request that comes back where ${where} sends no Via of its name (RFC 8586 §2)`, async () => {
    const proxy = await startTestProxy({ servers: [1], backend, frontend });
    try {
      const { port } = proxy;
      await proxy.running.reload(validateConfig({
        frontends: [{ name: "web", bind: "127.0.0.1:0", default_backend: "app", ...frontend }],
        backends: { app: { servers: [`http://127.0.0.1:${port}`], ...backend } },
      }));
      const forged = ["CDN-Loop: other; sluice", "Connection: close, cdn-loop, via, te"];
      assert.equal(statusOf(await roundTrip(port, get("/", ...forged))), 508);
      await proxy.access(4);
      assert.deepEqual(proxy.accesses.map(({ reason }) => reason), ["loop_detected", "ok", "ok", "ok", "ok"]);
    } finally {
      await proxy.stop();
    }
  });
}

test("validateConfig() refuses a via that is neither a token nor false", () => {
  for (const via of [true, "a b", "", 1]) {
    const backends = { app: { via, servers: ["http://127.0.0.1:1"] } };
    const config = { frontends: [{ bind: ":0", default_backend: "app" }], backends };
    assert.throws(() => validateConfig(config), /accepted: a token, such as "sluice", or false/);
  }
});

test("identify() finds that a relay without Via is its own parent", async (t) => {
  const { ask, proxy, reload } = await openRelay(t, { parents: [ok()], frontend: { via: false } });
  await reload({ backend: { servers: [`http://127.0.0.1:${proxy.port}`] } });
  assert.equal(statusOf(await ask(lone("http://h.example/"))), 508);
});
