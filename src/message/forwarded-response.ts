import type { Buffer } from "node:buffer";
import { ProxyError } from "../base/errors.ts";
import type { Fields } from "../http/fields.ts";
import type { DropsField } from "../http1/encode.ts";
import type { BodySource } from "./body.ts";
import { toStream } from "./body-stream.ts";
import { delegateRest } from "./delegate.ts";
import { reconcile } from "./merged-headers.ts";
import type { UpstreamTunnel } from "./tunnel.ts";

/** Statuses whose Response must be built without a body (Fetch standard, null body status). */
const NULL_BODY: ReadonlySet<number> = new Set([101, 103, 204, 205, 304]);

/** What stands for a status that a web-standard Response cannot have. */
export const STATUS_SHOWN = 502;

/** The head of an answer of a server. */
export interface AnswerHead {
  readonly status: number;
  readonly reason: string;
  /** End-to-end fields only, what was for one connection being gone; or `AnswerExtras.unsettled`. */
  readonly fields: Fields;
}

/**
 * Fields that go out as they are, with some lines behind them, as long as nobody looks at them: what a server sent, where
 * what is for one connection is left out by whoever writes it anyway; or what a cache keeps for many.
 */
export interface Unsettled {
  /** The lines behind them, as bytes. */
  readonly lastLines: Buffer;
  /** The fields that the client gets, for one who looks at them and may change them: `fields` itself, or a copy. */
  settle(fields: Fields): Fields;
}

/** What an answer seldom has. */
export interface AnswerExtras {
  /** Which trailer fields of the body are left out. */
  readonly dropsTrailer?: DropsField | undefined;
  /** What is left to do to the fields, once somebody looks at them. */
  readonly unsettled?: Unsettled | undefined;
  /** With status 101, or a 200 to CONNECT: the server's side of the tunnel. */
  readonly tunnel?: UpstreamTunnel | undefined;
  /** Whether the client's connection closes after it, as an app has asked for. */
  readonly closes?: boolean;
}

/**
 * An answer of a server that passes for a web-standard `Response`. Nobody having looked, its fields and body
 * go to the client as they came, from socket to socket; a middleware that asks gets a real `Headers` and a
 * real `ReadableStream`, and what it changes is what is sent.
 */
export class ForwardedResponse {
  readonly #head: AnswerHead;
  #fields: Fields;
  readonly #extras: AnswerExtras | undefined;
  #source: BodySource | null;
  #dropsTrailer: DropsField | undefined;
  #unsettled: Unsettled | undefined;
  #headers: Headers | undefined;
  #native: Response | undefined;

  constructor(head: AnswerHead, body: BodySource | null, extras?: AnswerExtras) {
    this.#head = head;
    this.#fields = head.fields;
    this.#extras = extras;
    this.#dropsTrailer = extras?.dropsTrailer;
    this.#unsettled = extras?.unsettled;
    this.#source = body;
  }

  /** The status that the class can show: `STATUS_SHOWN` for one beyond its range. */
  get status(): number {
    const { status } = this.#head;
    return status > 599 ? STATUS_SHOWN : status;
  }

  /** The status as the server sent it. */
  get sentStatus(): number {
    return this.#head.status;
  }

  get statusText(): string {
    return this.#head.reason;
  }

  get tunnel(): UpstreamTunnel | undefined {
    return this.#extras?.tunnel;
  }

  get dropsTrailer(): DropsField | undefined {
    return this.#dropsTrailer;
  }

  /** Whether the client's connection closes after it. */
  get closes(): boolean {
    return this.#extras?.closes === true;
  }

  /** Whether somebody has looked at it as at a Response, and so may have changed it. */
  get touched(): boolean {
    return this.#headers !== undefined || this.#native !== undefined;
  }

  /** Length of the body that nobody has looked at or taken; 0 where there is none, undefined where it is not known. */
  get bodyLength(): number | undefined {
    return this.#source === null ? 0 : this.#source.length;
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  get headers(): Headers {
    this.settle();
    return this.#headers ??= this.#fields.toHeaders();
  }

  get body(): ReadableStream<Uint8Array<ArrayBuffer>> | null {
    return this.#native !== undefined || this.#source !== null ? nativeOf(this).body : null;
  }

  get bodyUsed(): boolean {
    return this.#native?.bodyUsed ?? false;
  }

  clone(): Response {
    return nativeOf(this).clone();
  }

  /** Makes the fields those that the client gets, for whoever looks at them. */
  settle(): void {
    const unsettled = this.#unsettled;
    if (unsettled === undefined) return;
    this.#unsettled = undefined;
    this.#fields = unsettled.settle(this.#fields);
  }

  /** The lines to write behind the fields, where nobody has looked at them. */
  get lastLines(): Buffer | undefined {
    return this.#unsettled?.lastLines;
  }

  /**
   * The fields to send: as they came, or brought in line with the Headers that somebody asked for. Only who has had them
   * settled may change them.
   */
  takeFields(): Fields {
    return this.#headers === undefined ? this.#fields : reconcile(this.#fields, this.#headers);
  }

  /** Hands the body over: the untouched source, or the stream it became. Throws a TypeError where it was read. */
  takeBody(): BodySource | ReadableStream<Uint8Array> | null {
    if (this.#native !== undefined) {
      if (this.#native.bodyUsed) throw new TypeError("Cannot send the answer: its body was read already");
      return this.#native.body;
    }
    const source = this.#source;
    this.#source = null;
    return source;
  }

  /** Has what `wrap` makes of the body sent in its place, where there is one, without the trailer fields that `drops` names. */
  wrapBody(wrap: (source: BodySource) => BodySource, drops?: DropsField): void {
    if (this.#source !== null) this.#source = wrap(this.#source);
    const before = this.#dropsTrailer;
    if (drops !== undefined) {
      this.#dropsTrailer = before === undefined ? drops : (kind) => before(kind) || drops(kind);
    }
  }

  /** Cancels a body that nobody has taken. */
  drop(reason: ProxyError): void {
    const source = this.#source;
    this.#source = null;
    source?.cancel(reason);
    if (this.#native?.bodyUsed === false) this.#native.body?.cancel(reason).catch(() => {}); // somebody may read it
  }

  /** The real Response, made now. */
  materialize(): Response {
    if (this.#native !== undefined) return this.#native;
    // A standard Response of these statuses has no body.
    if (NULL_BODY.has(this.status)) this.drop(new ProxyError("client_closed", "Such an answer has no body"));
    const source = this.#source;
    this.#source = null;
    return this.#native = new Response(source === null ? null : toStream(source), {
      status: this.status >= 200 ? this.status : STATUS_SHOWN,
      statusText: this.statusText,
      headers: this.headers,
    });
  }
}

delegateRest(ForwardedResponse.prototype, new Response(null), nativeOf);

/** `response` under its standard type. */
export function asResponse(response: ForwardedResponse): Response {
  return response as unknown as Response;
}

function nativeOf(self: object): Response {
  return (self as ForwardedResponse).materialize();
}
