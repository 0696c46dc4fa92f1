import { Buffer } from "node:buffer";
import { createSocket, type Socket } from "node:dgram";
import { isIPv6 } from "node:net";
import type { TestContext } from "node:test";

/** One record: an address for A and AAAA, or what an SRV record says. */
export type DnsRecord = string | { port: number; priority: number; weight: number; target: string };

/** What the server says of a name, or of one type of it, as in `app.test AAAA`; `silence` answers nothing, `failure` SERVFAIL. */
export type Zone = Map<string, readonly DnsRecord[] | "silence" | "failure">;

const A = 1, AAAA = 28, SRV = 33;
const TYPES = new Map([[A, "A"], [AAAA, "AAAA"], [SRV, "SRV"]]);
const SERVFAIL = 2, NXDOMAIN = 3;

/** A DNS server on UDP (RFC 1035) that knows a few names, which a test changes while it runs. */
export class DnsServer {
  readonly zone: Zone = new Map();
  /** TTL of every record, in seconds. */
  ttl = 1;
  /** Names that were asked for, one entry per question. */
  readonly asked: string[] = [];
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("message", (message, { port, address }) => {
      const answer = this.#answer(message);
      if (answer !== undefined) socket.send(answer, port, address);
    });
  }

  /** Listens on a free port of 127.0.0.1 until the end of the test. */
  static async listen(t: TestContext): Promise<DnsServer> {
    const socket = createSocket("udp4");
    await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
    t.after(() => new Promise<void>((resolve) => socket.close(() => resolve())));
    return new DnsServer(socket);
  }

  /** As the config names it. */
  get address(): string {
    return `127.0.0.1:${this.#socket.address().port}`;
  }

  #answer(message: Buffer): Buffer | undefined {
    const { name, end } = readName(message, 12);
    const type = message.readUInt16BE(end);
    this.asked.push(name);
    const known = this.zone.get(`${name} ${TYPES.get(type)}`) ?? this.zone.get(name);
    if (known === "silence") return undefined;
    const records = Array.isArray(known) ? known.filter((record) => typeOf(record) === type) : [];
    const code = known === "failure" ? SERVFAIL : known === undefined ? NXDOMAIN : 0;
    const header = Buffer.alloc(12);
    header.writeUInt16BE(message.readUInt16BE(0), 0);
    header.writeUInt16BE(0x8180 | code, 2); // an answer, recursion available
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(records.length, 6);
    const answers = records.map((record) => this.#encode(record));
    return Buffer.concat([header, message.subarray(12, end + 4), ...answers]);
  }

  #encode(record: DnsRecord): Buffer {
    const data = dataOf(record);
    const head = Buffer.alloc(12);
    head.writeUInt16BE(0xc00c, 0); // the name of the question
    head.writeUInt16BE(typeOf(record), 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt32BE(this.ttl, 6);
    head.writeUInt16BE(data.length, 10);
    return Buffer.concat([head, data]);
  }
}

function typeOf(record: DnsRecord): number {
  return typeof record !== "string" ? SRV : isIPv6(record) ? AAAA : A;
}

function dataOf(record: DnsRecord): Buffer {
  if (typeof record !== "string") {
    const numbers = Buffer.alloc(6);
    numbers.writeUInt16BE(record.priority, 0);
    numbers.writeUInt16BE(record.weight, 2);
    numbers.writeUInt16BE(record.port, 4);
    const labels = record.target.split(".").map((label) => Buffer.from(`\0${label}`));
    for (const label of labels) label[0] = label.length - 1;
    return Buffer.concat([numbers, ...labels, Buffer.alloc(1)]);
  }
  if (!isIPv6(record)) return Buffer.from(record.split(".").map(Number));
  if (record !== "::1") throw new Error("The server knows one IPv6 address only");
  return Buffer.from([...new Array<number>(15).fill(0), 1]);
}

/** The name at `from` in lower case, and where what follows it begins. */
function readName(message: Buffer, from: number): { name: string; end: number } {
  const labels: string[] = [];
  let at = from;
  while (message[at] !== 0) {
    labels.push(message.toString("latin1", at + 1, at + 1 + message[at]!));
    at += 1 + message[at]!;
  }
  return { name: labels.join(".").toLowerCase(), end: at + 1 };
}
