// What a reload would do to the last requests.
import assert from "node:assert/strict";
import { test } from "node:test";
import { validateConfig } from "../../src/config/load.ts";
import { roundTrip } from "../support/raw-client.ts";
import { startTestProxy } from "../support/test-proxy.ts";
import { openAdminScene } from "./admin-scene.ts";

const RULES = [
  { if: "header(x-beta) == 1 || query(beta) == 1", respond: { status: 418 } },
  { if: "path == /old", redirect: "/new" },
];

/** The config of the scene, with other rules. */
function configWith(port: number, frontend: Record<string, unknown>, admin: Record<string, unknown> = {}) {
  return validateConfig({
    frontends: [{ name: "web", bind: "127.0.0.1:0", default_backend: "app", ...frontend }],
    backends: { app: { servers: [`http://127.0.0.1:${port}`] } },
    admin: { bind: "127.0.0.1:0", ...admin },
  });
}

async function sendAll(port: number, heads: readonly string[]): Promise<void> {
  for (const head of heads) {
    await roundTrip(port, `GET ${head}\r\nHost: a.example\r\nConnection: close\r\n\r\n`);
  }
}

test("dryRun() finds no difference to the config that runs, and exactly the requests that another treats otherwise", async (t) => {
  const { proxy, servers } = await openAdminScene(t, { count: 1, frontend: { rules: RULES } });
  const [server] = servers;
  await sendAll(proxy.port, [
    "/a?token=hidden HTTP/1.1",
    "/b HTTP/1.1\r\nX-Beta: 1",
    "/c?beta=1&token=hidden HTTP/1.1",
    "/old HTTP/1.1\r\nAuthorization: hidden",
    "/%00 HTTP/1.1",
    "nonsense",
  ]);
  await proxy.access(5);
  const same = await proxy.running.dryRun(configWith(server!.port, { rules: RULES }));
  assert.deepEqual([same.requests?.requests, same.requests?.same, same.requests?.different], [5, 5, 0]);
  const { requests } = await proxy.running.dryRun(configWith(server!.port, { rules: RULES.slice(1) }));
  assert.deepEqual([requests!.different, requests!.same], [2, 3]);
  assert.deepEqual(requests!.changes[0]!.examples, ["GET a.example/b", "GET a.example/c?beta=1"]);
  const fewer = await proxy.running.dryRun(configWith(server!.port, { rules: RULES.slice(0, 1) }));
  assert.deepEqual(fewer.requests!.changes.map(({ what, before, after }) => [what, before, after]), [
    ["elsewhere", "redirect 302 by rule 2 (path == /old)", "backend app by default"],
  ]);
  assert.doesNotMatch(JSON.stringify([same, requests, fewer]), /hidden/);
  assert.equal(proxy.inFlight(), 0);
});

test("dryRun() takes one config after the other, also after one that cannot be tried", async (t) => {
  const { proxy, servers } = await openAdminScene(t, { count: 1 });
  const config = configWith(servers[0]!.port, {});
  const seen: string[] = [];
  const bad = {
    ...config,
    get frontends(): typeof config.frontends {
      throw new RangeError("cannot be tried");
    },
  };
  const second = {
    ...config,
    get frontends() {
      seen.push("the second begins");
      return config.frontends;
    },
  };
  const runs = [config, bad, second].map((its) => proxy.running.dryRun(its));
  void runs[0]!.then(() => seen.push("the first is over"));
  const [, refused, last] = await Promise.allSettled(runs);
  assert.deepEqual([refused!.status, last!.status], ["rejected", "fulfilled"]);
  assert.deepEqual(seen.slice(0, 2), ["the first is over", "the second begins"]);
});

test("a reload changes how many requests are remembered; without [admin] none are", async (t) => {
  const { proxy, servers } = await openAdminScene(t, { count: 1, admin: { remember_requests: 2 } });
  const port = servers[0]!.port;
  await sendAll(proxy.port, ["/1 HTTP/1.1", "/2 HTTP/1.1", "/3 HTTP/1.1"]);
  await proxy.access(2);
  const config = configWith(port, { rules: [{ respond: { status: 404 } }] });
  const { requests } = await proxy.running.dryRun(config);
  assert.deepEqual(requests!.changes[0]!.examples, ["GET a.example/2", "GET a.example/3"]);
  const examples = async () => (await proxy.running.dryRun(config)).requests?.changes[0]?.examples;
  await proxy.running.reload(configWith(port, {}, { remember_requests: 3 }));
  await sendAll(proxy.port, ["/4 HTTP/1.1", "/5 HTTP/1.1"]);
  await proxy.access(4);
  assert.deepEqual(await examples(), ["GET a.example/3", "GET a.example/4", "GET a.example/5"]);
  await proxy.running.reload(configWith(port, {}, { remember_requests: 0 }));
  assert.equal(await examples(), undefined);
  const bare = await startTestProxy({ servers: [port] });
  t.after(() => bare.stop());
  assert.equal((await bare.running.dryRun(config)).requests, undefined);
});

test("a dry run of thousands of requests lets other requests in between", async (t) => {
  const { proxy, servers } = await openAdminScene(t, { count: 1 });
  const client = new WebClient(proxy.url);
  await client.send(1500);
  let over = false;
  const run = proxy.running.dryRun(configWith(servers[0]!.port, { rules: [{ respond: { status: 404 } }] }))
    .finally(() => over = true);
  let between = 0;
  while (!over) {
    await client.send(1);
    between++;
  }
  assert.ok((await run).requests!.different >= 1000);
  assert.ok(between > 2);
});

/** Sends requests one after another. */
class WebClient {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  async send(count: number): Promise<void> {
    for (let i = 0; i < count; i++) await (await fetch(this.#url)).text();
  }
}
