import type { Buffer } from "node:buffer";
import type { Fields } from "../http/fields.ts";
import { copyBytes } from "./copy-bytes.ts";
import { Page } from "./page.ts";

/** What writes its head down by itself, more than once if need be. */
export interface HeadSource {
  writeHead(output: Output): void;
}

/**
 * Collects one burst of output, so that it leaves in one write: a head and the first of its body, or a run of little
 * chunks. Text is latin1, the coding of everything in HTTP/1.1 outside bodies.
 *
 * It is put down on a page that serves the next burst of any connection at once where this one was taken entirely, as it
 * nearly always is.
 */
export class Output {
  #page: Page | undefined;
  #size = 0;
  /** Received lines that follow one another and are not put down yet: a run of these bytes. */
  #run: Buffer | undefined;
  #runFrom = 0;
  #runTo = 0;
  /** The page that was taken. */
  #taken: Page | undefined;
  /** Whether who takes it keeps it, so that it gets a copy. */
  #copies: boolean;

  /** `copies`: what is taken is not used up at once, as by a connection under TLS. */
  constructor(copies = false) {
    this.#copies = copies;
  }

  /** Number of bytes collected. */
  get size(): number {
    return this.#size + this.#runTo - this.#runFrom;
  }

  /** Whether what is taken costs another copy. */
  get copies(): boolean {
    return this.#copies;
  }

  /** Adds `text`. */
  text(text: string): void {
    const { bytes } = this.#room(text.length);
    const at = this.#size;
    // A plain loop: `Buffer.write` is many times slower on one runtime.
    for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
    this.#size = at + text.length;
  }

  /** Adds `bytes`, which may change afterwards. */
  bytes(bytes: Uint8Array): void {
    this.part(bytes, 0, bytes.length);
  }

  /** Adds those of `bytes` between `from` and `to`. */
  part(bytes: Uint8Array, from: number, to: number): void {
    const page = this.#room(to - from);
    copyBytes(bytes, from, to, page.bytes, this.#size);
    this.#size += to - from;
  }

  /** Adds a field line, `Name: value` and CRLF: as the bytes that came where they are in that form. */
  line(fields: Fields, line: number): void {
    const from = fields.rawFrom(line);
    if (from === -1) {
      this.text(fields.name(line));
      this.text(": ");
      this.text(fields.value(line));
      this.text("\r\n");
    } else if (from === this.#runTo && this.#run === fields.bytes) this.#runTo = fields.rawTo(line);
    else {
      this.#endRun();
      this.#run = fields.bytes;
      this.#runFrom = from;
      this.#runTo = fields.rawTo(line);
    }
  }

  /** Takes back what was collected beyond `size` bytes. */
  cut(size: number): void {
    this.#endRun();
    this.#size = size;
    if (size === 0) this.#free();
  }

  /** Takes all that was collected, to be sent at once; then `settle` is to be called. */
  take(): Buffer {
    this.#endRun();
    const page = this.#room(0);
    const size = this.#size;
    this.#size = 0;
    if (this.#copies) {
      const copy = page.copyOf(size);
      this.#free();
      return copy;
    }
    this.#page = undefined;
    this.#taken = page;
    return page.first(size);
  }

  /** Learns whether what was taken is used up, so that its page is free; otherwise the page is the taker's. */
  settle(usedUp: boolean): void {
    if (this.#taken === undefined) return;
    if (usedUp) this.#taken.giveBack();
    else this.#copies = true;
    this.#taken = undefined;
  }

  #room(bytes: number): Page {
    if (this.#run !== undefined) this.#endRun();
    const page = this.#page ??= Page.take();
    return this.#size + bytes <= page.bytes.length ? page : this.#grow(bytes);
  }

  #grow(bytes: number): Page {
    const grown = Page.of(this.#size + bytes);
    copyBytes(this.#page!.bytes, 0, this.#size, grown.bytes, 0);
    this.#free();
    return this.#page = grown;
  }

  /** Puts the run down. */
  #endRun(): void {
    const run = this.#run;
    if (run === undefined) return;
    const from = this.#runFrom, to = this.#runTo;
    this.#run = undefined;
    this.#runFrom = this.#runTo = 0;
    this.part(run, from, to);
  }

  #free(): void {
    this.#page?.giveBack();
    this.#page = undefined;
  }
}
