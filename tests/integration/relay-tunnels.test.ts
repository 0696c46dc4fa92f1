// The life of a tunnel: its clocks, its ends, and what is left of it.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import process from "node:process";
import { test, type TestContext } from "node:test";
import { eventually } from "../support/eventually.ts";
import { RawClient } from "../support/raw-client.ts";
import { ok } from "./scene.ts";
import { absolute, connectTo, openRelay, type RelayOptions } from "./relay-scene.ts";

const TUNNELS = Number(process.env["SLUICE_TUNNELS"] ?? 400);
const OPENED = "HTTP/1.1 200 Connection established\r\n\r\n";

/** A client, and the other end of its tunnel. */
async function openTunnel(t: TestContext, options: RelayOptions = {}) {
  const scene = await openRelay(t, { onData() {}, ...options });
  const c = await scene.client();
  c.send(connectTo(scene.place));
  await c.until("\r\n\r\n");
  const other = await eventually("the other end", () => (scene.parents[0] ?? scene.target).connections[0]);
  return { ...scene, c, other };
}

for (const parents of [[], [OPENED]]) {
  const way = parents.length > 0 ? "through a parent" : "straight";

  test(`joinTunnel() outlives the response timeout, and nothing is written into it: ${way}`, async (t) => {
    const times = { response: "50ms", idle: "50ms" };
    const { c, other } = await openTunnel(t, {
      parents,
      backend: { timeouts: times },
      config: { defaults: { timeouts: times } },
    });
    setTimeout(() => other.send("late"), 300);
    await c.until("late");
    c.send("later");
    await other.until("later");
    assert.match(c.received, /^HTTP\/1\.1 200 [^\r]+\r\nVia: 1\.1 sluice\r\n\r\nlate$/);
  });

  test(`joinTunnel() has one idle clock for both directions: ${way}`, async (t) => {
    const times = { tunnel_idle: "300ms" };
    const { c, other, proxy } = await openTunnel(t, {
      parents,
      backend: { timeouts: times },
      config: { defaults: { timeouts: times } },
    });
    const feed = setInterval(() => other.send("."), 50);
    t.after(() => clearInterval(feed));
    await c.until(".".repeat(15)); // 750 ms in which the client says nothing
    assert.equal(c.ended, false);
    clearInterval(feed);
    await c.untilClosed();
    const { status, detail } = await proxy.access(0);
    assert.deepEqual([status, detail], [200, "Nothing moved for tunnel_idle (300ms)"]);
  });
}

for (const first of ["client", "target"]) {
  test(`joinTunnel() passes the end of the ${first} on, and the other side may finish`, async (t) => {
    let socket: Socket | undefined;
    let received = "";
    let ended = false;
    const target = createServer({ allowHalfOpen: true }, (accepted) => {
      socket = accepted.on("data", (chunk) => received += chunk).on("end", () => ended = true);
    });
    await new Promise<void>((resolve) => target.listen(0, "127.0.0.1", resolve));
    const { port } = target.address() as { port: number };
    const { client, proxy } = await openRelay(t, { relay: { connect_ports: [port] } });
    t.after(() => new Promise<void>((resolve) => (socket?.destroy(), target.close(() => resolve()))));
    const c = await client();
    c.send(`${connectTo(`127.0.0.1:${port}`)}one`);
    await eventually("the bytes", () => received === "one");
    if (first === "client") {
      c.end();
      await eventually("the end at the target", () => ended);
      socket!.end("two");
      await c.until("two");
      await eventually("the end at the client", () => c.ended);
    } else {
      socket!.end("two");
      await eventually("the end at the client", () => c.ended);
      c.send("three");
      await eventually("the rest at the target", () => received === "onethree");
      c.end();
      await eventually("the end at the target", () => ended);
    }
    const { reason } = await proxy.access(0);
    assert.equal(reason, "ok");
    assert.match(c.received, /two$/);
  });
}

test("createRelayApp() has a client that ended behind its CONNECT served all the same", async (t) => {
  const { client, target, place } = await openRelay(t, { onData: (connection) => connection.send("two") });
  const c = await client();
  c.send(`${connectTo(place)}one`);
  c.end();
  await c.until("two");
  assert.equal(target.received, "one");
});

test("Server.answered() takes the time to the 2xx for the latency, not the life of the tunnel", async (t) => {
  const { c, other, proxy } = await openTunnel(t, {
    parents: [(_head, connection) => void setTimeout(() => connection.send(OPENED), 100)],
  });
  const average = () => proxy.running.status().backends[0]!.servers[0]!.averageMs!;
  const sample = average();
  assert.ok(sample >= 95 && sample < 1000);
  setTimeout(() => other.send("late"), 300);
  await c.until("late");
  c.close();
  await eventually("its end", () => proxy.inFlight() === 0);
  assert.ok(average() <= sample);
});

test("Server.inFlight is back at 0 behind tunnels that were opened, refused, aborted and cut by a reload", async (t) => {
  const say = (head: string) =>
    head.includes("refused") ? ok().replace("200", "403") : head.includes("silent") ? undefined : OPENED;
  const { client, proxy, parents, reload } = await openRelay(t, { parents: [say, say] });
  const clients: RawClient[] = [];
  for (const name of ["open", "refused", "silent", "open", "refused", "silent", "open", "open"]) {
    const c = await client();
    c.send(connectTo(`${name}.example:443`));
    clients.push(c);
  }
  await eventually(
    "all of them",
    () => parents.reduce((sum, { connections }) => sum + connections.length, 0) === 8,
  );
  await eventually("six under way", () => proxy.inFlight() === 6);
  await reload({ backend: { retries: { attempts: 1 } } });
  assert.equal(proxy.inFlight(), 6);
  clients.forEach((c, i) => i % 2 === 0 ? c.reset() : c.close());
  await eventually("nothing under way", () => proxy.inFlight() === 0);
  await eventually("every parent to see the end", () => parents.every(({ open }) => open === 0));
  const servers = proxy.running.status().backends[0]!.servers;
  assert.deepEqual(servers.map(({ connections, available }) => [connections, available]), [[0, true], [
    0,
    true,
  ]]);
});

test("RunningProxy.reload() leaves a tunnel to a target alone, and one to a parent that stays", async (t) => {
  for (const parents of [[], [OPENED]]) {
    const { c, other, reload } = await openTunnel(t, {
      parents,
      config: { defaults: { timeouts: { tunnel_drain: "10ms" } } },
    });
    await reload({ relay: { realm: "another" } });
    setTimeout(() => other.send("still"), 100);
    await c.until("still");
  }
});

test("RunningProxy.stop() cuts tunnels at the end of drain_timeout, and says how many", async (t) => {
  const { c, proxy } = await openTunnel(t);
  const started = performance.now();
  assert.equal(await proxy.stop(), 1);
  assert.ok(performance.now() - started >= 450);
  await eventually("the end", () => c.closed || c.ended);
  assert.equal((await proxy.access(0))["reason"], "shutdown");
});

test("RunningProxy.stop() does not wait for a client that is idle, nor for connections to targets", async (t) => {
  const { client, proxy, place } = await openRelay(t, { config: { shutdown: { drain_timeout: "30s" } } });
  const idle = await client();
  idle.send(absolute(`http://${place}/`));
  await idle.until("<target>");
  await client();
  const started = performance.now();
  assert.equal(await proxy.stop(), 0);
  assert.ok(performance.now() - started < 5000);
});

test(`joinTunnel() leaves no file open behind ${TUNNELS} tunnels that were aborted`, async (t) => {
  const parent = (head: string) => head.includes("silent") ? undefined : `${OPENED}bytes`;
  const { proxy, target, parents, place } = await openRelay(t, { parents: [parent, parent], onData() {} });
  const straight = await openRelay(t, { onData() {} });
  await abortTunnels(60);
  const before = openFiles();
  await abortTunnels(TUNNELS);
  await eventually("the files to be closed", () => openFiles() <= before, 20_000);

  async function abortTunnels(count: number): Promise<void> {
    for (let from = 0; from < count; from += 50) {
      await Promise.all(Array.from({ length: Math.min(50, count - from) }, (_, i) => abortTunnel(from + i)));
      await eventually("the tunnels to end", () => proxy.inFlight() === 0, 20_000);
      proxy.accesses.length = straight.proxy.accesses.length = 0;
      for (const { connections } of [target, straight.target, ...parents]) connections.length = 0;
    }
  }

  async function abortTunnel(i: number): Promise<void> {
    const isStraight = i % 3 === 2;
    const c = await RawClient.open(isStraight ? straight.proxy.port : proxy.port);
    const stage = Math.floor(i / 3) % 4;
    c.send(connectTo(isStraight ? straight.place : stage === 1 ? "silent.example:443" : place) + "early");
    if (stage === 2 || stage === 3) await c.until("\r\n\r\n");
    if (stage === 3) c.send("x".repeat(10_000));
    if (i % 2 === 0) c.reset();
    else c.close();
  }
});

function openFiles(): number {
  return readdirSync("/proc/self/fd").length;
}
