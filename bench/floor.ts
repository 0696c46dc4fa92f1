/**
 * The floor that the proxies are measured against: a forwarder on node:net that does the least a proxy could.
 *
 *   floor.ts PORT ORIGIN_PORT
 *
 * It checks every byte of a head, marks each field, makes text of nothing, adds the lines that a proxy adds, and hands
 * bytes on as they came: one write for each packet. No proxy: a head comes in one packet or not at all, nobody pipelines,
 * and no failure is told to anybody.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { connect, createServer, type Socket } from "node:net";
import { BodyEnd } from "./floor/body-end.ts";
import { HeadMarks } from "./floor/head-marks.ts";

const [port, originPort] = process.argv.slice(2).map(Number);

const TO_ORIGIN = Buffer.from(
  "X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: a\r\nX-Real-IP: 127.0.0.1\r\n" +
    "X-Request-Id: 0123456789abcdef-1\r\nVia: 1.1 floor\r\n",
);
const TO_CLIENT = Buffer.from("Via: 1.1 floor\r\n");

const marks = new HeadMarks();

/** Connections to the origin that wait for a request; the last used is the next. */
const idle: Upstream[] = [];

/** One connection to the origin, and whom it serves now. */
class Upstream {
  readonly #socket: Socket;
  readonly #body = new BodyEnd();
  #client: Downstream | undefined;

  constructor() {
    this.#socket = connect({ port: originPort!, host: "127.0.0.1", noDelay: true });
    this.#socket.on("data", (bytes: Buffer) => this.#take(bytes));
    this.#socket.on("error", () => {});
    this.#socket.on("close", () => this.#leave());
  }

  send(client: Downstream, bytes: Uint8Array): void {
    this.#client = client;
    this.#socket.write(bytes);
  }

  #take(bytes: Buffer): void {
    const client = this.#client;
    if (client === undefined) return void this.#socket.destroy(); // nobody has asked for anything
    const begins = this.#body.ended;
    const out = begins ? withLines(bytes, marks.read(bytes), TO_CLIENT) : bytes;
    if (begins) this.#body.begin(marks, bytes, true);
    else this.#body.take(bytes, 0);
    if (this.#body.ended) {
      this.#client = undefined;
      client.answered();
      idle.push(this);
    }
    client.write(out);
  }

  #leave(): void {
    const place = idle.indexOf(this);
    if (place !== -1) idle.splice(place, 1);
    this.#client?.close();
  }
}

/** One client, and the connection that serves it while a request is under way. */
class Downstream {
  readonly #socket: Socket;
  readonly #body = new BodyEnd();
  #upstream: Upstream | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (bytes: Buffer) => this.#take(bytes));
    socket.on("error", () => {});
    socket.on("end", () => socket.destroy());
  }

  write(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  answered(): void {
    this.#upstream = undefined;
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(bytes: Buffer): void {
    if (!this.#body.ended) {
      this.#body.take(bytes, 0);
      return this.#upstream?.send(this, bytes);
    }
    const out = withLines(bytes, marks.read(bytes), TO_ORIGIN);
    this.#body.begin(marks, bytes, false);
    this.#upstream = idle.pop() ?? new Upstream();
    this.#upstream.send(this, out);
  }
}

/** A copy of `bytes` with `lines` in front of the empty line that ends the head at `end`. */
function withLines(bytes: Buffer, end: number, lines: Buffer): Buffer {
  const out = Buffer.allocUnsafe(bytes.length + lines.length);
  out.set(bytes.subarray(0, end - 2));
  out.set(lines, end - 2);
  out.set(bytes.subarray(end - 2), end - 2 + lines.length);
  return out;
}

createServer({ noDelay: true, allowHalfOpen: true }, (socket) => void new Downstream(socket))
  .listen(port, "127.0.0.1");
