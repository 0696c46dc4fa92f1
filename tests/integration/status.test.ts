// What the admin listener says of everything, as JSON.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { validateConfig } from "../../src/config/load.ts";
import { eventually } from "../support/eventually.ts";
import { roundTrip } from "../support/raw-client.ts";
import { RawServer } from "../support/raw-server.ts";
import { openMetricsScene } from "./metrics-scene.ts";
import { get, ok, pathOf, post } from "./scene.ts";

const CLOSE = "Connection: close";

/** A server that answers with the status in the path, 200 where there is none. */
function answer(head: string): string {
  const status = /^\/(\d{3})/.exec(pathOf(head))?.[1];
  return status === undefined ? ok("four") : `HTTP/1.1 ${status} Any\r\nContent-Length: 0\r\n\r\n`;
}

/** The keys of http-proxy-lb's `/status`. */
const PREDECESSOR_KEYS = [
  "uptime_seconds",
  "requests_total",
  "requests_success",
  "requests_failed",
  "connect_requests",
  "http_requests",
  "direct_connections",
  "bytes_received",
  "bytes_sent",
  "active_connections",
  "health_checks_total",
  "health_checks_success",
  "hot_reloads",
];
const PREDECESSOR_SERVER_KEYS = [
  "url",
  "online",
  "active_connections",
  "latency_ms",
  "consecutive_failures",
  "weight",
  "priority",
];

async function open(t: TestContext, further: Record<string, unknown> = {}) {
  const scene = await openMetricsScene(t, { answer, config: further });
  return {
    ...scene,
    // deno-lint-ignore no-explicit-any -- the form of it is what the tests are about
    status: async (): Promise<any> => {
      const response = await scene.admin("/status");
      assert.equal(response.headers.get("content-type"), "application/json");
      return await response.json();
    },
    // deno-lint-ignore no-explicit-any
    history: async (): Promise<any> => await (await scene.admin("/history")).json(),
  };
}

test("/status counts requests, errors, bytes and latencies of frontend, route, backend and server", async (t) => {
  const { port, status, names, proxy } = await open(t);
  const texts = [get("/", CLOSE), get("/", CLOSE), get("/500", CLOSE), post("12345", CLOSE)];
  for (const text of texts) await roundTrip(port(0), text);
  await roundTrip(port(1), get("/dead/1", CLOSE));
  await roundTrip(port(1), get("/nowhere", CLOSE));
  await proxy.access(5);
  const all = await status();
  const figures = (
    its: Record<string, number>,
  ) => [its["requests"], its["errors"], its["bytes_in"], its["bytes_out"]];

  assert.deepEqual(figures(all), [6, 2, 5, all.bytes_out]);
  const [web, side] = all.frontends;
  assert.deepEqual([web.name, side.name, web.mode], ["web", "side", "reverse"]);
  assert.deepEqual(figures(web), [4, 1, 5, 12]);
  assert.deepEqual(side.failures, { connect_refused: 1, no_route: 1 });
  assert.deepEqual(
    web.routes.map((route: { name: string; leads_to: string }) => [route.name, route.leads_to]),
    [
      ["default", "app"],
    ],
  );
  assert.deepEqual(side.routes.map((route: { name: string }) => route.name), ["/dead"]);
  assert.deepEqual(figures(side.routes[0]), [1, 1, 0, side.routes[0].bytes_out]);
  const [app, dead] = all.backends;
  assert.deepEqual(figures(app), [4, 1, 5, 12]);
  assert.deepEqual([app.available, dead.available], [1, 1]);
  assert.deepEqual([app.servers[0].url, ...figures(app.servers[0])], [names.up, 4, 1, 5, 12]);
  assert.deepEqual(dead.servers[0].failures, { connect_refused: 1 });

  for (const its of [all, web, web.routes[0], app, app.servers[0]]) {
    for (const window of [its.minute, its.five_minutes]) {
      assert.equal(window.requests, its.requests);
      assert.equal(window.error_rate, Math.round(its.errors / its.requests * 1e4) / 1e4);
      assert.ok(window.p50_ms > 0 && window.p99_ms >= window.p95_ms && window.p95_ms >= window.p50_ms);
    }
  }
  assert.deepEqual(dead.servers[0].minute.p50_ms, null);
});

test("/status has the keys of http-proxy-lb", async (t) => {
  const { port, status, names, proxy } = await open(t);
  await roundTrip(port(0), get("/500", CLOSE));
  await roundTrip(port(1), get("/dead", CLOSE));
  await proxy.access(1);
  const all = await status();
  for (const key of PREDECESSOR_KEYS) assert.equal(typeof all[key], "number", key);
  assert.deepEqual([all.requests_total, all.requests_success, all.requests_failed], [2, 1, 1]);
  assert.deepEqual([all.http_requests, all.connect_requests, all.direct_connections], [2, 0, 0]);
  assert.deepEqual(all.upstreams.map((its: { url: string }) => its.url), [names.up, names.down]);
  for (const key of PREDECESSOR_SERVER_KEYS) assert.ok(key in all.upstreams[0], key);
});

test("/status says why a server is down, in the probe's words, and shows its last probe", async (t) => {
  const server = await RawServer.answering(() => "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n");
  t.after(() => server.close());
  const entries = [
    { url: `http://127.0.0.1:${server.port}` },
    { url: "http://127.0.0.1:1" },
    { url: "http://127.0.0.1:2", weight: 0 },
  ];
  const { status, proxy } = await open(t, {
    backends: {
      app: { servers: entries, health_check: { interval: "1h" } },
      dead: { servers: ["http://127.0.0.1:3"] },
    },
  });
  const [refused, closed, off] = (await status()).backends[0].servers;
  assert.deepEqual([refused.condition, refused.why], ["down", "probe: L7STS, status 503"]);
  assert.deepEqual([refused.last_probe.code, refused.last_probe.status, refused.available], [
    "L7STS",
    503,
    false,
  ]);
  assert.equal(closed.condition, "down");
  assert.match(closed.why, /^probe: L4CON, /);
  assert.ok(Date.parse(closed.since) <= Date.now());
  assert.deepEqual([off.condition, off.why], ["off", "its weight is 0"]);

  const backend = proxy.running.snapshot.backends.get("dead")!;
  backend.operate(backend.servers[0]!, { state: "drain" });
  const [drained] = (await status()).backends[1].servers;
  assert.deepEqual([drained.condition, drained.why, drained.state], [
    "drain",
    "the operator said drain",
    "drain",
  ]);
});

test("/status says of an ejected server what failed and until when it is out", async (t) => {
  const good = await RawServer.answering(ok());
  t.after(() => good.close());
  const { port, status } = await open(t, {
    backends: {
      app: { servers: ["http://127.0.0.1:1", `http://127.0.0.1:${good.port}`] },
      dead: { servers: ["http://127.0.0.1:3"] },
    },
  });
  await eventually("an ejection", async () => {
    await roundTrip(port(0), get("/", CLOSE));
    return (await status()).backends[0].servers[0].condition === "ejected";
  });
  const [bad] = (await status()).backends[0].servers;
  assert.equal(bad.why, "requests failed: connect_refused");
  assert.ok(Date.parse(bad.ejected_until) > Date.now());
  assert.deepEqual([bad.ejections, bad.retries, bad.errors, bad.available], [1, 1, 1, false]);
});

test("/status and /history go on through a reload, which they tell of, and forget what is gone", async (t) => {
  const { port, status, history, proxy } = await open(t);
  await roundTrip(port(0), get("/", CLOSE));
  await roundTrip(port(1), get("/dead", CLOSE));
  await proxy.access(1);
  assert.equal((await status()).reloads.last, null);
  const { config } = proxy.running.snapshot;
  const [bind] = config.frontends[0]!.bind;
  await proxy.running.reload(validateConfig({
    admin: { bind: "127.0.0.1:0" },
    frontends: [{ name: "web", bind: bind!.text, default_backend: "app" }],
    backends: { app: { servers: config.backends["app"]!.servers.map(({ url }) => url) } },
    shutdown: { drain_timeout: "500ms", grace: "20ms" },
  }));
  const after = await status();
  assert.deepEqual(after.backends.map((its: { name: string }) => its.name), ["app"]);
  assert.deepEqual([after.requests, after.frontends.length], [2, 1]); // what is gone still counts in the sum
  assert.deepEqual([after.frontends[0].requests, after.frontends[0].routes[0].requests], [1, 1]);
  assert.deepEqual([after.backends[0].requests, after.backends[0].servers[0].requests], [1, 1]);
  assert.deepEqual([after.reloads.done, after.reloads.last.result], [1, "done"]);
  proxy.running.refuseReload("sluice.toml:3:1: backends.app.balance: is wrong");
  const { reloads } = await status();
  assert.deepEqual([reloads.failed, reloads.last.result, reloads.last.cause], [
    1,
    "refused",
    "sluice.toml:3:1: backends.app.balance: is wrong",
  ]);
  const { step_ms, backends } = await history();
  assert.deepEqual([step_ms, backends], [5000, []]); // no step is over yet
});
