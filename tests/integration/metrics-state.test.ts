// What the metrics say of connections, tunnels, queues, attempts and reloads.
import assert from "node:assert/strict";
import { test } from "node:test";
import { validateConfig } from "../../src/config/load.ts";
import { eventually } from "../support/eventually.ts";
import { RawClient, roundTrip } from "../support/raw-client.ts";
import { RawServer } from "../support/raw-server.ts";
import { type Metrics, openMetricsScene } from "./metrics-scene.ts";
import { asked, get, ok, pathOf } from "./scene.ts";

const CLOSE = "Connection: close";
const SWITCH = ["Connection: Upgrade", "Upgrade: websocket"];

test("the metrics show tunnels while they are open, with the bytes that went through them", async (t) => {
  const { port, measure, server, names } = await openMetricsScene(t);
  const open = async (protocol: string) => {
    const client = await RawClient.open(port(0));
    client.send(get("/", SWITCH[0]!, `Upgrade: ${protocol}`));
    const connection = await asked(server);
    connection.send(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`,
    );
    await client.until("101 Switching");
    return { client, connection };
  };
  const count = (metrics: Metrics) => [
    metrics.all("sluice_tunnels"),
    metrics.all("sluice_opened_tunnels_total"),
    metrics.all("sluice_server_tunnels")[`app ${names.up}`],
    metrics.all("sluice_connections_by_state")["tunnel"],
    metrics.all("sluice_received_body_bytes_total")["web"],
    metrics.all("sluice_sent_body_bytes_total")["web"],
  ];
  const kinds = (connect: number, other: number, websocket: number) => ({
    "side connect": 0,
    "side other": 0,
    "side websocket": 0,
    "web connect": connect,
    "web other": other,
    "web websocket": websocket,
  });
  const { client, connection } = await open("test");
  client.send("12345");
  await eventually("bytes from the client", () => connection.received.endsWith("12345"));
  connection.send("1234567");
  await client.until("1234567");
  assert.deepEqual(count(await measure()), [kinds(0, 1, 0), kinds(0, 1, 0), 1, 1, 5, 7]);
  client.close();
  connection.close();
  const metrics = await measure(1);
  assert.deepEqual(count(metrics), [kinds(0, 0, 0), kinds(0, 1, 0), 0, 0, 5, 7]);
});

test("the metrics show which tunnels are WebSockets, and which come by CONNECT", async (t) => {
  const target = await RawServer.listen();
  t.after(() => target.close());
  const relay = {
    name: "relay",
    mode: "relay",
    bind: "127.0.0.1:0",
    relay: { connect_ports: [target.port], allow_private: ["127.0.0.0/8"] },
  };
  const { port, measure, server } = await openMetricsScene(t, { further: [relay] });
  const websocket = await RawClient.open(port(0));
  websocket.send(
    get("/", ...SWITCH, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"),
  );
  (await asked(server)).send(`HTTP/1.1 101 Switching Protocols\r\n${SWITCH.join("\r\n")}\r\n\r\n`);
  await websocket.until("101 Switching");
  const connect = await RawClient.open(port(2));
  connect.send(`CONNECT 127.0.0.1:${target.port} HTTP/1.1\r\nHost: 127.0.0.1:${target.port}\r\n\r\n`);
  await connect.until("HTTP/1.1 200");
  const open = (await measure()).all("sluice_tunnels");
  assert.deepEqual([open["web websocket"], open["web other"], open["relay connect"]], [1, 0, 1]);
  websocket.close();
  connect.close();
  const total = (await measure(2)).all("sluice_opened_tunnels_total");
  assert.deepEqual([total["web websocket"], total["relay connect"]], [1, 1]);
});

test("the metrics count retries where they were made, and connections that were opened", async (t) => {
  const { port, proxy, measure, names } = await openMetricsScene(t, { answer: () => ok() });
  await proxy.running.reload(validateConfig({
    admin: { bind: "127.0.0.1:0" },
    frontends: [{ name: "web", bind: "127.0.0.1:0", default_backend: "app" }],
    backends: { app: { servers: [names.down, names.up], balance: "first", ejection: { enabled: false } } },
  }));
  for (let i = 0; i < 3; i++) await roundTrip(port(0), get("/", CLOSE));
  const metrics = await measure(3);
  const [up, down] = [`app ${names.up}`, `app ${names.down}`];
  assert.deepEqual(metrics.all("sluice_retries_total"), { "web app": 3 });
  assert.deepEqual(metrics.all("sluice_server_retries_total"), { [up]: 0, [down]: 3 });
  assert.deepEqual(metrics.all("sluice_server_opened_connections_total"), { [up]: 1, [down]: 0 });
  assert.deepEqual(metrics.all("sluice_server_unused_connections"), { [up]: 1, [down]: 0 });
});

test("the metrics show who waits for a full server, and for how long", async (t) => {
  const { port, measure, server, names } = await openMetricsScene(t, {
    backends: (up) => ({
      app: { servers: [{ url: up, max_connections: 1 }], timeouts: { queue: "60s" } },
      dead: { servers: ["http://127.0.0.1:1"] },
    }),
  });
  const first = await RawClient.open(port(0));
  first.send(get("/first"));
  const connection = await asked(server);
  const second = await RawClient.open(port(0));
  second.send(get("/second"));
  const waiting = async () => (await measure()).all("sluice_server_queue_length")[`app ${names.up}`];
  await eventually("one to wait", async () => (await waiting()) === 1);
  connection.send(ok());
  await first.until("200 OK");
  await eventually("the second at the server", () => connection.received.includes("/second"));
  connection.send(ok());
  await second.until("200 OK");
  const metrics = await measure(2);
  assert.equal(await waiting(), 0);
  assert.equal(metrics.all("sluice_queue_seconds_count")["web app"], 1);
  assert.ok(metrics.all("sluice_queue_seconds_sum")["web app"]! > 0);
  first.close();
  second.close();
});

test("the metrics count connections by where they stand, and requests by their version", async (t) => {
  const { port, measure, server } = await openMetricsScene(t, {
    answer: (head) => pathOf(head) === "/stays" ? undefined : ok("four"),
  });
  const resting = await RawClient.open(port(0));
  const asking = await RawClient.open(port(0));
  asking.send("GET / HT");
  const served = await RawClient.open(port(0));
  served.send(get("/stays"));
  await asked(server);
  await roundTrip(port(0), "GET / HTTP/1.0\r\n\r\n");
  await roundTrip(port(0), get("/", CLOSE));
  let metrics: Metrics;
  await eventually("each to stand where it is to", async () => {
    metrics = await measure(2);
    const states = metrics.all("sluice_connections_by_state");
    return [states["idle"], states["head"], states["serving"]].join() === "1,1,1" &&
      metrics.all("sluice_connections")[""] === 3;
  });
  assert.deepEqual(metrics!.all("sluice_requests_by_version_total"), {
    "side 1.0": 0,
    "side 1.1": 0,
    "web 1.0": 1,
    "web 1.1": 1,
  });
  assert.deepEqual(metrics!.all("sluice_accepted_connections_total"), { side: 0, web: 5 });
  for (const client of [resting, asking, served]) client.close();
});

test("the metrics tell when the config was taken over that runs", async (t) => {
  const { proxy, measure } = await openMetricsScene(t);
  const at = async () => (await measure()).all("sluice_last_reload_timestamp_seconds")[""]!;
  const first = await at();
  assert.ok(Math.abs(first - Date.now() / 1000) < 60);
  proxy.running.refuseReload("no config");
  assert.equal(await at(), first);
  await eventually("a later moment", () => Date.now() / 1000 > first);
  await proxy.running.reload(proxy.running.snapshot.config);
  assert.ok(await at() > first);
});
