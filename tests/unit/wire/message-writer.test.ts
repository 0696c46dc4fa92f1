import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { test, type TestContext } from "node:test";
import type { Output } from "../../../src/http1/output.ts";
import { MessageWriter } from "../../../src/wire/message-writer.ts";
import { eventually } from "../../support/eventually.ts";
import { Stuck } from "../../support/stuck.ts";

const ONE = Buffer.from("x");

/** A writer for `socket`, in the middle of a message, and how often it blocked and drained. */
function open(socket: Socket) {
  const seen = { blocked: 0, drained: 0 };
  const writer = new MessageWriter(socket, {
    onSent() {},
    onBroken() {},
    onBlocked: () => seen.blocked++,
    onDrained: () => seen.drained++,
  });
  socket.on("drain", () => writer.drained());
  writer.begin("HEAD", false);
  return { writer, seen };
}

test("MessageWriter asks its source to stop where many small pieces wait, and to go on when they are out", async () => {
  const to = new Stuck();
  const { writer, seen } = open(to as unknown as Socket);
  let sent = "HEAD";
  for (let i = 0; i < 1000; i++) {
    const piece = String(i % 10);
    sent += piece;
    writer.write(Buffer.from(piece));
    if (!writer.flush()) break;
  }
  assert.ok(sent.length < 200, `${sent.length} pieces wait`);
  assert.deepEqual([writer.blocked, seen.blocked, seen.drained], [true, 1, 0]);
  to.open();
  await eventually("room", () => seen.drained === 1);
  assert.equal(writer.blocked, false);
  assert.equal(to.taken, sent);
});

test("MessageWriter counts complete messages as pieces too: a client may ask on and never read", () => {
  const { writer, seen } = open(new Stuck() as unknown as Socket);
  let sent = 0;
  for (; sent < 1000 && !writer.blocked; sent++) {
    writer.end(undefined);
    writer.begin("HEAD", false);
  }
  assert.ok(sent < 200, `${sent} messages wait`);
  assert.equal(seen.blocked, 1);
});

test("MessageWriter goes on behind many pieces of a peer that reads again", async (t) => {
  const { socket, peer } = await openPair(t);
  peer.pause();
  let received = 0;
  peer.on("data", (chunk) => received += chunk.length).pause();
  const { writer, seen } = open(socket);
  const piece = Buffer.alloc(48 * 1024);
  while (!writer.blocked) {
    // Less waits than makes the socket say `drain`; the rest is single bytes.
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, 20);
      socket.write(piece, () => (clearTimeout(timer), resolve()));
    });
    for (let i = 0; i < 200 && !writer.blocked; i++) {
      writer.write(ONE);
      writer.flush();
    }
  }
  peer.resume();
  await eventually("room", () => seen.drained > 0);
  const { bodyBytes } = writer;
  await eventually(
    "all of it",
    () => socket.writableLength === 0 && received % piece.length === 4 + bodyBytes,
  );
});

test("MessageWriter sends every byte as it was, though pages serve many connections and some peers do not read", async (t) => {
  const pairs = await Promise.all([openPair(t), openPair(t), openPair(t)]);
  const received = pairs.map(({ peer }, i) => {
    const seen = { text: "" };
    peer.on("data", (chunk) => seen.text += chunk.toString("latin1"));
    if (i !== 1) peer.pause(); // two of three read nothing for now
    return seen;
  });
  const writers = pairs.map(({ socket }) => open(socket).writer);
  const sent = writers.map(() => "HEAD");
  // Until some of what is not read waits in the process, as the system takes no more.
  for (let round = 0; !(writers[0]!.blocked && writers[2]!.blocked); round++) {
    assert.ok(round < 5000, "the system takes everything");
    for (const [i, writer] of writers.entries()) {
      if (writer.blocked) continue;
      for (const part of ["one", "two", "three"]) {
        const piece = `${i}:${round}:${part};`.padEnd(4000, String.fromCharCode(97 + (i * 7 + round) % 26));
        sent[i] += piece;
        writer.write(Buffer.from(piece));
      }
      writer.flush();
    }
    if (round % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  for (const { peer } of pairs) peer.resume();
  for (let i = 0; i < pairs.length; i++) {
    await eventually("all of it", () => received[i]!.text.length === sent[i]!.length);
    assert.ok(received[i]!.text === sent[i]);
  }
});

for (const chunked of [false, true]) {
  test(`MessageWriter sends pieces of every size as they were behind heads, chunked: ${chunked}`, async (t) => {
    const { socket, peer } = await openPair(t);
    const received: Buffer[] = [];
    peer.on("data", (bytes) => void received.push(bytes as Buffer)).pause(); // so that some waits
    const { writer } = open(socket);
    writer.end(undefined);
    const sent = [Buffer.from("HEAD")];
    let fill = 0;
    for (let round = 0; round < 8; round++) {
      for (const size of [1, 4097, 16384, 16385, 65536, 131072, 131073, 400_000]) {
        const piece = Buffer.alloc(size, ++fill);
        writer.begin(`HEAD ${size}`, chunked);
        writer.write(piece);
        writer.write(ONE);
        writer.end(undefined);
        const parts = chunked ? [`${size.toString(16)}\r\n`, piece, "\r\n1\r\nx\r\n0\r\n\r\n"] : [piece, "x"];
        sent.push(...[`HEAD ${size}`, ...parts].map((part) => Buffer.from(part)));
      }
    }
    peer.resume();
    const all = Buffer.concat(sent);
    await eventually("all of it", () => received.reduce((sum, { length }) => sum + length, 0) === all.length);
    assert.ok(Buffer.concat(received).equals(all));
  });
}

test("MessageWriter.begin() leaves nothing of a head that cannot be written", () => {
  const to = new Stuck();
  to.open();
  const { writer } = open(to as unknown as Socket);
  writer.end(undefined);
  const broken = {
    writeHead(output: Output) {
      output.text("HALF OF");
      throw new Error("no other half");
    },
  };
  assert.throws(() => writer.begin(broken, false), /no other half/);
  writer.begin({ writeHead: (output) => output.text("WHOLE") }, false);
  writer.end(undefined);
  assert.equal(to.taken, "HEADWHOLE");
});

/** Both ends of a connection. */
async function openPair(t: TestContext): Promise<{ socket: Socket; peer: Socket }> {
  const listener = createServer();
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const accepted = new Promise<Socket>((resolve) => listener.once("connection", resolve));
  const peer = connect((listener.address() as AddressInfo).port, "127.0.0.1");
  const socket = await accepted;
  t.after(() => {
    socket.destroy();
    peer.destroy();
    listener.close();
  });
  return { socket, peer };
}
