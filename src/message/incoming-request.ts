import { fieldName } from "../http/field-name.ts";
import { Fields } from "../http/fields.ts";
import { NO_BODY } from "../http/framing.ts";
import { keepFromConnection } from "../http/hop-by-hop.ts";
import { comparablePath, pathOf } from "../http/path.ts";
import type { DropsField } from "../http1/encode.ts";
import type { RequestHead } from "../http1/request-decoder.ts";
import type { BodySource } from "./body.ts";
import { StreamSource, toStream } from "./body-stream.ts";
import { copyLosesMethod, teachRequest } from "./copied-request.ts";
import { delegateRest } from "./delegate.ts";
import { Exchange } from "./exchange.ts";
import { reconcile } from "./merged-headers.ts";

/** Name and value of a field, one character for each byte. */
export type FieldLine = readonly [name: string, value: string];

/**
 * A request as the engine read it. It passes for a web-standard `Request` wherever one is asked for, but its
 * URL, `Headers` and `ReadableStream` come into being only when somebody looks; a request that is only routed
 * and forwarded never makes them.
 */
export class IncomingRequest {
  readonly head: RequestHead;
  readonly exchange: Exchange;
  /** The body, untouched; null where the request has none or when it became a stream. */
  #source: BodySource | null;
  #headers: Headers | undefined;
  #native: Request | undefined;
  #url: string | undefined;
  #comparablePath: string | undefined;
  #taken = false;
  /** What is made of the body, where a Request was made of this before somebody asked for it. */
  #wrap: ((source: BodySource) => BodySource) | undefined;

  constructor(head: RequestHead, exchange: Exchange, source: BodySource | null) {
    this.head = head;
    this.exchange = exchange;
    this.#source = source;
  }

  get method(): string {
    return this.head.method;
  }

  /**
   * Scheme, authority and target as they came: nothing is decoded or resolved, so that routing and the server
   * see the same bytes. Bytes outside ASCII are escaped one by one.
   */
  get url(): string {
    return this.#url ??= `${this.exchange.peer.secure ? "https" : "http"}://${
      this.head.authority || "localhost"
    }${escapeBytes(this.head.target.path)}`;
  }

  get headers(): Headers {
    return this.#headers ??= this.head.fields.toHeaders();
  }

  get signal(): AbortSignal {
    return this.exchange.signal;
  }

  get body(): ReadableStream<Uint8Array<ArrayBuffer>> | null {
    return this.#native !== undefined || this.#source !== null ? nativeOf(this).body : null;
  }

  get bodyUsed(): boolean {
    return this.#native?.bodyUsed ?? false;
  }

  clone(): Request {
    return nativeOf(this).clone();
  }

  /** The path that servers may take this one for; see `comparablePath`. */
  get comparablePath(): string {
    return this.#comparablePath ??= comparablePath(pathOf(this.target));
  }

  /** The path and query, byte for byte. */
  get target(): string {
    return this.head.target.path;
  }

  /** Length of the body; 0 where there is none, undefined where it is not known, or somebody has looked at it. */
  get bodyLength(): number | undefined {
    if (this.#source !== null) return this.#source.length;
    return this.#native === undefined ? 0 : undefined;
  }

  /** Has what `wrap` makes of the body forwarded in its place, where there is one. */
  wrapBody(wrap: (source: BodySource) => BodySource): void {
    if (this.#source !== null) this.#source = wrap(this.#source);
    else if (this.#native !== undefined) this.#wrap = wrap;
  }

  /** The fields to forward: as received, or brought in line with the Headers that somebody asked for. */
  takeFields(): Fields {
    return this.#headers === undefined ? this.head.fields : reconcile(this.head.fields, this.#headers);
  }

  /**
   * Puts `lines` in the place of what the client sent under the names that `drops` says so of, for all who look at the
   * request from now on. Nothing that the client says takes them away, or adds to them behind its body.
   */
  setOwnFields(drops: DropsField, lines: readonly FieldLine[]): void {
    const { fields } = this.head;
    fields.removeWhere(drops);
    keepFromConnection(fields, drops);
    for (const [name, value] of lines) fields.append(name, value);
    this.exchange.ownFields = drops;
    if (this.#headers === undefined) return;
    for (const name of [...this.#headers.keys()]) if (drops(fieldName(name))) this.#headers.delete(name);
    for (const [name, value] of lines) this.#headers.append(name, value);
  }

  /**
   * Hands the body over to be forwarded: the untouched source, or the stream that it became. Null for none.
   * Throws a TypeError where there is a body and it was read or taken already.
   */
  takeBody(): BodySource | ReadableStream<Uint8Array> | null {
    if (this.#native !== undefined) {
      if (this.#native.bodyUsed) throw new TypeError("Cannot forward the request: its body was read already");
      const { body } = this.#native;
      const wrap = this.#wrap;
      return body === null || wrap === undefined ? body : wrap(new StreamSource(body, undefined));
    }
    if (this.#taken) throw new TypeError("Cannot forward the request again: its body was sent already");
    const source = this.#source;
    this.#source = null;
    this.#taken = source !== null;
    return source;
  }

  /** An app reads the body: no server is there to send the 100 that the client may wait for (RFC 9110 §10.1.1). */
  #askForBody(): void {
    if (this.exchange.awaitsContinue) this.exchange.inform(100, "Continue", undefined);
  }

  /** Some hosts that a Host field may have are none to URL parsers: `1.2.3.4.5`, `xn--a`, an IPv6 form that one does not know. */
  #urlWithoutHost(): string {
    return this.url.replace(/^(https?:\/\/)[^/?#]*/, "$1invalid");
  }

  /** The real Request, made now. */
  materialize(): Request {
    if (this.#native !== undefined) return this.#native;
    const source = this.#source;
    this.#source = null;
    // A standard Request cannot have a body on GET and HEAD, nor these methods at all.
    const bodyless = this.method === "GET" || this.method === "HEAD";
    const unsupported = /^(?:CONNECT|TRACE|TRACK)$/i.test(this.method);
    return this.#native = new Request(URL.canParse(this.url) ? this.url : this.#urlWithoutHost(), {
      method: unsupported ? "GET" : this.method,
      headers: this.headers,
      body: source === null || bodyless ? null : toStream(source, () => this.#askForBody()),
      signal: this.signal,
      redirect: "manual",
      ...(source === null || bodyless ? {} : { duplex: "half" }),
    } as RequestInit);
  }
}

// TypeScript cannot see what happens here, so `Request` is claimed where an IncomingRequest is handed out.
delegateRest(IncomingRequest.prototype, new Request("http://localhost/"), nativeOf);

/** Whether this runtime needs the global `Request` to know ours; see `copyLosesMethod`. */
export const REQUEST_COPY_LOSES_METHOD = copyLosesMethod(sampleRequest());
if (REQUEST_COPY_LOSES_METHOD) {
  teachRequest((input) => input instanceof IncomingRequest ? input.materialize() : input);
}

/** `request` under its standard type. */
export function asRequest(request: IncomingRequest): Request {
  return request as unknown as Request;
}

function nativeOf(self: object): Request {
  return (self as IncomingRequest).materialize();
}

function sampleRequest(): Request {
  const authority = "localhost";
  const fields = new Fields();
  const head = {
    method: "DELETE",
    target: { form: "origin", path: "/", authority: undefined, scheme: undefined },
    minorVersion: 1,
    fields,
    framing: NO_BODY,
    authority,
  } as const;
  const peer = { address: "", port: 0, secure: false };
  const described = {
    method: "DELETE",
    target: "/",
    authority,
    minorVersion: 1,
    startedAt: 0,
    fields,
  } as const;
  return asRequest(new IncomingRequest(head, new Exchange(peer, described, { inform() {} }), null));
}

function escapeBytes(path: string): string {
  // deno-lint-ignore no-control-regex -- everything outside ASCII is what is looked for
  return /[^\x00-\x7f]/.test(path)
    // deno-lint-ignore no-control-regex -- as above
    ? path.replace(/[^\x00-\x7f]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`)
    : path;
}
