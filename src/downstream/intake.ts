import type { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { type ProxyError, toProxyError } from "../base/errors.ts";
import { type RefusedHead, RequestDecoder, type RequestHead } from "../http1/request-decoder.ts";
import { collectChunks, giveBack, isReleasable, releaseMemory } from "../net/release.ts";
import type { IntakeLimits } from "./reception.ts";
import { bodyTooLarge } from "./request-rules.ts";
import { RequestBody, type RequestReader } from "./request-body.ts";

/** Bytes of further requests that are read ahead while one is being answered. */
const MAX_READ_AHEAD_BYTES = 64 * 1024;

/** Bytes that may be left of a body nobody wants, and are read all the same, so that the connection stays open. */
const MAX_SKIPPED_BYTES = 64 * 1024;

/** What the owner of an intake learns. */
export interface IntakeEvents {
  /** A request begins; nothing more is read but its body, which `limitBody` may bound, until `next`. */
  onHead(head: RequestHead, body: RequestBody | null): void;
  /** A piece of the body was read. */
  onBodyData(length: number): void;
  /** Somebody wants more of the body. */
  onBodyWanted(): void;
  /** All that came was read, and more is needed. */
  onStarved(): void;
  /** Something came after `stop` and was thrown away. */
  onDiscarded(): void;
  /** What came breaks the protocol; nothing more can be read. */
  onMalformed(error: ProxyError): void;
}

/**
 * The reading half of a client's connection: one request at a time, its body as fast as somebody takes it.
 * What follows it stays unread, up to a bound, while the connection is still watched for its end.
 */
export class Intake implements RequestReader {
  readonly #socket: Socket;
  readonly #events: IntakeEvents;
  readonly #decoder: RequestDecoder;
  #body: RequestBody | undefined;
  #bodyBytes = 0;
  /** Bytes that the current body may have. */
  #maxBodyBytes = Infinity;
  /** Whether somebody has begun to read the current body. */
  #bodyRead = false;
  #inExchange = false;
  #skipping = false;
  #stopped = false;

  /** Heads are read within `limits`. */
  constructor(socket: Socket, limits: IntakeLimits, events: IntakeEvents) {
    this.#socket = socket;
    this.#events = events;
    this.#decoder = new RequestDecoder(limits, limits.ignoresHost);
    collectChunks(this.#decoder);
  }

  /** What is known of the head that was refused. */
  get refused(): RefusedHead | undefined {
    return this.#decoder.refused;
  }

  get insideHead(): boolean {
    return this.#decoder.insideHead;
  }

  /** Whether bytes were received that nobody has read. */
  get hasUnread(): boolean {
    return this.#decoder.unread > 0;
  }

  /** Whether a part of the current request's body was not read. */
  get incomplete(): boolean {
    return this.#body !== undefined && !this.#body.complete;
  }

  /** Whether what is left of the last exchange's body is being passed over. */
  get skipping(): boolean {
    return this.#skipping;
  }

  /**
   * Whether the current request is complete, or what is left of it can be passed over once it is answered: it is short,
   * or here already. A client that `asksFirst` whether to send its body may leave it out.
   */
  canGoOn(asksFirst: boolean): boolean {
    const body = this.#body;
    if (body === undefined || body.complete) return true;
    if (asksFirst && !this.hasUnread) return false;
    // How long the rest of a chunked body is, nobody knows before its end.
    if (body.length === undefined) return !this.#bodyRead && this.#decoder.holdsBody;
    return body.length - this.#bodyBytes <= MAX_SKIPPED_BYTES;
  }

  /** Whether somebody waits for more of the current request's body. */
  get bodyWanted(): boolean {
    return this.#body?.flowing === true;
  }

  /** Takes bytes from the socket. */
  push(chunk: Buffer): void {
    if (this.#stopped) {
      if (isReleasable(chunk)) releaseMemory(chunk);
      return this.#events.onDiscarded();
    }
    this.#decoder.push(chunk);
    if (this.#reading) this.#advance();
    else if (this.incomplete || this.#decoder.unread > MAX_READ_AHEAD_BYTES) this.#socket.pause();
  }

  /** The exchange is over: passes over what is left of its request, and reads the next. */
  next(): void {
    this.#skipping = this.incomplete;
    this.#bodyRead = false;
    this.#bodyBytes = 0;
    this.#body?.abandon();
    this.#body = undefined;
    this.#inExchange = false;
    this.#socket.resume();
    this.#advance();
  }

  /** For the body: somebody takes it. */
  readBody(): void {
    if (this.#stopped) return;
    this.#bodyRead = true;
    this.#events.onBodyWanted();
    this.#socket.resume();
    this.#advance();
  }

  /** The current body may have so many bytes. */
  limitBody(bytes: number | undefined): void {
    this.#maxBodyBytes = bytes ?? Infinity;
  }

  /** The current body breaks off. False where nobody takes it, so that nobody was told. */
  failBody(error: ProxyError): boolean {
    return this.#body?.fail(error) ?? false;
  }

  /** Reads nothing more; whatever comes is thrown away. */
  stop(): void {
    this.#stopped = true;
    this.#body?.abandon();
    this.#socket.resume();
  }

  /** Takes what was received and not read, to hand the connection over. */
  takeRest(): Buffer {
    this.#stopped = true;
    return this.#decoder.takeRest();
  }

  get #reading(): boolean {
    return !this.#inExchange || this.bodyWanted;
  }

  #advance(): void {
    try {
      while (this.#reading && !this.#stopped) {
        const step = this.#decoder.next();
        if (step === "more") {
          this.#body?.flush();
          giveBack(this.#decoder, this.#body);
          return this.#events.onStarved();
        }
        if (step === "head") this.#begin(this.#decoder.head);
        else if (this.#skipping) this.#skipping = step === "data";
        else if (step === "data") {
          const { dataLength: length } = this.#decoder;
          this.#bodyBytes += length;
          if (this.#bodyBytes > this.#maxBodyBytes) throw bodyTooLarge(this.#maxBodyBytes);
          this.#events.onBodyData(length);
          // What came may have been too late.
          if (this.bodyWanted) this.#body!.deliver(this.#decoder);
        } else {
          this.#body?.end(this.#decoder.trailers);
          giveBack(this.#decoder, this.#body);
        }
      }
    } catch (error) {
      this.#stopped = true; // what comes after it cannot be understood any more
      this.#events.onMalformed(toProxyError(error));
    }
  }

  #begin(head: RequestHead): void {
    this.#inExchange = true;
    this.#maxBodyBytes = Infinity;
    const { framing } = head;
    if (framing.kind === "length" && framing.length === 0) this.#decoder.next(); // the end, at once
    else this.#body = new RequestBody(framing, this);
    this.#events.onHead(head, this.#body ?? null);
  }
}
