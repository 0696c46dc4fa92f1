// What counts is that a peer takes bytes at all, however slowly; the kernel tells of that long before it asks for more.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { test, type TestContext } from "node:test";
import { bytesUnderWay } from "../../src/net/under-way.ts";
import { eventually } from "../support/eventually.ts";
import { RawClient } from "../support/raw-client.ts";
import { asked, ok, openScene, request } from "./scene.ts";

const skip = existsSync("/proc/net/tcp") ? false : "only Linux tells what a peer has taken";

/** Far more than all buffers on the way hold. */
const SIZE = 24_000_000;
/** A timeout that is shorter than the time in which the kernel asks for more. */
const IDLE_MS = 200;

/** Less than this may be what the client itself has read ahead, so that the kernel sees nothing of it being taken. */
const PIECE_BYTES = 128 * 1024;

/** Has `socket` read one piece after the other with pauses; resolves after `pieces`, and leaves it reading at full speed. */
async function readSlowly(t: TestContext, socket: Socket, pieces: number): Promise<void> {
  let taken = 0;
  let bytes = 0;
  socket.on("data", (chunk) => {
    bytes += chunk.length;
    if (taken === pieces || bytes < PIECE_BYTES) return;
    bytes = 0;
    taken++;
    socket.pause();
  });
  const timer = setInterval(() => socket.resume(), 0.7 * IDLE_MS);
  t.after(() => clearInterval(timer));
  await eventually("the pieces", () => taken === pieces || socket.destroyed, 10_000);
  clearInterval(timer);
  socket.resume();
}

test("write_idle lets a client live that takes its answer very slowly", { skip }, async (t) => {
  const { server, proxy, client } = await openScene(t, {
    frontend: { timeouts: { write_idle: `${IDLE_MS}ms` } },
  });
  const c = await client();
  c.socket.pause();
  c.send(request("GET", "/"));
  (await asked(server)).send(ok("x".repeat(SIZE)));
  await readSlowly(t, c.socket, 8);
  await eventually("the whole answer", () => c.received.length > SIZE || c.closed, 10_000);
  assert.equal((await proxy.access(0))["reason"], "ok");
});

test("idle lets a server live that takes an upload very slowly", { skip }, async (t) => {
  let slow: Socket | undefined;
  let received = 0;
  const { proxy, client } = await openScene(t, {
    onConnection: ({ socket }) => {
      socket.removeAllListeners("data");
      slow = socket.pause();
    },
    backend: { timeouts: { idle: `${IDLE_MS}ms` } },
    frontend: { timeouts: { body_idle: "0s" } },
  });
  const c = await client();
  c.send(request("POST", "/", [`Content-Length: ${SIZE}`]));
  c.socket.write(new Uint8Array(SIZE));
  const socket = await eventually("the server's connection", () => slow);
  socket.on("data", (chunk) => {
    received += chunk.length;
    if (received > SIZE) socket.write(ok("whole"));
  });
  await readSlowly(t, socket, 8);
  await c.until("\r\n\r\n", 10_000);
  assert.equal((await proxy.access(0))["reason"], "ok");
});

test("idle answers 504 upstream_stalled for a server that takes nothing of an upload", async (t) => {
  const { server, proxy, client } = await openScene(t, {
    onConnection: ({ socket }) => void socket.removeAllListeners("data").pause(),
    backend: { timeouts: { idle: "100ms" } },
    frontend: { timeouts: { linger: "50ms" } },
  });
  const c = await client();
  c.send(request("POST", "/", [`Content-Length: ${SIZE}`]));
  c.socket.write(new Uint8Array(SIZE));
  assert.match(await c.until("upstream_stalled\n", 15_000), /^HTTP\/1\.1 504 Gateway Timeout\r\n/);
  assert.equal((await proxy.access(0))["reason"], "upstream_stalled");
  assert.equal(server.connections.length, 1);
});

for (const host of ["127.0.0.1", "::1", "::"]) {
  test(`bytesUnderWay() tells what a peer of ${host} has not read`, { skip }, async (t) => {
    let accepted: Socket | undefined;
    const listener = createServer((socket) => void (accepted = socket.on("error", () => {})));
    await new Promise<void>((resolve) => listener.listen(0, host, resolve));
    const { port } = listener.address() as { port: number };
    const client = await RawClient.open(port, host === "::" ? "127.0.0.1" : host);
    t.after(() => {
      client.close();
      accepted?.destroy();
      listener.close();
    });
    client.socket.pause();
    const socket = await eventually("the connection", () => accepted);
    assert.equal(await bytesUnderWay(socket), 0);
    socket.write(new Uint8Array(3_000_000));
    const before = await eventually("bytes under way", async () => {
      const bytes = await bytesUnderWay(socket);
      return bytes !== undefined && bytes > 200_000 && bytes;
    });
    assert.equal(await bytesUnderWay(socket), before);
    client.socket.resume();
    await eventually("all to be taken", async () => await bytesUnderWay(socket) === 0);
    assert.equal(client.received.length, 3_000_000);
  });
}
