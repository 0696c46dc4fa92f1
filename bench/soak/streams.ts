import { Buffer } from "node:buffer";
import { createHash, randomBytes } from "node:crypto";
import { type Act, get } from "./act.ts";
import { BINARY, CLOSE, encodeFrame, readFrame } from "./frames.ts";
import { type Guest, readAnswer } from "./guest.ts";
import { MIB } from "./payload.ts";
import { field, type Wire } from "./wire.ts";

const MESSAGE_BYTES = [0, 1, 125, 126, 4000, 70_000];
const EVENT_COUNT = 8;

/** WebSockets and event streams, that end and that break off. */
export const STREAMS: readonly Act[] = [
  { name: "WebSocket", weight: 15, run: talk },
  {
    name: "WebSocket that vanishes",
    weight: 10,
    async run(guest) {
      const wire = await openWebSocket(guest);
      await send(wire, MIB.subarray(0, 1000));
      if (Math.random() < 0.5) wire.reset();
      else wire.close();
    },
  },
  { name: "event stream", weight: 10, run: listen },
  {
    name: "event stream that is left",
    weight: 10,
    async run(guest) {
      const wire = await guest.fresh();
      await wire.write(get("/to/events", "Accept: text/event-stream\r\n"));
      for (let received = ""; !received.includes("data: event 1");) {
        const chunk = await wire.chunk();
        if (chunk === undefined) throw new Error("an event stream that ended early");
        received += chunk.toString("latin1");
      }
    },
  },
];

async function talk(guest: Guest): Promise<void> {
  const wire = await openWebSocket(guest);
  for (const size of MESSAGE_BYTES) {
    const payload = MIB.subarray(size, 2 * size);
    const sent = send(wire, payload);
    const { opcode, payload: echoed } = await readFrame(wire);
    if (opcode !== BINARY || !echoed.equals(payload)) {
      throw new Error(`an echo of ${size} bytes that differs`);
    }
    await sent;
  }
  const code = Buffer.of(3, 0xe8); // 1000, RFC 6455 §7.4.1
  await wire.write(encodeFrame({ opcode: CLOSE, payload: code }, randomBytes(4)));
  const { opcode, payload } = await readFrame(wire);
  if (opcode !== CLOSE || !payload.equals(code)) throw new Error("another frame in place of Close 1000");
  await wire.ended();
}

async function openWebSocket(guest: Guest): Promise<Wire> {
  const wire = await guest.fresh();
  const key = randomBytes(16).toString("base64");
  await wire.write(get(
    "/to/websocket",
    `Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n`,
  ));
  const head = await wire.head() ?? "";
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  if (!head.startsWith("HTTP/1.1 101 ") || field(head, "sec-websocket-accept") !== accept) {
    throw new Error(`no WebSocket: ${JSON.stringify(head.slice(0, 200))}`);
  }
  return wire;
}

function send(wire: Wire, payload: Buffer): Promise<void> {
  return wire.write(encodeFrame({ opcode: BINARY, payload }, randomBytes(4)));
}

async function listen(guest: Guest): Promise<void> {
  const wire = await guest.fresh();
  await wire.write(get("/to/events", "Accept: text/event-stream\r\n"));
  const { status, text } = await readAnswer(wire);
  const count = text.match(/^data: event \d$/gm)?.length;
  if (status !== 200 || count !== EVENT_COUNT) {
    throw new Error(`an event stream of ${count} events, ${status}`);
  }
}
