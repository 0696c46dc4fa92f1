// Connections of clients on which nothing happens: what they cost, how long they stay, and how they go on.
import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import process from "node:process";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { Program } from "../support/program.ts";
import { get, ok, openScene } from "./scene.ts";

const MIB = 1024 * 1024;

test("a connection that has rested serves its next request, and rests for keep_alive behind it", async (t) => {
  const scene = await openScene(t, { answer: ok("fine"), frontend: { timeouts: { keep_alive: "1300ms" } } });
  const c = await scene.client();
  c.send(get());
  await c.until("fine");
  const answered = performance.now();
  await eventually("the connection to rest", () => performance.now() - answered > 1100);
  c.send(get("/second"));
  await c.until(/fine[^]*fine/);
  const again = performance.now();
  assert.equal(c.ended || c.closed, false);
  await eventually("its end", () => c.ended || c.closed);
  assert.ok(performance.now() - again > 1200);
});

test("a client that sends nothing is closed after request_headers, counted from the beginning", async (t) => {
  const scene = await openScene(t, { answer: ok(), frontend: { timeouts: { request_headers: "400ms" } } });
  const silent = await scene.client();
  const late = await scene.client();
  const started = performance.now();
  await eventually("most of the time", () => performance.now() - started > 200);
  late.send("GET / HTTP/1.1\r\n");
  const newer = await scene.client();
  await silent.untilClosed();
  assert.match(await late.untilClosed(), /^HTTP\/1\.1 408 /);
  assert.equal(newer.ended || newer.closed, false); // the first byte buys no second wait
  assert.equal(silent.received, "");
});

test("a resting connection goes when its client does, and is closed by a stop", async (t) => {
  const scene = await openScene(t, { answer: ok() });
  const ending = await scene.client();
  const resetting = await scene.client();
  const staying = await scene.client();
  const open = () => scene.proxy.running.connections;
  await eventually("three connections", () => open() === 3);
  ending.end();
  resetting.reset();
  await eventually("one connection", () => open() === 1);
  await scene.proxy.stop();
  assert.equal(open(), 0);
  await staying.untilClosed();
});

test("unused connections take less than 5 MiB for a thousand", {
  skip: process.platform === "linux" ? false : "NOT TESTED: MEMORY IS MEASURED ON LINUX ONLY",
}, async (t) => {
  const program = await Program.run(
    '[[frontends]]\nbind = "127.0.0.1:0"\nroutes = [{ respond = { body = "x" } }]\ntimeouts = { request_headers = "60s" }\n',
  );
  t.after(() => program.dispose());
  await closeAll(await openMany(program.port, 1000)); // code that runs for the first time takes memory of its own
  let least = Infinity;
  for (let i = 0; i < 3 && least >= 5; i++) {
    const before = program.residentBytes;
    const sockets = await openMany(program.port, 3000);
    least = Math.min(least, (program.residentBytes - before) / 3 / MIB);
    await closeAll(sockets);
  }
  t.diagnostic(`${least.toFixed(1)} MiB for a thousand`);
  assert.ok(least < 5);
});

async function openMany(port: number, count: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const more = Array.from({ length: 100 }, () => connect(port, "127.0.0.1"));
    await Promise.all(more.map((socket) => new Promise((resolve) => socket.once("connect", resolve))));
    sockets.push(...more);
  }
  // The last one is served only when those before it were accepted.
  await new Promise((resolve) =>
    sockets.at(-1)!.once("data", resolve).write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
  );
  return sockets;
}

async function closeAll(sockets: readonly Socket[]): Promise<void> {
  await Promise.all(
    sockets.map((socket) => new Promise((resolve) => socket.once("close", resolve).destroy())),
  );
}
