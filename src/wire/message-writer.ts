import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { ProxyError } from "../base/errors.ts";
import type { Fields } from "../http/fields.ts";
import { chunkSizeLine, type DropsField, lastChunk } from "../http1/encode.ts";
import { type HeadSource, Output } from "../http1/output.ts";
import type { BodySink } from "../message/body.ts";
import { LARGE_COPIES_SAVE_TIME } from "../net/gaps.ts";
import { MAX_WAITING_PIECES } from "../net/read-ahead.ts";
import { isReleasable, releaseMemory } from "../net/release.ts";
import { mustStop } from "./back-pressure.ts";
import { Uptake } from "./uptake.ts";

/** A piece up to this size is copied after what waits to be sent; a larger one is a write of its own. */
const COALESCE_BYTES = 16 * 1024;
/** The same where the socket holds nothing back, so that the copy is all that it costs. */
const COALESCE_IDLE_BYTES = LARGE_COPIES_SAVE_TIME ? 128 * 1024 : COALESCE_BYTES;
/** Where nothing waits, a piece up to this size waits for more. */
const JOINED_BYTES = 4 * 1024;

const NOTHING = new Uint8Array(0);

/** What the owner of a writer learns. */
export interface WriterEvents {
  /** The message is out, as far as this process is concerned. */
  onSent(): void;
  /** The body broke off; the owner must cut the connection. */
  onBroken(error: ProxyError): void;
  /** The peer takes no more bytes for now. */
  onBlocked(): void;
  /** It takes bytes again. */
  onDrained(): void;
}

/** Writes messages to a socket, one after another: the head, then the body in its framing. */
export class MessageWriter implements BodySink {
  readonly #socket: Socket;
  readonly #events: WriterEvents;
  readonly #output: Output;
  #chunked = false;
  #dropsTrailer: DropsField | undefined;
  #open = false;
  #blocked = false;
  /** Pieces written since the socket last had nothing to send. */
  #waiting = 0;
  /** Watches a peer that takes no more. */
  #uptake: Uptake | undefined;
  /** Body bytes of the current message, without framing. */
  bodyBytes = 0;

  constructor(socket: Socket, events: WriterEvents) {
    this.#socket = socket;
    this.#events = events;
    this.#output = new Output((socket as TLSSocket).encrypted === true);
  }

  /** Whether a message was begun and is not complete. */
  get open(): boolean {
    return this.#open;
  }

  /** Whether the socket holds as much as it may. */
  get blocked(): boolean {
    return this.#blocked;
  }

  /**
   * Begins a message; its head goes out with the first of its body, or at the next `flush`. `dropsTrailer` says which of its
   * trailer fields are left out. Where `head` throws, nothing of it is left.
   */
  begin(head: string | HeadSource, chunked: boolean, dropsTrailer?: DropsField): void {
    if (typeof head === "string") this.#output.text(head);
    else this.#writeHead(head);
    this.#chunked = chunked;
    this.#dropsTrailer = dropsTrailer;
    this.#open = true;
    this.#uptake = undefined;
    this.bodyBytes = 0;
  }

  /** Sends a complete message without a body, such as an interim answer, ahead of what is not begun yet. */
  sendHead(head: string): void {
    this.#output.text(head);
    this.flush();
  }

  write(chunk: Uint8Array): boolean {
    return this.writePart(chunk, 0, chunk.length);
  }

  writePart(chunk: Uint8Array, from: number, to: number): boolean {
    const length = to - from;
    if (!this.#open || length === 0) return !this.#blocked;
    this.bodyBytes += length;
    if (this.#chunked) this.#output.text(chunkSizeLine(length));
    if (length <= (this.#output.size > 0 ? this.#coalesced : JOINED_BYTES)) {
      this.#output.part(chunk, from, to);
    } else {
      this.#send();
      this.#pass(length === chunk.length ? chunk : chunk.subarray(from, to));
    }
    if (this.#chunked) this.#output.text("\r\n");
    if (this.#output.size > COALESCE_BYTES) this.#send();
    return this.#check();
  }

  flush(): boolean {
    this.#send();
    return this.#check();
  }

  release(chunk: Uint8Array): void {
    if (!isReleasable(chunk) || !this.#socket.writable) return; // the collector finds the rare one left
    this.#send();
    if (this.#socket.writableLength === 0) releaseMemory(chunk);
    else this.#pass(NOTHING, () => releaseMemory(chunk)); // after all that waits
  }

  end(trailers: Fields | undefined): void {
    if (!this.#open) return;
    if (this.#chunked) this.#output.text(lastChunk(trailers, this.#dropsTrailer));
    this.#open = false;
    this.flush();
    this.#events.onSent();
  }

  fail(error: ProxyError): void {
    if (!this.#open) return;
    this.#open = false;
    this.#events.onBroken(error);
  }

  /** Nothing more of the message goes out: the connection is of no use any more. */
  stop(): void {
    this.#open = false;
    this.#output.cut(0);
  }

  /**
   * Tells `judge` whether the peer takes any of what waits; not where it drains or closes before that is known. The next
   * call is about the time since then.
   */
  look(judge: (takesSome: boolean) => void): void {
    const uptake = this.#uptake ??= new Uptake(this.#socket);
    void uptake.look((takesSome) => {
      if (this.#uptake === uptake && !this.#socket.destroyed) judge(takesSome);
    });
  }

  /** The owner saw the socket's `drain`. */
  drained(): void {
    if (!this.#blocked) return;
    this.#blocked = false;
    this.#uptake = undefined;
    this.#events.onDrained();
  }

  /** Size up to which a piece is copied after what waits. */
  get #coalesced(): number {
    return this.#output.copies || this.#socket.writableLength > 0 ? COALESCE_BYTES : COALESCE_IDLE_BYTES;
  }

  #send(): void {
    if (this.#output.size === 0) return;
    this.#pass(this.#output.take());
    // A socket that holds nothing back has passed all of it on to the system, which has its own copy.
    this.#output.settle(this.#socket.writableLength === 0);
  }

  #writeHead(head: HeadSource): void {
    const { size } = this.#output;
    try {
      head.writeHead(this.#output);
    } catch (error) {
      this.#output.cut(size);
      throw error;
    }
  }

  #pass(piece: Uint8Array, done?: () => void): void {
    if (this.#socket.writableLength === 0) this.#waiting = 0;
    if (++this.#waiting === MAX_WAITING_PIECES) return this.#passLast(piece, done);
    this.#socket.write(piece, done);
  }

  /** Writes what many pieces wait in front of, so that the socket may be far from full and never say that they are out. */
  #passLast(piece: Uint8Array, done?: () => void): void {
    this.#socket.write(piece, () => {
      done?.();
      this.#waiting = 0;
      if (!this.#socket.writableNeedDrain && !this.#socket.destroyed) this.drained();
    });
  }

  #check(): boolean {
    if (this.#blocked) return false;
    const { writableLength } = this.#socket;
    if (writableLength === 0 || !mustStop(writableLength, this.#waiting)) return true;
    this.#blocked = true;
    this.#events.onBlocked();
    return false;
  }
}
