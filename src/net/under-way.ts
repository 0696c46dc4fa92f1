import { readFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { parseIpBlock } from "../http/ip.ts";

/** Where Linux shows the queues of all TCP sockets. Deno lets a program read them only where it may do everything. */
const TABLES = ["/proc/net/tcp", "/proc/net/tcp6"];
/** Looking at the tables is followed by a rest of so many times what it took, up to a second. */
const REST_FACTOR = 10;
const MAX_REST_MS = 1000;
/** What stands before an IPv4 address where a socket of IPv6 has it, in the tables' form. */
const MAPPED = "0000000000000000FFFF0000";

/** One look at the tables, for all sockets that somebody asked about since the last. */
class Look {
  readonly done: Promise<void>;
  /** What is known of each connection, by its two ends as the tables name them, our own first. */
  readonly #bytes = new Map<string, number | undefined>();

  constructor(afterMs: number) {
    this.done = new Promise((resolve) => setTimeout(resolve, afterMs)).then(() => this.#take());
  }

  /** Asks about a connection. */
  add(ends: readonly string[]): void {
    for (const key of ends) this.#bytes.set(key, undefined);
  }

  bytesOf(ends: readonly string[]): number | undefined {
    return ends.map((key) => this.#bytes.get(key)).find((bytes) => bytes !== undefined);
  }

  async #take(): Promise<void> {
    next = undefined;
    const began = performance.now();
    const texts = await Promise.all(TABLES.map(readTable));
    readable = texts.some((text) => text !== undefined);
    const unread: [key: string, bytes: number][] = [];
    for (const line of texts.flatMap((text) => text?.split("\n") ?? [])) {
      const [, local, remote, sent, received] = ROW.exec(line) ?? [];
      if (local === undefined) continue;
      const ours = `${local} ${remote}`;
      if (this.#bytes.has(ours)) this.#bytes.set(ours, parseInt(sent!, 16));
      // The other end, where it is on this machine: what it was sent and has not read.
      const theirs = `${remote} ${local}`;
      if (this.#bytes.has(theirs)) unread.push([theirs, parseInt(received!, 16)]);
    }
    for (const [key, bytes] of unread) this.#bytes.set(key, (this.#bytes.get(key) ?? 0) + bytes);
    const now = performance.now();
    restsUntil = now + Math.min(MAX_REST_MS, REST_FACTOR * (now - began));
  }
}

/** Undefined where it cannot be read, now and later; empty where no file can be opened at the moment. */
function readTable(path: string): Promise<string | undefined> {
  return readFile(path, "latin1").catch(({ code }) =>
    code === "EMFILE" || code === "ENFILE" ? "" : undefined
  );
}

/** A row of a table: both ends, the state, the bytes not acknowledged and the bytes not read. */
const ROW =
  /^ *\d+: ([0-9A-F]+:[0-9A-F]{4}) ([0-9A-F]+:[0-9A-F]{4}) [0-9A-F]{2} ([0-9A-F]{8}):([0-9A-F]{8}) /;

let next: Look | undefined;
let restsUntil = 0;
let readable = true;

/**
 * Bytes that were given to the kernel for the peer of `socket` and that the peer's kernel has not acknowledged, or, where
 * the peer is on this machine, that it has not read. Undefined where the kernel does not tell.
 */
export async function bytesUnderWay(socket: Socket): Promise<number | undefined> {
  const ends = endsOf(socket);
  if (ends === undefined || !readable) return undefined;
  const look = next ??= new Look(Math.max(0, restsUntil - performance.now()));
  look.add(ends);
  await look.done;
  return look.bytesOf(ends);
}

/** Both ends as the tables name them, in each form that they may have there. */
function endsOf({ localAddress, localPort, remoteAddress, remotePort }: Socket): string[] | undefined {
  const local = hexOf(localAddress);
  const remote = hexOf(remoteAddress);
  if (local === undefined || remote === undefined) return undefined;
  const ends = (from: string, to: string) => `${from}:${hex(localPort!, 4)} ${to}:${hex(remotePort!, 4)}`;
  if (!local.startsWith(MAPPED) || !remote.startsWith(MAPPED)) return [ends(local, remote)];
  return [ends(local, remote), ends(local.slice(MAPPED.length), remote.slice(MAPPED.length))];
}

/** An address as 32 digits: words of four bytes, each with its last byte first. */
function hexOf(address: string | undefined): string | undefined {
  const groups = address === undefined ? undefined : parseIpBlock(address)?.groups;
  if (groups === undefined) return undefined;
  let text = "";
  for (let i = 0; i < groups.length; i += 2) text += swapped(groups[i + 1]!) + swapped(groups[i]!);
  return text;
}

function swapped(group: number): string {
  return hex(group & 0xff, 2) + hex(group >> 8, 2);
}

function hex(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, "0");
}
