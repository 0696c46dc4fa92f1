import type { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { Deadline } from "../base/deadline.ts";
import { ProxyError, type ProxyErrorKind, toProxyError } from "../base/errors.ts";
import { connectionOf, hasConnectionOption } from "../http/hop-by-hop.ts";
import { Fields } from "../http/fields.ts";
import { informationalHead } from "../http1/encode.ts";
import { RequestDecoder, type RequestHead } from "../http1/request-decoder.ts";
import { Exchange, type Informer, type Peer } from "../message/exchange.ts";
import type { BodySource } from "../message/body.ts";
import { StreamSource } from "../message/body-stream.ts";
import { asRequest, IncomingRequest } from "../message/request.ts";
import { ForwardedResponse } from "../message/response.ts";
import { MessageWriter } from "../net/message-writer.ts";
import { reasonPhrase } from "../http/status.ts";
import { declaredLength } from "../http/framing.ts";
import type { DownstreamOptions } from "./options.ts";
import { RequestBody, type RequestReader } from "./request-body.ts";
import { responseHead } from "./response-head.ts";

/** Bytes of further requests that are read ahead while one is being answered. */
const MAX_READ_AHEAD_BYTES = 64 * 1024;
/** After a client finished sending, the waits before the two interim answers that show whether it still listens. */
const LISTENING_PROBE_MS = 250;

/** What the deadline is for. */
type Wait = "none" | "first" | "head" | "keep_alive" | "body" | "write" | "linger" | "listening";

/**
 * A client's connection: reads requests, has them answered, writes the answers, one after another in order,
 * and closes in a way that lets the last answer arrive.
 */
export class DownstreamConnection implements RequestReader, Informer {
  readonly #socket: Socket;
  readonly #peer: Peer;
  readonly #options: DownstreamOptions;
  readonly #decoder: RequestDecoder;
  readonly #writer: MessageWriter;
  readonly #deadline = new Deadline(() => this.#expired());
  readonly #onClosed: (connection: DownstreamConnection) => void;
  #wait: Wait = "first";
  /** The exchange under way. */
  #exchange: Exchange | undefined;
  #head: RequestHead | undefined;
  #requestBody: RequestBody | undefined;
  #responseBody: BodySource | undefined;
  /** Whether the head of the final answer was written. */
  #answered = false;
  /** Whether the connection closes after this exchange. */
  #closing = false;
  /** Whether nothing more is read but to be thrown away. */
  #discarding = false;
  /** Whether the client has finished sending. */
  #halfClosed = false;
  #probes = 0;
  #closed = false;

  constructor(
    socket: Socket,
    peer: Peer,
    options: DownstreamOptions,
    onClosed: (connection: DownstreamConnection) => void,
  ) {
    this.#socket = socket;
    this.#peer = peer;
    this.#options = options;
    this.#onClosed = onClosed;
    this.#decoder = new RequestDecoder(options.limits);
    this.#writer = new MessageWriter(socket, {
      onSent: () => this.#finishExchange(),
      onBroken: (error) => this.#cut(error),
      onBlocked: () => this.#await("write", this.#options.timeouts.writeIdle),
    });
    socket.on("data", (chunk) => this.#read(chunk as Buffer));
    socket.on("drain", () => this.#drained());
    socket.on("end", () => this.#ended());
    socket.on("error", (error: Error & { code?: string }) => this.#gone(error.code ?? error.message));
    socket.on("close", () => this.#gone("closed"));
    this.#await("first", options.timeouts.requestHeaders);
  }

  /** Whether a request is being read or answered. */
  get busy(): boolean {
    return this.#exchange !== undefined || this.#decoder.insideHead;
  }

  /** Closes after the current exchange, at once where there is none. */
  drain(): void {
    this.#closing = true;
    if (!this.busy && !this.#discarding) this.#socket.destroy();
  }

  /** Cuts the connection now. */
  destroy(kind: ProxyErrorKind, message: string): void {
    this.#exchange?.abort(kind, message);
    this.#socket.destroy();
  }

  /** For the exchange: sends an interim answer. */
  inform(status: number, reason: string, fields: Fields | undefined): void {
    if (this.#answered || this.#closed || this.#head?.minorVersion !== 1) return; // RFC 9110 §15.2: not to HTTP/1.0
    this.#writer.sendHead(informationalHead(status, reason || reasonPhrase(status), fields));
  }

  /** For the request body: somebody takes it. */
  readBody(): void {
    if (this.#closed) return;
    this.#await("body", this.#options.timeouts.bodyIdle);
    this.#socket.resume();
    this.#advance();
  }

  #read(chunk: Buffer): void {
    if (this.#closed || this.#discarding) return;
    this.#decoder.push(chunk);
    if (this.#wait === "body") this.#deadline.set(this.#options.timeouts.bodyIdle);
    if (this.#exchange !== undefined && !this.#reading) {
      const stalled = this.#requestBody?.complete === false;
      if (stalled || this.#decoder.unread > MAX_READ_AHEAD_BYTES) this.#socket.pause();
      return;
    }
    this.#advance();
  }

  /** Whether bytes are wanted now. */
  get #reading(): boolean {
    return this.#exchange === undefined || this.#requestBody?.flowing === true;
  }

  #advance(): void {
    try {
      while (this.#reading && !this.#discarding && !this.#closed) {
        const step = this.#decoder.next();
        if (step === "more") {
          this.#requestBody?.flush();
          if (this.#exchange === undefined) this.#awaitRequest();
          else if (this.#halfClosed) this.destroy("client_closed", "The client closed the connection");
          break;
        }
        if (step === "head") this.#begin(this.#decoder.head);
        else if (step === "data") {
          this.#exchange!.bytesIn += this.#decoder.data.length;
          this.#requestBody!.deliver(this.#decoder.data);
        } else this.#requestBody?.end(this.#decoder.trailers);
      }
      if (this.#wait === "body" && !this.#reading) this.#await("none", 0);
    } catch (error) {
      this.#refuse(toProxyError(error));
    }
  }

  #awaitRequest(): void {
    const { requestHeaders, keepAlive } = this.#options.timeouts;
    if (this.#halfClosed) return this.#close();
    if (this.#decoder.insideHead) {
      // From the first byte on; a byte now and then does not buy more time.
      if (this.#wait !== "head" && this.#wait !== "first") this.#await("head", requestHeaders);
    } else if (this.#wait !== "first") {
      if (this.#closing) this.#close();
      else this.#await("keep_alive", keepAlive);
    }
  }

  #begin(head: RequestHead): void {
    const exchange = new Exchange(this.#peer, {
      method: head.method,
      target: head.target.path || head.authority,
      authority: head.authority,
      startedAt: performance.now(),
    }, this);
    this.#exchange = exchange;
    this.#head = head;
    this.#answered = false;
    this.#await("none", 0);
    if (!wantsKeepAlive(head)) this.#closing = true;
    if (head.framing.kind === "length" && head.framing.length === 0) {
      this.#requestBody = undefined;
      this.#decoder.next(); // the end, at once
    } else this.#requestBody = new RequestBody(head.framing, this);
    try {
      checkExpectation(head);
      const answer = this.#options.fetch(
        asRequest(new IncomingRequest(head, exchange, this.#requestBody ?? null)),
      );
      if (answer instanceof Promise) {
        answer.then(
          (response) => this.#respond(exchange, response),
          (error) => this.#answerFailure(exchange, error),
        );
      } else this.#respond(exchange, answer);
    } catch (error) {
      this.#answerFailure(exchange, error);
    }
  }

  /** The request cannot be read: answer it if nothing was answered, and close. */
  #refuse(error: ProxyError): void {
    this.#closing = true;
    const body = this.#requestBody;
    if (this.#exchange !== undefined && body !== undefined) {
      this.#exchange.fail(error);
      const handed = body.fail(error);
      if (this.#answered) this.#cut(error);
      else if (!handed) this.#answerFailure(this.#exchange, error);
      return;
    }
    const nobody = { method: "", target: "", authority: "", startedAt: performance.now() };
    const exchange = new Exchange(this.#peer, nobody, this);
    this.#exchange = exchange;
    this.#answered = false;
    this.#answerFailure(exchange, error);
  }

  #answerFailure(exchange: Exchange, error: unknown): void {
    if (this.#exchange !== exchange || this.#answered || this.#closed) return;
    const failure = toProxyError(error);
    exchange.fail(failure);
    this.#respond(exchange, this.#options.fail(failure, exchange));
  }

  #respond(exchange: Exchange, response: Response): void {
    const forwarded = response instanceof ForwardedResponse;
    if (this.#exchange !== exchange || this.#answered || this.#closed) {
      const left = forwarded ? response.takeBody() : response.body;
      if (left instanceof ReadableStream) left.cancel().catch(() => {}); // nobody is left to read it
      else left?.cancel(exchange.aborted ?? new ProxyError("client_closed", "The client is gone"));
      return;
    }
    try {
      const fields = forwarded ? response.takeFields() : Fields.from(response.headers);
      if (forwarded && response.takeover !== undefined) return this.#handOver(response, fields);
      const body = forwarded ? response.takeBody() : response.body;
      const source = body instanceof ReadableStream ? new StreamSource(body, declaredLength(fields)) : body;
      this.#write(exchange, response, fields, source);
    } catch (error) {
      if (this.#answered) this.#cut(toProxyError(error));
      else this.#answerFailure(exchange, error);
    }
  }

  #write(exchange: Exchange, response: Response, fields: Fields, source: BodySource | null): void {
    const unread = this.#requestBody !== undefined && !this.#requestBody.complete;
    // RFC 9112 §9.6: what is left of the request would be taken for the next one.
    if (unread || this.#halfClosed) this.#closing = true;
    const head = responseHead({
      status: response.status,
      reason: response.statusText || reasonPhrase(response.status),
      fields,
      length: source?.length,
      hasBody: source !== null,
      method: exchange.method,
      minorVersion: this.#head?.minorVersion ?? 1,
      keepAlive: !this.#closing,
    });
    if (head.delivery === "close") this.#closing = true;
    this.#answered = true;
    exchange.status = response.status;
    this.#writer.begin(head.text, head.delivery === "chunked");
    if (source === null || head.delivery === "none") {
      source?.cancel(new ProxyError("client_closed", "This answer has no body"));
      return this.#writer.end(undefined);
    }
    this.#responseBody = source;
    source.start(this.#writer);
    if (this.#writer.open) this.#writer.flush();
  }

  #handOver(response: ForwardedResponse, fields: Fields): void {
    const exchange = this.#exchange!;
    this.#answered = true;
    exchange.status = 101;
    let head = "HTTP/1.1 101 " + (response.statusText || "Switching Protocols") + "\r\n";
    for (let i = 0; i < fields.size; i++) head += `${fields.names[i]!}: ${fields.values[i]!}\r\n`;
    this.#writer.sendHead(head + "\r\n");
    this.#deadline.dispose();
    const early = this.#decoder.takeRest();
    this.#socket.removeAllListeners();
    // The tunnel owns the socket now; what is left here is to be found until it is over.
    this.#socket.on("close", () => this.#gone("closed"));
    response.takeover!({
      socket: this.#socket,
      early,
      done: ({ fromClient, toClient }) => {
        exchange.bytesIn = fromClient;
        exchange.bytesOut = toClient;
        this.#exchange = undefined;
        this.#options.onExchange(exchange);
      },
    });
  }

  /** The answer is out. */
  #finishExchange(): void {
    const exchange = this.#exchange!;
    exchange.bytesOut = this.#writer.bodyBytes;
    this.#exchange = undefined;
    this.#responseBody = undefined;
    const unread = this.#requestBody !== undefined && !this.#requestBody.complete;
    this.#requestBody?.abandon();
    this.#requestBody = undefined;
    this.#head = undefined;
    this.#options.onExchange(exchange);
    if (this.#closed) return;
    if (this.#closing || unread) return this.#close();
    this.#wait = "none";
    // What came meanwhile is the next request.
    if (this.#decoder.unread > 0) queueMicrotask(() => this.#next());
    else this.#awaitRequest();
  }

  #next(): void {
    if (this.#closed || this.#exchange !== undefined) return;
    this.#socket.resume();
    this.#advance();
  }

  /** Says goodbye, then reads and throws away for a while: closing at once could destroy the answer on its way. */
  #close(): void {
    this.#discarding = true;
    this.#socket.end();
    this.#socket.resume();
    this.#await("linger", this.#options.timeouts.linger || 1);
  }

  /** The answer broke off: the client must see that it did. */
  #cut(error: ProxyError): void {
    this.#exchange?.fail(error);
    // A reset, because a plain close would look like the end to a client that reads until close.
    this.#socket.resetAndDestroy();
  }

  #gone(cause: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#deadline.dispose();
    this.#socket.destroy();
    const exchange = this.#exchange;
    this.#exchange = undefined;
    if (exchange !== undefined) {
      exchange.bytesOut = this.#writer.bodyBytes;
      exchange.abort("client_closed", `The client broke the connection: ${cause}`);
      const error = exchange.aborted!;
      this.#requestBody?.fail(error);
      this.#responseBody?.cancel(error);
      this.#options.onExchange(exchange);
    }
    this.#onClosed(this);
  }

  /** The client has finished sending. It may still listen, so a complete request is answered. */
  #ended(): void {
    if (this.#closed) return;
    this.#halfClosed = true;
    if (this.#exchange === undefined) {
      if (this.#decoder.insideHead) {
        this.#refuse(new ProxyError("bad_request", "The request is not complete"));
      } else this.#socket.end();
      return;
    }
    const incomplete = this.#requestBody !== undefined && !this.#requestBody.complete;
    // While an answer flows, or while a request is cut short, going quiet means going away.
    if (this.#responseBody !== undefined || (incomplete && this.#decoder.unread === 0)) {
      return this.destroy("client_closed", "The client closed the connection");
    }
    this.#await("listening", LISTENING_PROBE_MS);
  }

  #drained(): void {
    if (!this.#writer.blocked) return;
    this.#writer.drained();
    if (this.#wait === "write") {
      if (this.#requestBody?.flowing === true) this.#await("body", this.#options.timeouts.bodyIdle);
      else this.#await("none", 0);
    }
    this.#responseBody?.resume();
  }

  #await(wait: Wait, ms: number): void {
    this.#wait = wait;
    this.#deadline.set(ms);
  }

  #expired(): void {
    switch (this.#wait) {
      case "head":
        return this.#refuse(new ProxyError("request_timeout", "The head of the request took too long"));
      case "first":
        if (this.#decoder.insideHead) {
          return this.#refuse(new ProxyError("request_timeout", "The head of the request took too long"));
        }
        return void this.#socket.destroy();
      case "body":
        return this.#refuse(new ProxyError("body_timeout", "The body of the request stalled"));
      case "write":
        return this.destroy("client_stalled", "The client takes no more of the answer");
      case "listening":
        return this.#probeListener();
      default:
        this.#socket.destroy();
    }
  }

  /**
   * A client that closed its socket and one that only finished sending look alike until something is sent:
   * the first answers with a reset, which the second write then meets. An interim answer is what may be sent
   * (RFC 9110 §15.2: a client must be able to take one at any time).
   */
  #probeListener(): void {
    if (this.#exchange === undefined || this.#answered || this.#probes++ === 2) return;
    this.inform(100, "Continue", undefined);
    this.#await("listening", LISTENING_PROBE_MS);
  }
}

/** RFC 9112 §9.3. */
function wantsKeepAlive(head: RequestHead): boolean {
  const connection = connectionOf(head.fields);
  if (head.minorVersion === 0) return hasConnectionOption(connection, "keep-alive");
  return !hasConnectionOption(connection, "close");
}

/** RFC 9110 §10.1.1: the only expectation there is. It is passed on, and so is the server's 100. */
function checkExpectation(head: RequestHead): void {
  const expect = head.fields.get("expect");
  if (expect !== undefined && expect.toLowerCase() !== "100-continue") {
    throw new ProxyError("expectation_failed", "An expectation that nobody knows");
  }
}
