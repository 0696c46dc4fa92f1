import { readFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { parseIpBlock } from "../http/ip.ts";

/**
 * Where Linux shows the queues of all TCP sockets, and how many digits an address has there. Deno lets a program read them
 * only where it may do everything.
 */
const TABLES = [{ path: "/proc/net/tcp", digits: 8 }, { path: "/proc/net/tcp6", digits: 32 }] as const;
/** Looking at the tables is followed by a rest of so many times what it took, up to a second. */
const REST_FACTOR = 10;
const MAX_REST_MS = 1000;
/** What stands before an IPv4 address where a socket of IPv6 has it, in the tables' form. */
const MAPPED = "0000000000000000FFFF0000";

/** What is known of one connection. */
interface Known {
  /** Bytes that its peer's kernel has not acknowledged; undefined where its row was not found. */
  sent: number | undefined;
  /** Bytes that its peer has not read, where the peer is on this machine too. */
  unread: number;
}

/** One look at the tables, for all sockets that somebody asked about since the last. */
class Look {
  readonly done: Promise<void>;
  /** By both ends as the tables name them: our own first, and the peer's first. */
  readonly #ours = new Map<string, Known>();
  readonly #theirs = new Map<string, Known>();

  constructor(afterMs: number) {
    this.done = new Promise((resolve) => setTimeout(resolve, afterMs)).then(() => this.#take());
  }

  /** Asks about the connection between `ends`, which may stand in the tables in several forms. */
  add(ends: readonly Ends[]): Known {
    const [first] = ends;
    const known = this.#ours.get(`${first!.local} ${first!.remote}`) ?? { sent: undefined, unread: 0 };
    for (const { local, remote } of ends) {
      this.#ours.set(`${local} ${remote}`, known);
      this.#theirs.set(`${remote} ${local}`, known);
    }
    return known;
  }

  async #take(): Promise<void> {
    next = undefined;
    const began = performance.now();
    const texts = await Promise.all(TABLES.map(({ path }) => readTable(path)));
    readable = texts.some((text) => text !== undefined);
    TABLES.forEach(({ digits }, i) => this.#search(texts[i] ?? "", 2 * (digits + ":0050".length) + 1));
    const now = performance.now();
    restsUntil = now + Math.min(MAX_REST_MS, REST_FACTOR * (now - began));
  }

  /** Looks for what was asked about in rows like `0: LOCAL:PORT REMOTE:PORT 01 SENT:UNREAD …`, whose ends are `width` long. */
  #search(text: string, width: number): void {
    for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", end + 1)) {
      const at = text.indexOf(": ", end) + ": ".length;
      const ends = text.slice(at, at + width);
      const ours = this.#ours.get(ends);
      const theirs = this.#theirs.get(ends);
      const queues = at + width + " 01 ".length;
      if (ours !== undefined) ours.sent = parseInt(text.slice(queues, queues + 8), 16);
      if (theirs !== undefined) theirs.unread = parseInt(text.slice(queues + 9, queues + 17), 16);
    }
  }
}

/** Undefined where it cannot be read, now and later; empty where no file can be opened at the moment. */
function readTable(path: string): Promise<string | undefined> {
  return readFile(path, "latin1").catch(({ code }) =>
    code === "EMFILE" || code === "ENFILE" ? "" : undefined
  );
}

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
  const known = look.add(ends);
  await look.done;
  return known.sent === undefined ? undefined : known.sent + known.unread;
}

/** Both ends of a connection, as the tables name them. */
interface Ends {
  readonly local: string;
  readonly remote: string;
}

/** The ends in each form that they may have there. */
function endsOf({ localAddress, localPort, remoteAddress, remotePort }: Socket): Ends[] | undefined {
  const local = hexOf(localAddress);
  const remote = hexOf(remoteAddress);
  if (local === undefined || remote === undefined) return undefined;
  const ends = (from: string, to: string) => ({
    local: `${from}:${hex(localPort!, 4)}`,
    remote: `${to}:${hex(remotePort!, 4)}`,
  });
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
