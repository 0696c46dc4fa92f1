// Concurrency limits: who is under way, who waits, and that each place is given back once.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { eventually } from "../support/eventually.ts";
import type { RawClient } from "../support/raw-client.ts";
import { get, ok, openScene, pathOf, type Scene } from "./scene.ts";
import { openEcho } from "./websocket-scene.ts";

type Table = Record<string, unknown>;

const A = "X-Forwarded-For: 192.0.2.1", B = "X-Forwarded-For: 192.0.2.2";

/** A silent server behind such a limit. */
async function openLimited(t: TestContext, concurrency: Table) {
  const scene = await openScene(t, { frontend: { concurrency, trusted_proxies: ["127.0.0.1"] } });
  const ask = async (path: string, ...lines: string[]): Promise<RawClient> => {
    const client = await scene.client();
    client.send(get(path, ...lines));
    return client;
  };
  /** Waits until the server was asked for `path`. */
  const reached = (path: string) =>
    eventually(
      `a request for ${path}`,
      () => scene.server.connections.find((connection) => connection.received.includes(`GET ${path} `)),
    );
  return { ...scene, ask, reached };
}

/** A gauge or a count of the only stage. */
function metric({ proxy }: Pick<Scene, "proxy">, name: string, result?: string): number {
  let sum = 0;
  for (const { name: its, labels, value } of proxy.running.snapshot.stageMetrics.samples()) {
    if (its === name && (result === undefined || labels["result"] === result)) sum += value;
  }
  return sum;
}

const underWay = (scene: Pick<Scene, "proxy">) => metric(scene, "sluice_concurrency_requests");
const waiting = (scene: Pick<Scene, "proxy">) => metric(scene, "sluice_concurrency_waiting");

test("concurrency refuses what is too much of one client, and gives the place back at the end of an answer", async (t) => {
  const scene = await openLimited(t, { limit: 1 });
  const first = await scene.ask("/1", A);
  const server = await scene.reached("/1");
  const refused = await scene.ask("/2", A);
  assert.match(await refused.until("concurrency_limited"), /^HTTP\/1.1 429 /);
  assert.doesNotMatch(refused.received, /^Connection: close/m);
  await scene.ask("/3", B);
  await scene.reached("/3");
  assert.deepEqual([underWay(scene), metric(scene, "sluice_concurrency_keys")], [2, 2]);
  server.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na");
  await first.until("\r\n\r\na");
  assert.equal(underWay(scene), 2); // until the last byte
  server.send("b");
  await eventually("the place to be free", () => underWay(scene) === 1);
  refused.send(get("/4", A));
  await scene.reached("/4");
  assert.equal(metric(scene, "sluice_concurrency_refused_total", "full"), 1);
});

test("concurrency has some wait, and lets them in one by one in their order", async (t) => {
  const scene = await openLimited(t, { limit: 1, queue: 2, by: "route" });
  const first = await scene.ask("/1");
  await scene.reached("/1");
  for (const [i, path] of ["/2", "/3"].entries()) {
    await scene.ask(path);
    await eventually("it to wait", () => waiting(scene) === i + 1);
  }
  const refused = await scene.ask("/4");
  assert.match(await refused.until("queue_full"), /^HTTP\/1.1 503 /);
  first.close();
  await scene.reached("/2");
  assert.deepEqual([underWay(scene), waiting(scene)], [1, 1]);
  (await scene.reached("/2")).send(ok("x"));
  await scene.reached("/3");
  await eventually("nobody to wait", () => waiting(scene) === 0);
  const access = await eventually(
    "its line",
    () => scene.proxy.accesses.find(({ target }) => target === "/2"),
  );
  assert.ok(Number(access["queue_ms"]) > 0, JSON.stringify(access));
});

test("concurrency: who gives up leaves the queue, and who waits too long is told so", async (t) => {
  const scene = await openLimited(t, { limit: 1, queue: 5, queue_timeout: "150ms" });
  await scene.ask("/1", A);
  await scene.reached("/1");
  const leaves = await scene.ask("/2", A);
  await eventually("it to wait", () => waiting(scene) === 1);
  leaves.reset();
  await eventually("it to be gone", () => waiting(scene) === 0);
  const late = await scene.ask("/3", A);
  assert.match(await late.until("concurrency_limited"), /^HTTP\/1.1 429 /);
  assert.equal(metric(scene, "sluice_concurrency_refused_total", "late"), 1);
  assert.deepEqual([underWay(scene), waiting(scene)], [1, 0]);
  const { reason, detail } = await eventually(
    "its line",
    () => scene.proxy.accesses.find(({ target }) => target === "/3"),
  );
  assert.deepEqual(
    [reason, detail],
    ["concurrency_limited", "None of 1 requests by client ended within queue_timeout (150ms)"],
  );
});

test("concurrency counts back to nothing whatever becomes of requests", async (t) => {
  const scene = await openLimited(t, { limit: 2, queue: 50, by: "route" });
  const clients = await Promise.all(Array.from({ length: 30 }, (_, i) => scene.ask(`/${i}`)));
  await eventually("all to be here", () => waiting(scene) === 28);
  for (const [i, client] of clients.entries()) if (i % 3 === 0) client.reset();
  await eventually("all that are left to be served or to have gone", () => {
    for (const connection of scene.server.connections) {
      if (!connection.received.endsWith("\r\n\r\n") || connection.closed) continue;
      connection.received = "";
      if (Math.random() < 0.3) connection.socket.resetAndDestroy();
      else connection.send(ok("x"));
    }
    return underWay(scene) === 0 && waiting(scene) === 0;
  });
  assert.equal(metric(scene, "sluice_concurrency_keys"), 0);
});

test("concurrency counts a WebSocket for as long as it is open", async (t) => {
  const scene = await openEcho(t, { frontend: { concurrency: { limit: 1 } } });
  const ws = await scene.connect();
  assert.equal(underWay(scene), 1);
  await assert.rejects(scene.connect());
  ws.close();
  await eventually("the place to be free", () => underWay(scene) === 0);
  (await scene.connect()).terminate();
  await eventually("the place to be free again", () => underWay(scene) === 0);
});

test("concurrency of a program's own server counts a request until it is answered", async (t) => {
  const { proxy } = await openScene(t, {
    answer: (head) => ok(pathOf(head)),
    frontend: { concurrency: { limit: 1 } },
  });
  const { app } = proxy.running.snapshot.frontends[0]!;
  for (let i = 0; i < 3; i++) {
    const answer = await app.fetch(new Request(`http://a.example/${i}`));
    assert.equal(await answer.text(), `/${i}`);
  }
  assert.equal(underWay({ proxy }), 0);
});
