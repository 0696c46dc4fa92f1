// Bytes arrive as they were sent, also where they wait on their way.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { Socket } from "node:net";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { asked, bodyOf, bytes, dechunk, get, ok, openScene, request } from "./scene.ts";

const SIZE = 6_000_000;
const DATA = pattern(SIZE);
const DIGEST = digest(DATA);
const SWITCH = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n";

test("forward() carries an answer with a length unharmed to a client that stops and goes", async (t) => {
  const { server, client } = await openScene(t);
  const c = await client();
  stopAndGo(c.socket);
  c.send(get());
  const connection = await asked(server);
  connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${SIZE}\r\n\r\n`);
  writeOddly(connection.socket, DATA);
  await eventually("all of it", () => c.received.length > SIZE);
  assert.equal(digest(bytes(bodyOf(c.received))), DIGEST);
});

test("forward() carries a chunked answer unharmed to a client that stops and goes", async (t) => {
  const { server, client } = await openScene(t);
  const c = await client();
  stopAndGo(c.socket);
  c.send(get());
  const connection = await asked(server);
  connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  writeOddly(connection.socket, chunked(DATA));
  await eventually("all of it", () => c.received.length > SIZE && c.received.endsWith("\r\n0\r\n\r\n"));
  assert.equal(digest(bytes(dechunk(bodyOf(c.received)).body)), DIGEST);
});

test("forward() carries an upload unharmed to a server that stops and goes", async (t) => {
  const { server, client } = await openScene(t, {
    onConnection: (connection) => stopAndGo(connection.socket),
  });
  const c = await client();
  c.send(request("POST", "/", [`Content-Length: ${SIZE}`]));
  writeOddly(c.socket, DATA);
  const connection = await asked(server);
  await eventually("all of it", () => connection.received.length > SIZE);
  assert.equal(digest(bytes(bodyOf(connection.received))), DIGEST);
});

test("joinTunnel() carries bytes unharmed both ways at the same time", async (t) => {
  const { server, client } = await openScene(t, {
    onConnection: (connection) => stopAndGo(connection.socket),
  });
  const c = await client();
  c.send(get("/", "Connection: Upgrade", "Upgrade: x"));
  const connection = await asked(server);
  connection.send(SWITCH);
  await c.until("\r\n\r\n");
  stopAndGo(c.socket);
  writeOddly(c.socket, DATA);
  writeOddly(connection.socket, DATA);
  await eventually("all of it", () => connection.received.length > SIZE && c.received.length > SIZE);
  assert.equal(digest(bytes(bodyOf(connection.received))), DIGEST);
  assert.equal(digest(bytes(bodyOf(c.received))), DIGEST);
});

test("DownstreamConnection carries pipelined answers unharmed to a client that stops and goes", async (t) => {
  let turn = 0;
  const answers = Array.from(
    { length: 200 },
    (_, i) => DATA.toString("latin1", i * 97, i * 97 + 100 + i * 150),
  );
  const { client } = await openScene(t, { answer: () => ok(answers[turn++]!) });
  const c = await client();
  stopAndGo(c.socket);
  c.send(get().repeat(answers.length));
  const total = answers.reduce((sum, answer) => sum + answer.length, 0);
  const found: string[] = [];
  let at = 0;
  await eventually("every answer", () => {
    for (;;) {
      const end = c.received.indexOf("\r\n\r\n", at) + 4;
      const length = Number(/Content-Length: (\d+)/.exec(c.received.slice(at, end))?.[1]);
      if (end === 3 || !(c.received.length >= end + length)) return found.length === answers.length;
      found.push(c.received.slice(end, end + length));
      at = end + length;
    }
  });
  assert.ok(found.every((answer, i) => answer === answers[i]));
  assert.ok(total > 2_000_000);
});

/** Bytes that repeat nowhere near, so that nothing lost, doubled, swapped or overwritten goes unseen. */
function pattern(length: number): Buffer {
  const data = Buffer.alloc(length);
  let state = 1;
  for (let i = 0; i < length; i++) {
    data[i] = (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) >>> 24;
  }
  return data;
}

function digest(data: Buffer): string {
  return createHash("sha256").update(data).digest("hex");
}

function chunked(data: Buffer): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0, i = 0; at < data.length; i++) {
    const piece = data.subarray(at, at + oddLength(i));
    pieces.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from("\r\n"));
    at += piece.length;
  }
  return Buffer.concat([...pieces, Buffer.from("0\r\n\r\n")]);
}

/** Writes `data` in pieces from one byte to 150 KB. */
function writeOddly(socket: Socket, data: Buffer): void {
  for (let at = 0, i = 0; at < data.length; i++) {
    const length = oddLength(i);
    socket.write(data.subarray(at, at + length));
    at += length;
  }
}

function oddLength(i: number): number {
  return [1, 70_000, 17, 16_385, 2_049, 150_001, 65_536, 4_096][i % 8]!;
}

/** Makes `socket` stop reading for a moment again and again. */
function stopAndGo(socket: Socket): void {
  let pieces = 0;
  socket.on("data", () => {
    if (++pieces % 7 !== 0 || pieces > 300) return;
    socket.pause();
    setTimeout(() => socket.resume(), 3);
  });
}
