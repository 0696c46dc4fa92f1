import assert from "node:assert/strict";
import { test } from "node:test";
import { validateConfig } from "../../src/config/load.ts";
import { eventually } from "../support/eventually.ts";
import { RawClient, roundTrip } from "../support/raw-client.ts";
import { RawServer } from "../support/raw-server.ts";
import { startTestProxy, type TestProxy } from "../support/test-proxy.ts";
import { get, ofOperator, ok } from "./scene.ts";

const GET_METRICS = ofOperator("/metrics", "Connection: close");

/** The config of a test proxy before `port`, with other sections. */
function configOf(port: number, more: Record<string, unknown> = {}, backend: Record<string, unknown> = {}) {
  return validateConfig({
    shutdown: { drain_timeout: "500ms", grace: "20ms" },
    frontends: [{ name: "web", bind: "127.0.0.1:0", default_backend: "app" }],
    backends: { app: { servers: [`http://127.0.0.1:${port}`], ...backend } },
    ...more,
  });
}

const adminPort = ({ running }: TestProxy) => running.adminListener!.port;

test("a reload opens, moves and closes the admin listener", async (t) => {
  const server = await RawServer.answering(ok());
  const proxy = await startTestProxy({ servers: [server.port] });
  t.after(async () => {
    await proxy.stop();
    await server.close();
  });
  assert.equal(proxy.running.adminListener, undefined);

  await proxy.running.reload(configOf(server.port, { admin: { bind: "127.0.0.1:0" } }));
  const first = adminPort(proxy);
  assert.match(await roundTrip(first, GET_METRICS), /sluice_reloads_total/);

  await proxy.running.reload(
    configOf(server.port, { admin: { bind: "127.0.0.1:0" }, limits: { header_count: 50 } }),
  );
  assert.equal(adminPort(proxy), first);

  await proxy.running.reload(configOf(server.port, { admin: { bind: "[::1]:0" } }));
  assert.match(proxy.running.adminListener!.address, /^\[::1\]/);
  await eventually(
    "the first address is free",
    () => RawClient.open(first).then((c) => (c.close(), false), () => true),
  );

  await proxy.running.reload(configOf(server.port));
  assert.equal(proxy.running.adminListener, undefined);
});

test("a reload whose admin listener cannot be bound changes nothing", async (t) => {
  const server = await RawServer.answering(ok());
  const taken = await RawServer.listen();
  const proxy = await startTestProxy({ servers: [server.port], config: { admin: { bind: "127.0.0.1:0" } } });
  t.after(async () => {
    await proxy.stop();
    await server.close();
    await taken.close();
  });
  const before = proxy.running.snapshot;
  const next = configOf(server.port, { admin: { bind: `127.0.0.1:${taken.port}` } });
  await assert.rejects(proxy.running.reload(next));
  assert.equal(proxy.running.snapshot, before);
  assert.match(await roundTrip(adminPort(proxy), GET_METRICS), /200 OK/);
});

test("a reload that binds the new admin address but not a frontend's leaves no listener behind", async (t) => {
  const server = await RawServer.answering(ok());
  const taken = await RawServer.listen();
  const proxy = await startTestProxy({ servers: [server.port] });
  t.after(async () => {
    await proxy.stop();
    await server.close();
    await taken.close();
  });
  const next = configOf(server.port, {
    admin: { bind: "127.0.0.1:0" },
    frontends: [{ name: "web", bind: `127.0.0.1:${taken.port}`, default_backend: "app" }],
  });
  await assert.rejects(proxy.running.reload(next));
  assert.equal(proxy.running.adminListener, undefined);
  const address = proxy.events.find(({ event, fields }) =>
    event === "listening" && fields["frontend"] === "admin"
  );
  const port = Number(String(address?.fields["address"]).split(":")[1]);
  await assert.rejects(RawClient.open(port));
});

test("a reload that changes a backend keeps its servers ejected for their time, and counts on", async (t) => {
  const bad = await RawServer.answering(ok().replace("200 OK", "500 Oh"));
  const good = await RawServer.answering(ok());
  const servers = [bad.port, good.port].map((port) => `http://127.0.0.1:${port}`);
  const ejection = { failures: 2, min_requests: 2, time: "1h", max_time: "9h" };
  const retries = { attempts: 1 };
  const frontend = { trusted_proxies: ["127.0.0.1"] };
  const proxy = await startTestProxy({ servers, frontend, backend: { ejection, retries, balance: "first" } });
  t.after(async () => {
    await proxy.stop();
    await Promise.all([bad.close(), good.close()]);
  });
  let clients = 0;
  const status = async () =>
    (await roundTrip(proxy.port, get("/", `X-Forwarded-For: 10.0.0.${++clients}`, "Connection: close")))
      .slice(9, 12);
  const reload = (slow_start: string, failures = 2) =>
    proxy.running.reload(
      configOf(0, {
        frontends: [{ name: "web", bind: "127.0.0.1:0", default_backend: "app", ...frontend }],
        backends: {
          app: { servers, balance: "first", slow_start, retries, ejection: { ...ejection, failures } },
        },
      }),
    );
  assert.equal(await status(), "500");
  await reload("1s");
  assert.equal(await status(), "500"); // the second in a row
  assert.equal(await status(), "200");
  await reload("2s");
  assert.equal(await status(), "200");
  assert.equal(proxy.running.snapshot.backends.get("app")!.available.length, 1);
});

test("a reload forgets the counts of backends that it takes away, and keeps those of others", async (t) => {
  const server = await RawServer.answering(ok());
  const proxy = await startTestProxy({ servers: [server.port] });
  t.after(async () => {
    await proxy.stop();
    await server.close();
  });
  const url = `http://127.0.0.1:${server.port}`;
  const frontends = (backend: string) => [{ name: "web", bind: "127.0.0.1:0", default_backend: backend }];
  const reload = (...names: string[]) =>
    proxy.running.reload(configOf(server.port, {
      frontends: frontends(names.at(-1)!),
      backends: Object.fromEntries(names.map((name) => [name, { servers: [url] }])),
    }));
  const counted = () =>
    [...proxy.running.metricsPage().matchAll(/^sluice_requests_total\{.*backend="(\w*)".*\} (\d+)$/gm)]
      .map(([, backend, count]) => `${backend} ${count}`);
  const ask = () => roundTrip(proxy.port, get("/", "Connection: close"));
  await ask();
  await reload("app", "one");
  await ask();
  assert.deepEqual(counted(), ["app 1", "one 1"]);
  await reload("one", "two");
  await ask();
  assert.deepEqual(counted(), ["one 1", "two 1"]);
});

const CHECK = { path: "/health", interval: "1h", rise: 2, fall: 1 };
for (
  const [what, health_check, up] of [
    ["is gone", undefined, true],
    ["asks for something else", { ...CHECK, path: "/well" }, true],
    ["asks for the same", CHECK, false],
    ["asks for the same in another rhythm", { ...CHECK, interval: "2h", timeout: "1s", rise: 3 }, false],
  ] as const
) {
  test(`a server that was down is ${up ? "up" : "down"} when its check ${what}`, async (t) => {
    const server = await RawServer.answering((head) =>
      head.startsWith("GET /health ") ? ok().replace("200 OK", "500 No") : ok()
    );
    const proxy = await startTestProxy({ servers: [server.port], backend: { health_check: CHECK } });
    t.after(async () => {
      await proxy.stop();
      await server.close();
    });
    const status = async () => (await roundTrip(proxy.port, get("/", "Connection: close"))).slice(9, 12);
    assert.equal(await status(), "503");
    await proxy.running.reload(
      configOf(server.port, {}, { slow_start: "1s", ...(health_check && { health_check }) }),
    );
    assert.equal(await status(), up ? "200" : "503");
  });
}

test("a stop in the middle of a reload ends it: nothing waits for its probes", async (t) => {
  const silent = await RawServer.listen();
  const good = await RawServer.answering(ok());
  const proxy = await startTestProxy({ servers: [good.port] });
  t.after(async () => {
    await proxy.stop();
    await Promise.all([silent.close(), good.close()]);
  });
  const reloaded = proxy.running.reload(configOf(silent.port, {}, { health_check: { timeout: "60s" } }));
  reloaded.catch(() => {});
  await eventually("the probe", () => silent.received.includes("/health"));
  const startedAt = performance.now();
  await proxy.running.stop();
  assert.ok(performance.now() - startedAt < 2000, "the stop waits");
  await Promise.allSettled([reloaded]);
  await eventually("the probe to be given up", () => silent.open === 0);
});

test("an open connection stays with its address when names of frontends move to others", async (t) => {
  const servers = [await RawServer.answering(ok("public")), await RawServer.answering(ok("secret"))];
  const [open, hidden] = servers.map(({ port }) => `http://127.0.0.1:${port}`);
  const backends = { public: { servers: [open] }, secret: { servers: [hidden] } };
  const free = await RawServer.listen();
  await free.close();
  const bind = `127.0.0.1:${free.port}`; // one that both configs name
  const proxy = await startTestProxy({
    servers: [],
    frontend: { name: "first", bind, default_backend: "public" },
    config: { backends },
  });
  t.after(async () => {
    await proxy.stop();
    await Promise.all(servers.map((server) => server.close()));
  });
  const client = await RawClient.open(free.port);
  t.after(() => client.close());
  client.send(get("/1"));
  await client.until("public");
  await proxy.running.reload(validateConfig({
    shutdown: { drain_timeout: "500ms", grace: "20ms" },
    frontends: [
      { name: "first", bind: "127.0.0.1:0", default_backend: "secret" },
      { name: "second", bind, default_backend: "public" },
    ],
    backends,
  }));
  client.send(get("/2"));
  await client.until(/public.*public/s);
  assert.equal((await proxy.access(1))["frontend"], "second");
});

test("a reload closes the connections of an address that is gone, each behind its answer", async (t) => {
  const server = await RawServer.answering((head) => head.startsWith("GET /slow ") ? undefined : ok("fine"));
  const proxy = await startTestProxy({
    servers: [server.port],
    frontend: { bind: ["127.0.0.1:0", "[::1]:0"] },
  });
  t.after(async () => {
    await proxy.stop();
    await server.close();
  });
  const port = proxy.running.listeners[1]!.port;
  const [idle, busy] = [await RawClient.open(port, "::1"), await RawClient.open(port, "::1")];
  busy.send(get("/slow"));
  idle.send(get("/"));
  await idle.until("fine");
  await eventually("the slow request", () => server.received.includes("/slow"));
  await proxy.running.reload(configOf(server.port));
  await eventually("the idle one is closed", () => idle.closed || idle.ended);
  server.connections.find(({ received }) => received.includes("/slow"))!.send(ok("late"));
  assert.match(await busy.untilClosed(), /Connection: close\r\n.*late$/s);
});

test("limits of a new config hold for the next request of an open connection, whole", async (t) => {
  const server = await RawServer.answering(ok("fine"));
  const proxy = await startTestProxy({ servers: [server.port], config: { admin: { bind: "127.0.0.1:0" } } });
  t.after(async () => {
    await proxy.stop();
    await server.close();
  });
  const admin = await RawClient.open(adminPort(proxy));
  admin.send(ofOperator("/metrics"));
  await admin.until("sluice_build_info");
  const client = await RawClient.open(proxy.port);
  t.after(() => client.close());
  const upload = `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n800\r\n${
    "x".repeat(2048)
  }\r\n0\r\n\r\n`;
  client.send(upload);
  await client.until("fine");
  await proxy.running.reload(configOf(server.port, { limits: { body_size: "1KiB" } }));
  client.send(upload);
  await client.until("413 Content Too Large");
  await eventually("the admin's connection is closed", () => admin.closed || admin.ended);
});
