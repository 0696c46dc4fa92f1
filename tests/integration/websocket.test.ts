// The WebSocket client and server of the registry talk through the proxy: frames of every kind arrive as they were sent.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { closeOf, collect, type Ws } from "../support/ws.ts";
import { connect, openEcho } from "./websocket-scene.ts";

const KIB = 1024;
const MIB = KIB * KIB;

const SIZES = [1, 125, 126, 65_535, 65_536, MIB, 16 * MIB];
for (const size of SIZES) {
  test(`joinTunnel() carries a message of ${size} bytes both ways, as text and binary`, async (t) => {
    const { connect } = await openEcho(t);
    const ws = await connect([], { perMessageDeflate: false });
    const messages = collect(ws);
    const text = "0123456789abcdef".repeat(Math.ceil(size / 16)).slice(0, size);
    const binary = Buffer.alloc(size, Uint8Array.from({ length: 251 }, (_, i) => i));
    ws.send(text);
    ws.send(binary);
    await eventually("both echoes", () => messages.length === 2, 10_000);
    assert.ok(messages[0] === text);
    assert.ok(binary.equals(messages[1] as Buffer));
  });
}

test("joinTunnel() carries compressed messages and the subprotocol that the server chose", async (t) => {
  const { connect } = await openEcho(t);
  const ws = await connect(["nope", "echo.v2"]);
  assert.equal(ws.protocol, "echo.v2");
  assert.match(ws.extensions, /permessage-deflate/);
  const messages = collect(ws);
  const texts = ["hello", "grüße 🙂", "x".repeat(70_000), "", "hello"];
  for (const text of texts) ws.send(text);
  const binary = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
  ws.send(binary);
  await eventually("all echoes", () => messages.length === 6);
  assert.deepEqual(messages, [...texts, binary]);
});

const EXTENSIONS: [why: string, server: unknown, client: unknown, agreed: RegExp][] = [
  ["none where the server has none", false, {}, /^$/],
  ["none where the client has none", {}, false, /^$/],
  ["with no_context_takeover", { serverNoContextTakeover: true }, {}, /^permessage-deflate$/],
];
for (const [why, server, client, agreed] of EXTENSIONS) {
  test(`joinTunnel() leaves the extensions to the two ends: ${why}`, async (t) => {
    const { connect } = await openEcho(t, { server: { perMessageDeflate: server } });
    const ws = await connect([], { perMessageDeflate: client });
    assert.match(ws.extensions, agreed);
    const messages = collect(ws);
    for (let i = 0; i < 3; i++) ws.send("again and again");
    await eventually("the echoes", () => messages.length === 3);
    assert.deepEqual(new Set(messages), new Set(["again and again"]));
  });
}

test("joinTunnel() gives the client no subprotocol where the server chose none", async (t) => {
  const { connect, sockets } = await openEcho(t, { server: { handleProtocols: () => false } });
  // The client of `ws` takes it for a failure that it gets none of those it asked for.
  await assert.rejects(connect(["a", "b"]), /Server sent no subprotocol/);
  assert.equal((await eventually("the server's side", () => sockets[0])).protocol, "");
});

test("joinTunnel() carries fragmented messages with pings in between (RFC 6455 §5.4)", async (t) => {
  const { connect, sockets } = await openEcho(t);
  for (const compress of [false, true]) {
    const ws = await connect([], { perMessageDeflate: compress });
    const messages = collect(ws);
    const pings: string[] = [];
    sockets.at(-1)!.on("ping", (data: Buffer) => pings.push(data.toString()));
    for (let i = 0; i < 10; i++) {
      ws.send(`part ${i},`, { fin: i === 9 });
      if (i < 9) ws.ping(String(i));
    }
    ws.send(Buffer.alloc(70_000, 1), { fin: false });
    ws.send(Buffer.alloc(70_000, 2), { fin: true });
    await eventually("both echoes", () => messages.length === 2);
    assert.equal(messages[0], Array.from({ length: 10 }, (_, i) => `part ${i},`).join(""));
    assert.deepEqual(messages[1], Buffer.concat([Buffer.alloc(70_000, 1), Buffer.alloc(70_000, 2)]));
    assert.deepEqual(pings, Array.from({ length: 9 }, (_, i) => String(i)));
  }
});

test("joinTunnel() carries pings and pongs both ways, up to their largest size", async (t) => {
  const { connect, sockets } = await openEcho(t);
  const ws = await connect();
  const [client, server] = [ws, await eventually("the server's side", () => sockets[0])];
  for (const from of [client, server]) {
    const pongs: string[] = [];
    from.on("pong", (data: Buffer) => pongs.push(data.toString()));
    for (const text of ["", "are you there", "x".repeat(125)]) from.ping(text);
    await eventually("three pongs", () => pongs.length === 3);
    assert.deepEqual(pongs, ["", "are you there", "x".repeat(125)]);
  }
});

/** Every code that may stand in a Close frame, or the ends of a range of them (RFC 6455 §7.4), and none. */
const CODES = [
  undefined,
  1000,
  1001,
  1002,
  1003,
  1007,
  1008,
  1009,
  1010,
  1011,
  1012,
  1013,
  1014,
  3000,
  4001,
  4999,
];
test("joinTunnel() carries every close code with its reason, from either end (RFC 6455 §7.4)", async (t) => {
  const { connect, sockets, proxy } = await openEcho(t);
  for (const from of ["client", "server"]) {
    for (const code of CODES) {
      const client = await connect();
      const server = await eventually("the server's side", () => sockets.pop());
      const closes = Promise.all([closeOf(client), closeOf(server)]);
      const reason = `said by the ${from}`;
      (from === "client" ? client : server).close(code, code === undefined ? undefined : reason);
      const expected = code === undefined ? "1005" : `${code} ${reason}`;
      assert.deepEqual(await closes, [expected, expected]);
    }
  }
  await eventually("the tunnels to end", () => proxy.inFlight() === 0 && proxy.running.connections === 0);
  await eventually("their log lines", () => proxy.accesses.length === 2 * CODES.length);
  for (const { status, reason } of proxy.accesses) assert.deepEqual([status, reason], [101, "ok"]);
});

test("joinTunnel() carries 100 WebSockets at the same time", async (t) => {
  const { proxy } = await openEcho(t);
  const all = await Promise.all(Array.from({ length: 100 }, () => connect(proxy)));
  const messages = all.map(collect);
  all.forEach((ws, i) => ws.send(`number ${i}`));
  await eventually("every echo", () => messages.every((list) => list.length === 1));
  messages.forEach((list, i) => assert.deepEqual(list, [`number ${i}`]));
  assert.equal(proxy.inFlight(), 100);
  for (const ws of all) ws.terminate();
  await eventually("all tunnels to end", () => proxy.inFlight() === 0);
});

const DEATHS: [who: "client" | "server", where: string, bytes: number[], reason: string][] = [
  ["server", "between two frames", [], "ok"],
  ["server", "in a header", [0x82, 126, 0], "upstream_reset"],
  ["server", "in a payload", [0x82, 100, 1, 2, 3], "upstream_reset"],
  ["client", "in a payload", [0x82, 0x80 | 100, 0, 0, 0, 0, 1, 2, 3], "client_closed"],
];
for (const [who, where, bytes, reason] of DEATHS) {
  test(`joinTunnel() shows one end that the other died: the ${who}, ${where}`, async (t) => {
    const { connect, sockets, proxy } = await openEcho(t);
    const client = await connect([], { perMessageDeflate: false });
    const server = await eventually("the server's side", () => sockets[0]);
    const [dead, other]: Ws[] = who === "server" ? [server, client] : [client, server];
    const messages = collect(other!);
    other!.on("error", () => {});
    const closed = closeOf(other!);
    dead!._socket.end(Uint8Array.from(bytes));
    assert.equal(await closed, "1006");
    assert.deepEqual(messages, []);
    assert.equal((await proxy.access(0))["reason"], reason);
  });
}
