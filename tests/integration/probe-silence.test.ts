// Servers that take time and give nothing: probes of them end, and nobody waits for them.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { connect } from "node:net";
import process from "node:process";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { eventually } from "../support/eventually.ts";
import { type RawConnection, RawServer } from "../support/raw-server.ts";
import { ask, eventsOf, HealthServer, logged, probed, startHealthProxy } from "./health-scene.ts";
import { ok } from "./scene.ts";

const DEAF = fileURLToPath(new URL("../support/deaf-server.ts", import.meta.url));
/** More connections than any listener keeps for one that does not accept them. */
const CROWD = 600;

/** A port where connections wait for ever to be accepted: who tries finds neither an answer nor a refusal. */
async function deafPort(t: TestContext): Promise<number> {
  const run = process.versions["bun"] === undefined ? ["run", "-A", "--no-check", DEAF] : [DEAF];
  const child = spawn(process.execPath, run, { stdio: ["ignore", "pipe", "inherit"] });
  let printed = "";
  let gone = false;
  child.stdout.setEncoding("utf8").on("data", (text: string) => printed += text);
  child.on("exit", () => gone = true);
  t.after(async () => {
    process.kill(child.pid!, "SIGKILL");
    await eventually("the deaf server to be gone", () => gone);
  });
  const [, port] = await eventually("the deaf server to listen", () => /port (\d+)\n/.exec(printed), 15_000);
  const crowd = Array.from({ length: CROWD }, () => connect({ port: Number(port), host: "127.0.0.1" }));
  for (const socket of crowd) socket.on("error", () => {});
  t.after(() => crowd.forEach((socket) => socket.destroy()));
  return Number(port);
}

for (const type of ["http", "tcp"]) {
  test(`a ${type} check finds L4TOUT where nobody accepts connections`, async (t) => {
    const [deaf, good] = [await deafPort(t), await HealthServer.listen(t)];
    const proxy = await startHealthProxy(t, [deaf, good], { check: { type, timeout: "300ms" } });
    const [server] = proxy.running.snapshot.backends.get("app")!.servers;
    await eventually("L4TOUT", () => server!.lastProbe?.code === "L4TOUT");
    await eventually("the server to be down", () => !server!.health.up);
    assert.equal(await ask(proxy), 200);
    assert.equal(good.requests.length, 1);
  });
}

test("connect answers 504 connect_timeout where nobody accepts connections", async (t) => {
  const port = await deafPort(t);
  const proxy = await startHealthProxy(t, [port], {
    check: null,
    timeouts: { connect: "100ms", response: "200ms" },
  });
  await eventually("a connection that hangs", async () => {
    assert.equal(await ask(proxy), 504);
    return proxy.accesses.at(-1)?.["reason"] === "connect_timeout";
  });
});

test("a server that falls silent goes down with L7TOUT, and comes back when it speaks", async (t) => {
  const [good, silent] = [await HealthServer.listen(t), await HealthServer.listen(t)];
  const proxy = await startHealthProxy(t, [good, silent], { check: { timeout: "300ms" } });
  const ups = eventsOf(proxy, "server_up", silent).length;
  silent.probed = undefined;
  assert.equal((await logged(proxy, "server_down", { server: silent }))["check"], "L7TOUT");
  await probed(silent, 2);
  assert.ok(silent.raw.open <= 2); // each gives up its connection before the next
  const asked = silent.requests.length;
  for (let i = 0; i < 6; i++) assert.equal(await ask(proxy), 200);
  assert.equal(silent.requests.length, asked);
  silent.probed = ok();
  await logged(proxy, "server_up", { server: silent, count: ups + 1 });
  for (let i = 0; i < 6; i++) assert.equal(await ask(proxy), 200);
  assert.ok(silent.requests.length > asked);
});

test("a server that is silent at the start holds it up for the timeout of one probe", async (t) => {
  const [good, silent] = [await HealthServer.listen(t), await RawServer.listen()];
  t.after(() => silent.close());
  const began = performance.now();
  const proxy = await startHealthProxy(t, [good, silent.port], {
    check: { timeout: "200ms", interval: "1h" },
  });
  const took = performance.now() - began;
  assert.ok(took >= 199 && took < 2000);
  assert.equal(eventsOf(proxy, "server_down")[0]?.["check"], "L7TOUT");
  assert.equal(await ask(proxy), 200);
  assert.equal(eventsOf(proxy, "server_up", good).length, 1);
  assert.equal(silent.connections.length, 1);
});

const drips: [what: string, begin: string, drip: string][] = [
  ["a head that never ends", "HTTP/1.1 200 OK\r\n", "X-Drip: drip\r\n"],
  ["a row of interim answers", "", "HTTP/1.1 102 Processing\r\n\r\n"],
  ["a body that never ends", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "5\r\nready\r\n"],
];
for (const [what, begin, drip] of drips) {
  test(`the timeout is for the whole probe, though ${what} drips on`, async (t) => {
    const server = await HealthServer.listen(t);
    const dripping = new Set<RawConnection>();
    server.probed = (_head, connection) => (dripping.add(connection), begin);
    const timer = setInterval(() => {
      for (const connection of dripping) if (connection.socket.writable) connection.send(drip);
    }, 20);
    t.after(() => clearInterval(timer));
    const proxy = await startHealthProxy(t, [server], {
      check: { timeout: "150ms", expected_body: "ready", interval: "1h" },
    });
    assert.equal(eventsOf(proxy, "server_down", server)[0]?.["check"], "L7TOUT");
    await eventually("the connection to close", () => server.raw.open === 0);
  });
}
