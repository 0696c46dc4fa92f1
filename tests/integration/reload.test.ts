import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { SILENT_LOG } from "../../src/base/log.ts";
import { validateConfig } from "../../src/config/load.ts";
import { RunningProxy } from "../../src/lifecycle/running.ts";
import { eventually } from "../support/eventually.ts";
import { RawClient, roundTrip } from "../support/raw-client.ts";
import { RawServer } from "../support/raw-server.ts";
import { startTestProxy } from "../support/test-proxy.ts";
import { get, ok } from "./scene.ts";

const CLOSING = "GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n";

/** A config with one frontend on `bind` and what else it is to have. */
function configOf(bind: string | string[], port: number, more: Record<string, unknown> = {}) {
  return validateConfig({
    shutdown: { drain_timeout: "500ms", grace: "20ms" },
    ...(more["limits"] !== undefined && { limits: more["limits"] }),
    frontends: [{ name: "web", bind, default_backend: "app", ...(more["frontend"] as object) }],
    backends: { app: { servers: [`http://127.0.0.1:${port}`] }, ...(more["backends"] as object) },
  });
}

/** Proxy and server with the config that `configOf` gives for port 0. */
async function open(t: { after(fn: () => Promise<void>): void }) {
  const server = await RawServer.answering(ok());
  const proxy = await startTestProxy({ servers: [server.port] });
  t.after(async () => {
    await proxy.stop();
    await server.close();
  });
  return { server, proxy };
}

test("RunningProxy.reload() keeps listeners, connections and pools of what stays the same", async (t) => {
  const { server, proxy } = await open(t);
  const c = await RawClient.open(proxy.port);
  c.send(get("/1"));
  await c.until("200 OK");
  const backend = proxy.running.snapshot.backends.get("app");
  const plan = await proxy.running.reload(
    configOf("127.0.0.1:0", server.port, { frontend: { routes: [{ path_prefix: "/x", backend: "app" }] } }),
  );
  assert.deepEqual(plan.changed, ["frontend web"]);
  assert.ok(plan.kept.includes("backend app"));
  assert.equal(proxy.running.snapshot.backends.get("app"), backend);
  assert.equal(proxy.running.listeners[0]!.port, proxy.port);
  c.send(get("/2"));
  await eventually("the second answer", () => c.received.split("200 OK").length === 3);
  assert.equal(server.connections.length, 1);
  c.close();
});

test("RunningProxy.reload() keeps backends through new limits of clients, not through new ones of heads", async (t) => {
  const { server, proxy } = await open(t);
  const { running } = proxy;
  const before = running.snapshot.backends.get("app");
  const limits = { body_size: "1MiB", max_connections: 100, max_connections_per_client: 50 };
  await running.reload(configOf("127.0.0.1:0", server.port, { limits }));
  assert.equal(running.snapshot.config.limits.bodySize, 1024 * 1024);
  assert.equal(running.snapshot.backends.get("app"), before);
  await running.reload(configOf("127.0.0.1:0", server.port, { limits: { ...limits, header_count: 10 } }));
  assert.notEqual(running.snapshot.backends.get("app"), before);
});

test("RunningProxy.reload() serves nothing where the proxy could not start", async (t) => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", () => resolve()));
  t.after(() => void taken.close());
  const { port } = taken.address() as { port: number };
  const proxy = new RunningProxy(configOf(`127.0.0.1:${port}`, 1), SILENT_LOG);
  t.after(() => proxy.stop());
  const started = proxy.start();
  const reloads = [0, 0].map(() => proxy.reload(configOf("127.0.0.1:0", 1)));
  await assert.rejects(started, /cannot listen/);
  for (const reload of reloads) await assert.rejects(reload, /cannot listen/);
  await assert.rejects(proxy.reload(configOf("127.0.0.1:0", 1)), /cannot listen/);
  assert.deepEqual(proxy.listeners, []);
});

test("RunningProxy.reload() has the next request of an open connection answered by the new config", async (t) => {
  const { proxy } = await open(t);
  const other = await RawServer.answering(ok().replace("200 OK", "200 Other"));
  t.after(() => other.close());
  const c = await RawClient.open(proxy.port);
  c.send(get("/1"));
  await c.until("200 OK");
  await proxy.running.reload(configOf("127.0.0.1:0", other.port));
  c.send(get("/2"));
  await c.until("200 Other");
  c.close();
});

test("RunningProxy.reload() lets a request under way end with the old config, and counts it down", async (t) => {
  const server = await RawServer.listen();
  const other = await RawServer.answering(ok());
  const proxy = await startTestProxy({ servers: [server.port] });
  t.after(async () => {
    await proxy.stop();
    await server.close();
    await other.close();
  });
  const c = await RawClient.open(proxy.port);
  c.send(get());
  const asked = await eventually("the request", () => server.connections[0]);
  await asked.until("\r\n\r\n");
  const old = proxy.running.snapshot.backends.get("app")!;
  await proxy.running.reload(configOf("127.0.0.1:0", other.port));
  assert.equal(old.inFlight, 1);
  asked.send(ok().replace("200 OK", "200 Late"));
  await c.until("200 Late");
  await eventually("nothing in flight", () => old.inFlight === 0);
  c.close();
});

test("RunningProxy.reload() leaves a request under way the timeouts, error pages and log that it began with", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "sluice-test-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const pageOf = (name: string) => {
    const path = join(directory, `${name}.txt`);
    writeFileSync(path, `the ${name} page`);
    return { "408": path };
  };
  const server = await RawServer.listen();
  const frontend = { error_pages: pageOf("old"), timeouts: { body_idle: "200ms", linger: "0s" } };
  const proxy = await startTestProxy({ servers: [server.port], frontend });
  t.after(async () => {
    await proxy.stop();
    await server.close();
  });
  const c = await RawClient.open(proxy.port);
  c.send("POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 9\r\n\r\n1");
  const asked = await eventually("the request", () => server.connections[0]);
  await asked.until("\r\n\r\n1");
  await proxy.running.reload(validateConfig({
    log: { access: false },
    shutdown: { drain_timeout: "500ms", grace: "20ms" },
    frontends: [{
      name: "web",
      bind: "127.0.0.1:0",
      default_backend: "app",
      error_pages: pageOf("new"),
      timeouts: { body_idle: "60s", linger: "0s" },
    }],
    backends: { app: { servers: [`http://127.0.0.1:${server.port}`] } },
  }));
  c.send("2"); // the wait begins anew
  assert.match(await c.untilClosed(), /^HTTP\/1\.1 408 [^]*the old page$/);
  assert.equal((await proxy.access(0))["reason"], "body_timeout");
});

test("RunningProxy.reload() carries counts and health of a server into its changed backend", async (t) => {
  const { server, proxy } = await open(t);
  await roundTrip(proxy.port, CLOSING);
  const [before] = proxy.running.snapshot.backends.get("app")!.servers;
  await proxy.running.reload(configOf("127.0.0.1:0", server.port, {
    backends: { app: { servers: [{ url: `http://127.0.0.1:${server.port}`, weight: 7 }] } },
  }));
  const [after] = proxy.running.snapshot.backends.get("app")!.servers;
  assert.notEqual(after, before);
  assert.equal(after!.weight, 7);
  assert.equal(after!.record, before!.record);
  assert.equal(after!.record.answers[2], 1);
});

test("RunningProxy.reload() opens new addresses and closes those that are gone", async (t) => {
  const { server, proxy } = await open(t);
  await proxy.running.reload(configOf(["127.0.0.1:0", "127.0.0.1:0"], server.port));
  const [first, second] = proxy.running.listeners.map(({ port }) => port);
  assert.equal(first, proxy.port);
  assert.match(await roundTrip(second!, CLOSING), /200 OK/);
  await proxy.running.reload(configOf("127.0.0.1:0", server.port));
  assert.equal(proxy.running.listeners.length, 1);
  await eventually(
    "the port to be closed",
    () => RawClient.open(second!).then((c) => (c.close(), false), () => true),
  );
});

test("RunningProxy.reload() answers the next request on an address that is gone, within the grace", async (t) => {
  const server = await RawServer.answering(ok());
  const shutdown = { drain_timeout: "500ms", grace: "10s" };
  const proxy = await startTestProxy({ servers: [server.port], config: { shutdown } });
  t.after(async () => {
    await proxy.stop();
    await server.close();
  });
  const kept = await RawClient.open(proxy.port);
  kept.send(get("/1"));
  await kept.until("200 OK");
  await proxy.running.reload(configOf(["127.0.0.2:0"], server.port, {}));
  kept.send(get("/2"));
  assert.match(await kept.untilClosed(), /200 OK[^]*200 OK\r\n[^]*\r\nConnection: close\r\n/);
  assert.equal(kept.error, undefined);
});

test("RunningProxy.reload() changes nothing where an address is taken", async (t) => {
  const { server, proxy } = await open(t);
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  t.after(() => new Promise<void>((resolve) => void taken.close(() => resolve())));
  const { port } = taken.address() as { port: number };
  const { snapshot } = proxy.running;
  await assert.rejects(
    proxy.running.reload(configOf(["127.0.0.1:0", "127.0.0.1:0", `127.0.0.1:${port}`], server.port)),
    /another program listens there/,
  );
  assert.equal(proxy.running.snapshot, snapshot);
  assert.equal(proxy.running.listeners.length, 1);
  assert.match(await roundTrip(proxy.port, CLOSING), /200 OK/);
  assert.match(proxy.running.metricsPage(), /\nsluice_last_reload_success 0\n/);
});

test("RunningProxy.reload() lets the servers of a changed backend go on taking turns", async (t) => {
  const servers = await Promise.all(["a", "b", "c"].map((body) => RawServer.answering(ok(body))));
  const urls = servers.map(({ port }) => `http://127.0.0.1:${port}`);
  const proxy = await startTestProxy({ servers: urls });
  t.after(async () => {
    await proxy.stop();
    await Promise.all(servers.map((server) => server.close()));
  });
  let asked = "";
  for (let i = 1; i <= 12; i++) {
    await proxy.running.reload(configOf("127.0.0.1:0", 0, {
      backends: { app: { servers: urls, slow_start: `${i}s` } },
    }));
    asked += (await roundTrip(proxy.port, CLOSING)).at(-1);
  }
  assert.equal(asked, "abcabcabcabc");
});

test("RunningProxy.reload() waits for no server: a silent one that joins gets no request before its first probe", async (t) => {
  const silent = await RawServer.listen();
  const { server, proxy } = await open(t);
  t.after(() => silent.close());
  const backends = (ports: number[]) => ({
    app: {
      servers: ports.map((port) => `http://127.0.0.1:${port}`),
      health_check: { timeout: "60s" },
    },
  });
  await proxy.running.reload(configOf("127.0.0.1:0", 0, { backends: backends([server.port]) }));
  const began = performance.now();
  await proxy.running.reload(configOf("127.0.0.1:0", 0, { backends: backends([silent.port, server.port]) }));
  assert.ok(performance.now() - began < 1000, `${performance.now() - began} ms`);
  for (let i = 0; i < 4; i++) assert.match(await roundTrip(proxy.port, CLOSING), /200 OK/);
  silent.connections[0]!.send(ok()); // to the probe
  await eventually("it joins", () => proxy.running.snapshot.backends.get("app")!.available.length === 2);
});

test("RunningProxy.reload() has what was known of a server go on, without a new first probe", async (t) => {
  let answers = true;
  const server = await RawServer.answering((head) =>
    !head.startsWith("GET /health ") || answers ? ok() : undefined
  );
  const health_check = { interval: "1h", timeout: "60s" };
  const proxy = await startTestProxy({ servers: [server.port], backend: { health_check } });
  t.after(async () => {
    await proxy.stop();
    await server.close();
  });
  answers = false;
  const servers = [`http://127.0.0.1:${server.port}`];
  for (let i = 1; i <= 3; i++) {
    await proxy.running.reload(configOf("127.0.0.1:0", 0, {
      backends: { app: { servers, health_check, slow_start: `${i}s` } },
    }));
    assert.match(await roundTrip(proxy.port, CLOSING), /200 OK/);
  }
  assert.equal(server.received.split("GET /health ").length, 2);
});

test("RunningProxy.reload() takes only the newest of the configs that wait, and does not let it wait", async (t) => {
  const silent = await RawServer.listen();
  const { proxy } = await open(t);
  t.after(() => silent.close());
  const began = performance.now();
  const plans = Array.from(
    { length: 10 },
    (_, i) =>
      proxy.running.reload(configOf("127.0.0.1:0", silent.port, {
        backends: {
          app: {
            servers: [`http://127.0.0.1:${silent.port}`],
            health_check: { path: `/${i}`, timeout: "60s" },
          },
        },
      })),
  );
  await plans[0];
  await plans[9];
  assert.ok(performance.now() - began < 1000, `${performance.now() - began} ms`);
  assert.equal(proxy.running.snapshot.config.backends["app"]!.healthCheck!.path, "/9");
  assert.equal(await plans[1], await plans[9]);
  assert.ok(proxy.events.filter(({ event }) => event === "reloaded").length <= 2);
});

test("200 reloads under load fail no request, and a tunnel and a download survive all of them", async (t) => {
  const server = await RawServer.answering((head, connection) => {
    if (head.includes("Upgrade: x")) {
      connection.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n");
      return undefined;
    }
    if (head.startsWith("GET /download")) {
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n");
      return undefined;
    }
    return ok();
  });
  const live = { live: { servers: [`http://127.0.0.1:${server.port}`], host_header: "rewrite" } };
  const routes = [{ path_prefix: "/live", backend: "live" }, { path_prefix: "/download", backend: "live" }];
  const proxy = await startTestProxy({ servers: [server.port] });
  const clients: RawClient[] = [];
  t.after(async () => {
    for (const client of clients) client.close();
    await proxy.stop();
    await server.close();
  });
  const open = async () => {
    const client = await RawClient.open(proxy.port);
    clients.push(client);
    return client;
  };
  await proxy.running.reload(configOf("127.0.0.1:0", server.port, { backends: live, frontend: { routes } }));
  const tunnel = await open();
  tunnel.send(get("/live", "Connection: Upgrade", "Upgrade: x"));
  await tunnel.until("101 Switching");
  const far = server.connections.at(-1)!;
  const download = await open();
  download.send(get("/download"));
  await download.until("\r\n\r\n");
  const source = server.connections.at(-1)!;

  let loading = true;
  let answered = 0;
  const load = Array.from({ length: 4 }, async () => {
    while (loading) {
      assert.match(await roundTrip(proxy.port, CLOSING), /^HTTP\/1\.1 200 OK/);
      answered++;
    }
  });
  for (let i = 0; i < 200; i++) {
    await proxy.running.reload(configOf("127.0.0.1:0", server.port, {
      backends: {
        ...live,
        app: { servers: [{ url: `http://127.0.0.1:${server.port}`, weight: 1 + (i % 3) }] },
        ...(i % 2 === 0 && { [`extra${i}`]: { servers: ["http://127.0.0.1:9"] } }),
      },
      frontend: { routes: [...routes, { path_prefix: `/number-${i}`, backend: "app" }] },
    }));
    source.send("ab");
    tunnel.send(`${i},`);
    const soFar = answered;
    await eventually("an answer", () => answered > soFar);
  }
  loading = false;
  await Promise.all(load);
  assert.ok(answered > 200, `${answered}`);
  await download.until("ab".repeat(200));
  await far.until("198,199,");
  far.send("still here");
  await tunnel.until("still here");
  assert.equal(proxy.running.snapshot.backends.size, 2);
  assert.match(proxy.running.metricsPage(), /\nsluice_reloads_total\{result="done"\} 201\n/);
});
