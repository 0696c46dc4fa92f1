// Memory is bounded by the configuration, not by the traffic (promise 5). Linux only: it reads /proc.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readdirSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import process from "node:process";
import { test, type TestContext } from "node:test";
import { eventually } from "../support/eventually.ts";
import { Program } from "../support/program.ts";

const MIB = 1024 * 1024;
const LARGE = 1024 * MIB;
const WARM_UP = 128 * MIB;
const ALLOWED_GROWTH = 20 * MIB;
/** What a runtime opens for itself as it goes: Deno a pair of sockets that wakes one of its threads. */
const OWN_DESCRIPTORS = 4;
const PIECE = Buffer.alloc(64 * 1024, "x");
const OPTIONS = {
  timeout: 60_000,
  skip: process.platform === "linux" ? false : "NOT TESTED: MEMORY IS MEASURED ON LINUX ONLY",
};

/** Times that growth is measured, of a flow each in a process of its own: a collector that lags behind is no buffer. */
const TRIES = 3;

/** What a server does with a connection, and how one flow of so many bytes goes through the proxy. */
const FLOWS: [
  what: string,
  answer: Answer,
  flow: (port: number, bytes: number) => Promise<void>,
  keys?: string,
][] = [
  ["download of 1 GiB by a client that pauses", (socket, length) => {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\n`);
    void pour(socket, length);
  }, download],
  ["upload of 1 GiB to a server that pauses", (socket, length) => {
    void drink(socket, length).then(() =>
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    );
  }, upload],
  [
    "download of 1 GiB by a cache that keeps less",
    (socket, length) => {
      const head = `Cache-Control: max-age=3600\r\nContent-Length: ${length}\r\nConnection: close`;
      socket.write(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n`);
      void pour(socket, length);
    },
    download,
    "cache = true",
  ],
  [
    "download of 1 GiB without a length by such a cache",
    (socket, length) => {
      socket.write("HTTP/1.1 200 OK\r\nCache-Control: max-age=3600\r\nConnection: close\r\n\r\n");
      void pour(socket, length).then(() => socket.end());
    },
    download,
    "cache = true",
  ],
];
for (const [what, answer, flow, keys] of FLOWS) {
  test(`the ${what} takes less than 20 MiB`, OPTIONS, async (t) => {
    let least = Infinity;
    for (let i = 0; i < TRIES && least >= ALLOWED_GROWTH; i++) {
      const { program, port } = await start(t, answer, keys);
      const warm = await peak(program, async () => {
        for (let i = 0; i < 8; i++) await flow(port, WARM_UP);
      });
      const grown = await peak(program, () => flow(port, LARGE)) - warm;
      report(t, what, grown);
      least = Math.min(least, grown);
    }
    assert.ok(least < ALLOWED_GROWTH);
  });
}

test("10,000 aborted requests leave no descriptor and no memory behind", OPTIONS, async (t) => {
  const { program, port } = await start(t, (socket) => {
    socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
  });
  const atStart = descriptors(program);
  let highest = await peak(program, () => abortMany(port, 10_000));
  await settled(program, atStart + OWN_DESCRIPTORS);
  let least = Infinity; // what stays behind is there after every round, a heap that still finds its size is not
  for (let i = 0; i < TRIES && least >= ALLOWED_GROWTH; i++) {
    const reached = await peak(program, () => abortMany(port, 10_000));
    await settled(program, atStart + OWN_DESCRIPTORS);
    report(t, "10,000 aborts", reached - highest);
    least = Math.min(least, reached - highest);
    highest = Math.max(highest, reached);
  }
  assert.ok(least < ALLOWED_GROWTH);
});

type Answer = (socket: Socket, length: number) => void;

/**
 * A proxy in a process of its own, whose frontend has `keys` as well, and a server whose `answer` gets each connection and
 * the bytes that are left.
 */
async function start(
  t: TestContext,
  answer: Answer,
  keys = "",
): Promise<{ program: Program; port: number }> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    let head = "";
    const onData = (chunk: Buffer) => {
      head += chunk.toString("latin1");
      const end = head.indexOf("\r\n\r\n");
      if (end === -1) return;
      socket.off("data", onData);
      socket.pause();
      const bodyBytes = head.length - end - 4; // of the body, behind the head
      answer(socket, Number(/X-Length: (\d+)/.exec(head)?.[1]) - bodyBytes);
    };
    socket.on("data", onData);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const program = await Program.run(`
    [log]
    access = false
    [[frontends]]
    bind = "127.0.0.1:0"
    default_backend = "app"
    half_close = "abort" # a client that closes while its server says nothing is to be missed at once
    ${keys}
    [backends.app]
    servers = ["http://127.0.0.1:${(server.address() as AddressInfo).port}"]
  `);
  t.after(async () => {
    await program.dispose();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { program, port: program.port };
}

/** Bytes that the sender of the transfer under way has got rid of. */
let sent = 0;

/** Writes `length` bytes as fast as the other side takes them. */
async function pour(socket: Socket, length: number): Promise<void> {
  sent = 0;
  while (sent < length && !socket.destroyed) {
    const piece = PIECE.subarray(0, Math.min(PIECE.length, length - sent));
    sent += piece.length;
    if (!socket.write(piece)) await new Promise<void>((resolve) => socket.once("drain", () => resolve()));
  }
}

/** Reads `length` bytes, but stops after a quarter until the sender has come to a stop as well. */
async function drink(socket: Socket, length: number): Promise<void> {
  let received = 0;
  let rested = false;
  let failed: Error | undefined;
  socket.on("data", (chunk) => {
    received += chunk.length;
    if (rested || received < length / 4) return;
    rested = true;
    socket.pause();
    untilStopped().then(() => socket.resume(), (error) => failed = error);
  });
  socket.resume();
  await eventually(`${length} bytes to arrive`, () => {
    if (failed !== undefined) throw failed;
    return received >= length;
  }, 30_000);
}

/** Waits until the sender has not moved for a while. */
async function untilStopped(): Promise<void> {
  let last = -1;
  let polls = 0;
  await eventually("the sender to be held back", () => {
    polls = sent === last ? polls + 1 : 0;
    last = sent;
    return polls >= 20;
  }, 10_000);
}

async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1" });
  socket.on("error", () => {});
  await new Promise<void>((resolve) => socket.once("connect", () => resolve()));
  return socket;
}

async function download(port: number, length: number): Promise<void> {
  const socket = await open(port);
  socket.write(`GET / HTTP/1.1\r\nHost: a.example\r\nX-Length: ${length}\r\n\r\n`);
  await drink(socket, length);
  socket.destroy();
}

async function upload(port: number, length: number): Promise<void> {
  const socket = await open(port);
  let answer = "";
  socket.on("data", (chunk) => answer += chunk.toString());
  socket.write(
    `POST / HTTP/1.1\r\nHost: a.example\r\nX-Length: ${length}\r\nContent-Length: ${length}\r\n\r\n`,
  );
  await pour(socket, length);
  await eventually("the answer", () => answer.includes(" 200 OK"), 30_000);
  socket.destroy();
}

/** Sends `count` requests, each given up: unanswered, in the middle of the answer, or in the middle of an upload. */
async function abortMany(port: number, count: number): Promise<void> {
  let begun = 0;
  const one = async () => {
    while (begun < count) {
      const kind = begun++ % 4;
      const socket = await open(port);
      const upload = kind === 1 ? "Content-Length: 1000\r\n\r\nhalf" : "\r\n";
      socket.write(`${kind === 1 ? "POST" : "GET"} / HTTP/1.1\r\nHost: a.example\r\n${upload}`);
      if (kind > 1) await new Promise<void>((resolve) => socket.once("data", () => resolve()));
      if (kind === 3) socket.destroy();
      else socket.resetAndDestroy();
    }
  };
  await Promise.all(Array.from({ length: 50 }, one));
}

/** The most resident memory while `work` ran, in bytes. */
async function peak(program: Program, work: () => Promise<void>): Promise<number> {
  let most = program.residentBytes;
  const sampler = setInterval(() => most = Math.max(most, program.residentBytes), 10);
  try {
    await work();
  } finally {
    clearInterval(sampler);
  }
  return Math.max(most, program.residentBytes);
}

function descriptors(program: Program): number {
  return readdirSync(`/proc/${program.child.pid}/fd`).length;
}

/** Waits until no more than `most` descriptors are open. */
async function settled(program: Program, most: number): Promise<void> {
  await eventually("the descriptors to be closed", () => descriptors(program) <= most, 10_000);
}

function report(t: TestContext, what: string, bytes: number): void {
  t.diagnostic(`${what}: the highest resident memory rose by ${(bytes / MIB).toFixed(1)} MiB`);
}
