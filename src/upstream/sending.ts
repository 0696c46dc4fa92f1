import type { Socket } from "node:net";
import type { ProxyError } from "../base/errors.ts";
import { WRITE_FAILED } from "../net/failed-writes.ts";
import { MessageWriter, type WriterEvents } from "../wire/message-writer.ts";
import type { OutgoingRequest } from "./contract.ts";

/** Of a body of up to so many bytes a server that resets the connection has got all: more may be in buffers on the way. */
const SURELY_READ_BYTES = 64 * 1024;
/** Bytes of a body that a server which refuses the request may have left unread: what comes with the head is read with it. */
const MAYBE_UNREAD_BYTES = 16 * 1024;

/** What a connection learns of the request that it sends. */
export interface SendingEvents extends WriterEvents {
  /** The server takes no more for good: it has closed, perhaps after an answer that is still to be read. */
  onRefused(cause: Error & { code?: string }): void;
}

/** The requests of one connection on their way to its server, one after another. */
export class Sending {
  readonly #socket: Socket;
  readonly #events: SendingEvents;
  readonly #writer: MessageWriter;
  #body: OutgoingRequest["body"] = null;
  #refused = false;
  /** Bytes that had gone out at the last `measure`. */
  #gone = 0;

  constructor(socket: Socket, events: SendingEvents) {
    this.#socket = socket;
    this.#events = events;
    this.#writer = new MessageWriter(socket, { ...events, onDrained: () => this.#drained() });
    socket.on("drain", () => this.#writer.drained());
    socket.on(WRITE_FAILED, (error: Error) => {
      this.#refused = true;
      events.onRefused(error);
    });
  }

  /** Whether more of the request is to come. */
  get open(): boolean {
    return this.#writer.open;
  }

  /** Whether the server takes no bytes for now. */
  get blocked(): boolean {
    return this.#writer.blocked;
  }

  /** Whether all of the request has left this process; what has no body always counts as such. */
  get complete(): boolean {
    return this.#body === null || !(this.#writer.open || this.#refused || this.#socket.writableLength > 0);
  }

  /**
   * Whether the server may not have got all of the request: a part is still here, or where it `reset` the connection, which
   * systems do where a program closes on bytes that it did not read, on the way.
   */
  mayLack(reset: boolean): boolean {
    return !this.complete || (reset && this.#body !== null && this.#writer.bodyBytes > SURELY_READ_BYTES);
  }

  get hasBody(): boolean {
    return this.#body !== null;
  }

  /**
   * Whether a server that answered by `status` may have left a part of the body unread, in its own buffers: then it may
   * never read what comes after it either.
   */
  mayBeUnread(status: number): boolean {
    return !this.complete || (status >= 400 && this.#body !== null &&
      this.#writer.bodyBytes > MAYBE_UNREAD_BYTES);
  }

  /** Begins to send `request`, whose body goes on as it comes. */
  begin({ head, chunked, dropsTrailer, body }: OutgoingRequest): void {
    this.#body = body;
    this.#writer.begin(head, chunked, dropsTrailer);
    if (body === null) return this.#writer.end(undefined);
    body.start(this.#writer);
    if (this.#writer.open) this.#writer.flush();
  }

  /** Sends no more of the request: whoever makes its body learns `reason`. */
  stop(reason: ProxyError): void {
    if (!this.#writer.open) return;
    this.#writer.stop();
    this.#body?.cancel(reason);
  }

  /** Measures how much has gone out. Returns whether that is another amount than the time before. */
  measure(): boolean {
    const before = this.#gone;
    this.#gone = this.#writer.bodyBytes - this.#socket.writableLength;
    return this.#gone !== before;
  }

  /** Tells `judge` whether a server that takes no bytes for now takes some of them all the same. */
  look(judge: (takesSome: boolean) => void): void {
    this.#writer.look(judge);
  }

  #drained(): void {
    this.#events.onDrained();
    if (this.#writer.open) this.#body?.resume();
  }
}
