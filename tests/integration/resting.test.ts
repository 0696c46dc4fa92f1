// Connections of clients on which nothing happens: what they cost, how long they stay, and how they go on.
import assert from "node:assert/strict";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import process from "node:process";
import { test, type TestContext } from "node:test";
import { eventually } from "../support/eventually.ts";
import { Program } from "../support/program.ts";
import { get, ok, openScene } from "./scene.ts";

const MIB = 1024 * 1024;
const LINUX = {
  skip: process.platform === "linux" ? false : "NOT TESTED: MEMORY IS MEASURED ON LINUX ONLY",
};
const REQUEST = "GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: a test that asks once\r\nAccept: */*\r\n\r\n";

test("a connection that has rested serves its next request, and rests for keep_alive behind it", async (t) => {
  const scene = await openScene(t, { answer: ok("fine"), frontend: { timeouts: { keep_alive: "700ms" } } });
  const c = await scene.client();
  c.send(get());
  await c.until("fine");
  const answered = performance.now();
  await eventually("the connection to rest", () => performance.now() - answered > 400);
  c.send(get("/second"));
  await c.until(/fine[^]*fine/);
  const again = performance.now();
  assert.equal(c.ended || c.closed, false);
  await eventually("its end", () => c.ended || c.closed);
  assert.ok(performance.now() - again > 650);
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

test("unused connections take less than 5 MiB for a thousand", LINUX, async (t) => {
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

test("connections that asked once take no more, and nothing once they are closed", LINUX, async (t) => {
  const config = `
    [log]
    access = false
    [[frontends]]
    bind = "127.0.0.1:0"
    default_backend = "app"
    timeouts = { keep_alive = "5m" }
    [backends.app]
    servers = ["http://127.0.0.1:${await openOrigin(t)}"]
  `;
  const program = await Program.run(config, undefined, { script: "tests/support/collecting.ts" });
  t.after(() => program.dispose());
  // Code that runs often is compiled anew, and its answers are remembered: that is no connection's memory.
  const few = await openMany(program.port, 100);
  for (let i = 0; i < 30; i++) await Promise.all(few.map(askOnce));
  await closeAll(few);
  let empty = Infinity; // bytes of heap without a connection: what is left of others goes bit by bit
  const heap: number[] = [], resident: number[] = [], left: number[] = [];
  const least = () => [heap, resident, left].map((list) => Math.min(...list)) as [number, number, number];
  const small = () => least()[0] < 2.7 && least()[1] < 5 && least()[2] < 2;
  for (let i = 0; i < 4 && !small(); i++) {
    for (let j = 0; j < 2; j++) empty = Math.min(empty, (await collected(program)).heap);
    const before = await collected(program);
    const sockets = await openMany(program.port, 2000, askOnce);
    const open = await collected(program, (now) => {
      return now.heap < empty + 5.4 * MIB && now.resident < before.resident + 10 * MIB;
    });
    heap.push((open.heap - empty) / 2 / MIB);
    resident.push((open.resident - before.resident) / 2 / MIB);
    await closeAll(sockets);
    left.push(((await collected(program, (now) => now.heap < empty + 2 * MIB)).heap - empty) / MIB);
  }
  const [heapEach, residentEach, leftBehind] = least().map((mib) => mib.toFixed(1));
  t.diagnostic(`${heapEach} MiB of heap, ${residentEach} of all for a thousand; ${leftBehind} left behind`);
  assert.ok(small());
});

/** A server that answers every request with as little as there is. */
async function openOrigin(t: TestContext): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).on("data", () => socket.write("HTTP/1.1 204 No Content\r\n\r\n"));
  });
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

function askOnce(socket: Socket): Promise<unknown> {
  return new Promise((resolve) => socket.once("data", resolve).write(REQUEST));
}

/** Memory in bytes: the heap of the script, and all that is resident. */
interface Held {
  readonly heap: number;
  readonly resident: number;
}

/** What the program holds when its garbage is gone; waits for some seconds until that is little enough. */
async function collected(program: Program, enough: (now: Held) => boolean = () => true): Promise<Held> {
  const end = performance.now() + 2000;
  for (;;) {
    const count = program.stdout.split('"collected"').length;
    const line = new RegExp(`"event":"collected","count":${count},"bytes":(\\d+)}`);
    program.signal("SIGUSR2");
    await eventually("the garbage to be gone", () => line.test(program.stdout));
    const now = { heap: Number(line.exec(program.stdout)![1]), resident: program.residentBytes };
    if (enough(now) || performance.now() > end) return now;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function openMany(
  port: number,
  count: number,
  use: (socket: Socket) => unknown = () => {},
): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const more = Array.from({ length: 100 }, () => connect(port, "127.0.0.1"));
    await Promise.all(more.map((socket) => new Promise((resolve) => socket.once("connect", resolve))));
    await Promise.all(more.map(use));
    sockets.push(...more);
  }
  // The last one is served only when those before it were accepted.
  await new Promise((resolve) => sockets.at(-1)!.once("data", resolve).write(REQUEST));
  return sockets;
}

async function closeAll(sockets: readonly Socket[]): Promise<void> {
  await Promise.all(
    sockets.map((socket) => new Promise((resolve) => socket.once("close", resolve).destroy())),
  );
}
