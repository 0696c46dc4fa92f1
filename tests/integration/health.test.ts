// Active checks: what they find, what they log, and who gets requests then.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { RawServer } from "../support/raw-server.ts";
import { ask, closedPort, eventsOf, HealthServer, logged, probed, startHealthProxy } from "./health-scene.ts";
import { ok } from "./scene.ts";

const FAILING = "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n";

test("a server that is down at the start never gets a request", async (t) => {
  const [good, bad] = [await HealthServer.listen(t), await HealthServer.listen(t)];
  bad.probed = FAILING;
  const proxy = await startHealthProxy(t, [bad, good, await closedPort()]);
  for (let i = 0; i < 12; i++) assert.equal(await ask(proxy), 200);
  assert.equal(good.requests.length, 12);
  assert.equal(bad.requests.length, 0);
});

test("all servers down at the start are a 503 no_server within 200 ms", async (t) => {
  const bad = await HealthServer.listen(t);
  bad.probed = FAILING;
  const proxy = await startHealthProxy(t, [bad, await closedPort()]);
  const started = performance.now();
  assert.equal(await ask(proxy), 503);
  assert.ok(performance.now() - started < 200);
  assert.equal((await proxy.access(0))["reason"], "no_server");
  assert.equal(bad.requests.length, 0);
});

test("the proxy listens when the first round is over, and not before", async (t) => {
  const silent = await HealthServer.listen(t);
  silent.probed = undefined;
  const proxy = await startHealthProxy(t, [silent], { check: { timeout: "150ms" } });
  const down = proxy.events.findIndex(({ event }) => event === "server_down");
  assert.ok(down !== -1 && down < proxy.events.findIndex(({ event }) => event === "listening"));
  assert.equal(await ask(proxy), 503);
});

test("a server goes down and comes back, with one line in the log each time", async (t) => {
  const [good, flaky] = [await HealthServer.listen(t), await HealthServer.listen(t)];
  const proxy = await startHealthProxy(t, [good, flaky]);
  const before = eventsOf(proxy, "server_up", flaky).length;
  flaky.probed = FAILING;
  const down = await logged(proxy, "server_down", { server: flaky });
  assert.deepEqual([down["backend"], down["check"], down["status"]], ["app", "L7STS", 503]);
  const asked = flaky.requests.length;
  for (let i = 0; i < 6; i++) assert.equal(await ask(proxy), 200);
  assert.equal(flaky.requests.length, asked);
  await probed(flaky, 5);
  assert.equal(eventsOf(proxy, "server_down", flaky).length, 1);
  flaky.probed = ok();
  const up = await logged(proxy, "server_up", { server: flaky, count: before + 1 });
  assert.deepEqual([up["backend"], up["check"], up["status"]], ["app", "L7OK", 200]);
  for (let i = 0; i < 6; i++) assert.equal(await ask(proxy), 200);
  assert.ok(flaky.requests.length > asked);
  await probed(flaky, 5);
  assert.equal(eventsOf(proxy, "server_up", flaky).length, before + 1);
});

test("one failure fewer than `fall` takes no server out", async (t) => {
  const server = await HealthServer.listen(t);
  let n = 0;
  server.probed = () => n++ % 3 === 0 ? ok() : FAILING; // no three failures in a row
  const proxy = await startHealthProxy(t, [server], { check: { fall: 3 } });
  await probed(server, 12);
  assert.deepEqual(eventsOf(proxy, "server_down"), []);
});

const codes: [
  code: string,
  why: string,
  set: (server: HealthServer) => void,
  check?: Record<string, unknown>,
][] = [
  ["L7STS", "another status", (server) => server.probed = "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"],
  ["L7STS", "a redirect, which is not followed", (server) => {
    server.probed = "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n";
  }],
  ["L7TOUT", "silence", (server) => server.probed = undefined, { timeout: "100ms" }],
  ["L7TOUT", "half a head", (server) => server.probed = "HTTP/1.1 200 OK\r\nX", { timeout: "100ms" }],
  ["L7TOUT", "a body without an end", (server) => {
    server.probed = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok";
  }, { timeout: "100ms", expected_body: "ok" }],
  ["L7RSP", "bytes that are no answer", (server) => server.probed = "220 smtp.example ESMTP\r\n\r\n"],
  ["L7RSP", "a connection that closes without an answer", (server) => {
    server.probed = (_head, connection) => void connection.close();
  }],
  ["L7RSP", "a connection that is reset", (server) => {
    server.probed = (_head, connection) => void connection.reset();
  }],
  ["L7RSP", "a switch of protocols", (server) => {
    server.probed = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n";
  }],
  ["L7STS", "a body without what is expected", () => {}, { expected_body: "^sick" }],
];
for (const [code, why, set, check = {}] of codes) {
  test(`a check finds ${code} at ${why}`, async (t) => {
    const server = await HealthServer.listen(t);
    set(server);
    const proxy = await startHealthProxy(t, [server], { check });
    assert.equal(eventsOf(proxy, "server_down")[0]?.["check"], code);
    assert.equal(await ask(proxy), 503);
    assert.ok(server.probes.every((head) => head.startsWith("GET /health HTTP/1.1\r\n")));
  });
}

test("a check finds L4CON where nobody listens", async (t) => {
  const proxy = await startHealthProxy(t, [await closedPort()]);
  assert.equal(eventsOf(proxy, "server_down")[0]?.["check"], "L4CON");
});

test("a check finds L6RSP where a server of an https URL does not speak TLS", async (t) => {
  const server = await RawServer.listen({
    onData: (connection) => connection.send("HTTP/1.1 400 No\r\n\r\n"),
  });
  t.after(() => server.close());
  const proxy = await startHealthProxy(t, [{ url: `https://127.0.0.1:${server.port}` }]);
  assert.equal(eventsOf(proxy, "server_down")[0]?.["check"], "L6RSP");
});

test("a check finds L6TOUT where a server accepts connections and then stalls the TLS handshake", async (t) => {
  const server = await RawServer.listen();
  t.after(() => server.close());
  const proxy = await startHealthProxy(t, [{ url: `https://127.0.0.1:${server.port}` }], {
    check: { timeout: "150ms" },
  });
  assert.equal(eventsOf(proxy, "server_down")[0]?.["check"], "L6TOUT");
  assert.ok(server.connections.length > 0);
});

const USUAL = ["User-Agent: sluice-health-check", "Accept: */*"];
const heads: [why: string, headers: Record<string, string>, lines: string[]][] = [
  ["says who it is where there are no headers", {}, USUAL],
  ["has the headers of the config", { "X-Probe": "a, b", Authorization: "Bearer x" }, [
    ...USUAL,
    "X-Probe: a, b",
    "Authorization: Bearer x",
  ]],
  ["has the headers of the config in place of its own", { "user-agent": "me", ACCEPT: "text/plain" }, [
    "user-agent: me",
    "ACCEPT: text/plain",
  ]],
  ["has a header that looks like a number behind Host", { 1: "" }, [...USUAL, "1: "]],
];
for (const [why, headers, lines] of heads) {
  test(`a probe ${why}`, async (t) => {
    const server = await RawServer.answering(ok());
    t.after(() => server.close());
    await startHealthProxy(t, [server.port], { check: { headers } });
    const [head] = server.connections[0]!.received.split("\r\n\r\n");
    assert.deepEqual(head!.split("\r\n"), [
      "GET /health HTTP/1.1",
      `Host: 127.0.0.1:${server.port}`,
      ...lines,
      "Connection: close",
    ]);
  });
}

const hosts: [why: string, check: Record<string, string>, own: Record<string, string>, host: string][] = [
  ["the address that is probed", {}, {}, ""],
  ["the check's host", { host: "check.example" }, {}, "check.example"],
  ["the server's own host", { host: "check.example" }, { host: "own.example:1" }, "own.example:1"],
];
for (const [why, check, own, host] of hosts) {
  test(`a probe to a port of its own asks for ${why}`, async (t) => {
    const [server, second] = [await RawServer.answering(ok()), await RawServer.answering(ok())];
    t.after(() => Promise.all([server.close(), second.close()]));
    const entry = {
      url: `http://127.0.0.1:${server.port}/base`,
      health_check: { port: second.port, ...own },
    };
    await startHealthProxy(t, [entry], { check });
    assert.equal(server.connections.length, 0);
    assert.ok(second.received.startsWith(
      `GET /base/health HTTP/1.1\r\nHost: ${host || `127.0.0.1:${second.port}`}\r\n`,
    ));
  });
}

test("a server that comes up later gets requests within a few intervals", async (t) => {
  const port = await closedPort();
  const proxy = await startHealthProxy(t, [port], { check: { rise: 3 } });
  assert.equal(await ask(proxy), 503);
  const { createServer } = await import("node:net");
  const server = createServer((socket) => {
    socket.on("data", () => socket.write(ok("back")));
    socket.on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  t.after(() => server.close());
  const started = performance.now();
  await logged(proxy, "server_up");
  assert.ok(performance.now() - started < 1000); // 3 × 30 ms, and a busy machine
  assert.equal(await ask(proxy), 200);
});

test("probes end when the proxy stops, with no socket left", async (t) => {
  const [server, silent] = [await HealthServer.listen(t), await HealthServer.listen(t)];
  const proxy = await startHealthProxy(t, [server, silent]);
  silent.probed = undefined;
  await probed(silent, 1);
  await proxy.stop();
  await eventually("no connection to a server", () => server.raw.open + silent.raw.open === 0);
  const counts = [server, silent].map(({ raw }) => raw.connections.length);
  const other = await HealthServer.listen(t);
  const clock = await startHealthProxy(t, [other]);
  await probed(other, 10);
  await clock.stop();
  assert.deepEqual([server, silent].map(({ raw }) => raw.connections.length), counts);
  assert.deepEqual(eventsOf(proxy, "server_down"), []);
});
