// What a WebSocket costs that says nothing. Linux only: it reads /proc.
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { Program } from "../support/program.ts";
import { collect, WebSocket, type Ws } from "../support/ws.ts";
import { openEchoServer } from "./websocket-scene.ts";

const COUNT = 1000;
const KIB = 1024;
/** Both connections, the tunnel, and what the runtime keeps for them. Seen: 32 KiB on Bun, 35 to 42 KiB on Deno. */
const ALLOWED_BYTES_EACH = 80 * KIB;
const OPTIONS = {
  skip: process.platform === "linux" ? false : "NOT TESTED: MEMORY IS MEASURED ON LINUX ONLY",
};

test(`joinTunnel() keeps ${COUNT} idle WebSockets in little memory`, OPTIONS, async (t) => {
  const { port } = await openEchoServer(t);
  const program = await Program.run(`
    [log]
    access = false
    [[frontends]]
    bind = "127.0.0.1:0"
    default_backend = "app"
    [backends.app]
    servers = ["http://127.0.0.1:${port}"]
  `);
  t.after(() => program.dispose());
  // A first round makes the program ready, so that only the sockets are measured.
  for (const ws of await openMany(program.port, COUNT / 4)) ws.terminate();
  const before = program.residentBytes;
  const all = await openMany(program.port, COUNT);
  const each = (program.residentBytes - before) / COUNT;
  t.diagnostic(`${COUNT} idle WebSockets: ${(each / KIB).toFixed(1)} KiB of resident memory each`);
  assert.ok(each < ALLOWED_BYTES_EACH);
  const messages = all.map(collect);
  all.forEach((ws, i) => ws.send(String(i)));
  await eventually("every echo", () => messages.every((list) => list.length === 1));
  messages.forEach((list, i) => assert.deepEqual(list, [String(i)]));
  for (const ws of all) ws.terminate();
});

async function openMany(port: number, count: number): Promise<Ws[]> {
  const all: Ws[] = [];
  while (all.length < count) {
    const some = Array.from({ length: 50 }, () => open(port));
    all.push(...await Promise.all(some));
  }
  return all;
}

function open(port: number): Promise<Ws> {
  const ws = new WebSocket(`ws://127.0.0.1:${port}`, [], { perMessageDeflate: false });
  return new Promise((resolve, reject) => {
    ws.on("error", reject as never);
    ws.on("open", () => resolve(ws));
  });
}
