import type { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { field, Wire } from "./wire.ts";

/** An answer that was read to its end. */
export interface Answer {
  status: number;
  head: string;
  bytes: number;
  /** Checksum of the body. */
  sum: string;
  /** The body as text, where it is short. */
  text: string;
}

const SHORT_BYTES = 1024;

/** One of the load's clients: it has a connection that it keeps, and opens others. */
export class Guest {
  readonly port: number;
  readonly #open = new Set<Wire>();
  #kept: Wire | undefined;

  constructor(port: number) {
    this.port = port;
  }

  /** A connection for one use. */
  async fresh(): Promise<Wire> {
    const wire = await Wire.open(this.port);
    this.#open.add(wire);
    return wire;
  }

  /** The connection that is kept from one use to the next. */
  async kept(): Promise<Wire> {
    return this.#kept ??= await Wire.open(this.port);
  }

  /** Reads an answer on the kept connection, which is given up where the answer says so. */
  async keptAnswer(): Promise<Answer> {
    const wire = await this.kept();
    const answer = await readAnswer(wire);
    if (field(answer.head, "connection")?.toLowerCase() === "close") {
      wire.close();
      this.#kept = undefined;
    }
    return answer;
  }

  /** Closes what a use has left open; with `all` the kept connection as well. */
  tidy(all: boolean): void {
    for (const wire of this.#open) wire.close();
    this.#open.clear();
    if (!all) return;
    this.#kept?.close();
    this.#kept = undefined;
  }
}

/** Reads a whole answer; `pause`, if given, is awaited behind each piece of the body. */
export async function readAnswer(wire: Wire, pause?: () => Promise<void>): Promise<Answer> {
  const head = await wire.head();
  if (head === undefined) throw new Error("the end of the connection in place of an answer");
  const hash = createHash("sha1");
  let bytes = 0;
  let text = "";
  await wire.body(head, (piece: Buffer) => {
    hash.update(piece);
    bytes += piece.length;
    if (bytes <= SHORT_BYTES) text += piece.toString("latin1");
    return pause?.();
  });
  return { status: Number(head.slice(9, 12)), head, bytes, sum: hash.digest("hex"), text };
}

/** Throws unless the answer is as wanted. */
export function expectAnswer(answer: Answer, wanted: Partial<Answer>): void {
  for (const [key, value] of Object.entries(wanted)) {
    const got = answer[key as keyof Answer];
    if (got !== value) {
      throw new Error(
        `${key} ${JSON.stringify(got)} in place of ${JSON.stringify(value)}: ${answer.text.slice(0, 100)}`,
      );
    }
  }
}
