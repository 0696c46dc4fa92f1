/**
 * The server behind the soak, a program of its own: `origin.ts PORT`. It knows the paths below, on kept connections.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { CLOSE, encodeFrame, readFrame } from "./frames.ts";
import { MIB } from "./payload.ts";
import { field, Wire } from "./wire.ts";

const SLOW_MS = 300;
const EVENTS = 8;
const EVENT_MS = 25;
const CHUNK_BYTES = 10_000;

type Answer = (wire: Wire, head: string) => Promise<void>;

const ANSWERS: Record<string, Answer> = {
  "/small": (wire) => wire.write(whole("200 OK", "Hello, world!")),
  "/to/mib": async (wire) => {
    await wire.write(`HTTP/1.1 200 OK\r\nContent-Length: ${MIB.length}\r\n\r\n`);
    await wire.write(MIB);
  },
  "/to/chunked": sendChunked,
  "/to/sum": sendSum,
  "/to/slow": async (wire) => {
    await sleep(SLOW_MS);
    await wire.write(whole("200 OK", "late"));
  },
  "/to/error": (wire) => wire.write(whole("500 Internal Server Error", "a fault of the server")),
  "/to/events": sendEvents,
  "/to/websocket": echo,
};

createServer({ noDelay: true }, (socket) => {
  const wire = new Wire(socket);
  // A connection that breaks is the business of the load, which makes them break.
  serve(wire).catch(() => {}).finally(() => wire.close());
}).listen(Number(process.argv.at(-1)), "127.0.0.1");

async function serve(wire: Wire): Promise<void> {
  for (let head; (head = await wire.head()) !== undefined;) {
    const path = head.split(" ", 2)[1]!;
    const answer = ANSWERS[path];
    if (answer !== sendSum) await wire.body(head, () => {});
    await (answer?.(wire, head) ?? wire.write(whole("404 Not Found", "no such path of the origin")));
    if (answer === echo) return;
  }
}

function whole(status: string, body: string): string {
  return `HTTP/1.1 ${status}\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

async function sendChunked(wire: Wire): Promise<void> {
  await wire.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (let at = 0; at < MIB.length && !wire.socket.destroyed; at += CHUNK_BYTES) {
    const piece = MIB.subarray(at, at + CHUNK_BYTES);
    await wire.write(`${piece.length.toString(16)}\r\n`);
    await wire.write(piece);
    await wire.write("\r\n");
  }
  await wire.write("0\r\n\r\n");
}

/** Says how many bytes came, and their checksum. */
async function sendSum(wire: Wire, head: string): Promise<void> {
  const hash = createHash("sha1");
  let bytes = 0;
  await wire.body(head, (piece) => {
    hash.update(piece);
    bytes += piece.length;
  });
  await wire.write(whole("200 OK", `${bytes} ${hash.digest("hex")}`));
}

async function sendEvents(wire: Wire): Promise<void> {
  await wire.write(
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n",
  );
  for (let i = 0; i < EVENTS && !wire.socket.destroyed; i++) {
    const text = `id: ${i}\ndata: event ${i}\n\n`;
    await wire.write(`${text.length.toString(16)}\r\n${text}\r\n`);
    await sleep(EVENT_MS);
  }
  await wire.write("0\r\n\r\n");
}

/** Sends every message back, and the Close frame as well. */
async function echo(wire: Wire, head: string): Promise<void> {
  const key = `${field(head, "sec-websocket-key")}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  await wire.write(
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      `Sec-WebSocket-Accept: ${createHash("sha1").update(key).digest("base64")}\r\n\r\n`,
  );
  for (let opcode = 0; opcode !== CLOSE;) {
    const frame = await readFrame(wire);
    opcode = frame.opcode;
    await wire.write(encodeFrame(frame));
  }
  wire.socket.end();
  await wire.ended();
}
