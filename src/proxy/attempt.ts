import { type ProxyError, toProxyError } from "../base/errors.ts";
import { TICK } from "../base/tick.ts";
import { Lease } from "../backend/lease.ts";
import type { Server } from "../backend/server.ts";
import { Fields } from "../http/fields.ts";
import { NO_BODY } from "../http/framing.ts";
import type { DropsField } from "../http1/encode.ts";
import type { HeadSource, Output } from "../http1/output.ts";
import type { ResponseHead } from "../http1/response-decoder.ts";
import type { BodySource } from "../message/body.ts";
import type { Abortable, Exchange } from "../message/exchange.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
import type { AttemptSpan } from "../message/trace.ts";
import type { UpstreamConnection } from "../upstream/connection.ts";
import type { Answer, OutgoingRequest } from "../upstream/contract.ts";
import { watchExpectation } from "./expectation.ts";
import type { Outgoing } from "./outgoing.ts";
import { writeHeadFor } from "./head-for-server.ts";
import { checkBasePath } from "./request-head.ts";
import { droppedTrailersOf } from "./trailers.ts";

/** Connections that may turn out to be dead before one attempt fails. */
const MAX_STALE = 3;

/** Who makes an attempt: it learns one of these, once. */
export interface AttemptOwner {
  /** The attempt has its `answer`, the body still to come. */
  onAnswered(attempt: Attempt): void;
  /** It failed. */
  onFailed(attempt: Attempt, error: ProxyError): void;
  /**
   * It was none: the request waited for a connection and is to choose a server again, as this one is out or, where it may
   * leave, another one has room.
   */
  onWithdrawn(attempt: Attempt): void;
}

/**
 * One attempt on one server: a lease of it, and the request as its connection takes it. There are promises on its way only
 * where it waits for a connection.
 *
 * A connection may die while it is unused, and the server's close crosses our request on its way; that is nobody's failure,
 * so a request that may be repeated goes out once more on another connection (RFC 9112 §9.3.1), as long as no byte of an
 * answer came.
 */
export class Attempt extends Lease implements OutgoingRequest, HeadSource, Abortable {
  /** The answer, once its head is there. */
  answer: Answer | undefined;
  readonly #request: IncomingRequest;
  readonly #outgoing: Outgoing;
  readonly #owner: AttemptOwner;
  /** What the request is on, once it is sent. */
  #connection: UpstreamConnection | undefined;
  #sentAt = 0;
  #mayLeave = false;
  #race: "first" | "second" | undefined;
  /** Ends a wait that nobody needs any more. */
  #left: AbortController | undefined;
  /** Connections that were dead. */
  #stale = 0;
  /** What is recorded of it; undefined where nothing is. */
  #span: AttemptSpan | undefined;
  /** While a client waits for a 100. */
  #expectation: ReturnType<typeof setTimeout> | undefined;

  /** What becomes of it says something about the server if it `judges`. */
  constructor(
    server: Server,
    request: IncomingRequest,
    outgoing: Outgoing,
    owner: AttemptOwner,
    judges = true,
  ) {
    super(server, request.exchange.client, judges);
    this.#request = request;
    this.#outgoing = outgoing;
    this.#owner = owner;
  }

  get head(): HeadSource {
    return this;
  }

  /** Of the request. */
  get exchange(): Exchange {
    return this.#request.exchange;
  }

  get method(): string {
    return this.#outgoing.method;
  }

  get body(): BodySource | null {
    return this.#outgoing.body;
  }

  get chunked(): boolean {
    const { body } = this.#outgoing;
    return body !== null && body.length === undefined;
  }

  get dropsTrailer(): DropsField | undefined {
    return this.body === null ? undefined : droppedTrailersOf(this.#request, this.#outgoing);
  }

  get upgrade(): string | undefined {
    return this.#outgoing.upgrade;
  }

  get responseMs(): number | undefined {
    return this.#outgoing.responseMs;
  }

  get idleMs(): number | undefined {
    return this.#outgoing.idleMs;
  }

  /** When it was sent, on the clock of `performance.now()`; 0 where it was not. */
  get sentAt(): number {
    return this.#sentAt;
  }

  /**
   * Sends the request; where it has to wait for a connection, it `mayLeave` for another server. In a race it may be given up,
   * and the second attempt waits for nothing but that a connection opens.
   */
  begin(mayLeave: boolean, race?: "first" | "second"): void {
    this.#race = race;
    const { exchange } = this.#request;
    exchange.attempts++;
    exchange.headAt = 0;
    this.#span = exchange.trace?.beginAttempt();
    try {
      checkBasePath(this.server.basePath, this.#outgoing.target);
    } catch (error) {
      return this.#end(toProxyError(error));
    }
    this.#mayLeave = mayLeave;
    this.#seek();
  }

  /** For the connection: an interim answer. */
  onInformational({ status, reason, fields }: ResponseHead): void {
    this.#request.exchange.inform(status, reason, fields);
  }

  /** For the connection: the answer. */
  onAnswer(answer: Answer): void {
    const { exchange } = this.#request;
    clearTimeout(this.#expectation);
    this.answer = answer;
    this.headSeen(answer.head, this.#sentAt, answer.tunnel !== undefined);
    exchange.headAt = this.headAt;
    exchange.headMs = this.headAt - this.#sentAt;
    // It is whole: that counts before anything is decided on it.
    if (answer.body === null && answer.tunnel === undefined) this.onDone();
    this.#owner.onAnswered(this);
  }

  /** For the connection: there will be no answer. */
  onFailed(error: ProxyError): void {
    if (this.ended) return; // it was given up
    clearTimeout(this.#expectation);
    const { reused, answering } = this.#connection!;
    // A tunnel that was not opened carried nothing, whatever was said instead.
    if (answering && this.method !== "CONNECT") this.#outgoing.heard = true;
    const unheard = reused && !answering && this.#stale < MAX_STALE;
    if (!unheard || !this.#goesOutAgain(error)) return this.#end(error);
    this.#stale++;
    this.#seek();
  }

  /** For whoever has the answer: it is over, or with `error` broke off. */
  onDone(error?: ProxyError): void {
    if (this.ended) return;
    this.#request.exchange.over(this);
    if (this.#span !== undefined) this.#endSpan(this.#span, error);
    if (error === undefined) this.done();
    else this.failed(error);
  }

  /** The client is gone, or the proxy is about to be. */
  abort(error: ProxyError): void {
    this.#connection?.fail(error);
  }

  /** Gives up an attempt that has no answer yet, as another one was faster: its owner hears nothing more of it. */
  giveUp(error: ProxyError): void {
    this.onDone(); // first, so that nothing is held against the server
    this.#left?.abort();
    this.#connection?.fail(error);
  }

  /** Lets go of an answer that nobody wants, now. */
  drop(error: ProxyError): void {
    this.onDone(); // first, so that the break is not held against the server
    this.answer?.body?.cancel(error);
    this.answer?.tunnel?.socket.destroy();
  }

  /** For the connection: writes the head for this server. */
  writeHead(output: Output): void {
    writeHeadFor(this.server, output, this.#request, this.#outgoing);
  }

  /** Goes out on an unused connection, or waits for one. */
  #seek(): void {
    const { method, body, repeatable, replay } = this.#outgoing;
    // A first dead connection hints at more of them in the pool: after it, a new one is opened.
    // A tunnel gets one of its own.
    const reuses = this.#stale === 0 && method !== "CONNECT";
    const isSure = repeatable && (body === null || replay?.fits === true);
    const idle = reuses && isSure ? this.server.pool.takeIdle() : undefined;
    if (idle === undefined) void this.#wait(reuses && !isSure);
    else this.#sendOn(idle);
  }

  /** Waits for a connection, which may be an unused one where that `looks` alive. Never rejects. */
  async #wait(looks: boolean): Promise<void> {
    const { pool } = this.server;
    const { exchange } = this.#request;
    let connection;
    try {
      connection = (looks ? await pool.takeSure() : undefined) ?? await pool.connect({
        signal: this.#race === undefined ? exchange.signal : this.#signalOfRace(exchange),
        mayLeave: this.#mayLeave,
        // Who has waited for ever already is taken by no queue.
        since: this.#race === "second" ? -Infinity : this.#outgoing.waitingSince ??= performance.now(),
        times: exchange,
      });
    } catch (error) {
      if (!this.ended) this.#end(toProxyError(error));
      return;
    }
    if (this.ended) return connection?.putBack();
    if (connection !== undefined) return this.#sendOn(connection);
    exchange.attempts--;
    this.withdrawn();
    this.#owner.onWithdrawn(this);
  }

  #signalOfRace({ signal }: Exchange): AbortSignal {
    this.#left = new AbortController();
    return AbortSignal.any([signal, this.#left.signal]);
  }

  #sendOn(connection: UpstreamConnection): void {
    const { exchange } = this.#request;
    const { straight, expectation } = this.#outgoing;
    this.#sentAt = exchange.sentAt = TICK.now();
    this.#outgoing.bodyStarted = true;
    if (straight && this.method === "CONNECT") return this.onAnswer(tunnelOver(connection));
    if (exchange.aborted !== undefined) {
      connection.putBack();
      return this.#end(exchange.aborted);
    }
    this.#connection = connection;
    exchange.underWay = this;
    if (expectation !== undefined) this.#expectation = watchExpectation(exchange, this, expectation);
    connection.send(this); // which may have failed when it returns
  }

  #endSpan(span: AttemptSpan, error: ProxyError | undefined): void {
    const { backend, method, target } = this.#outgoing;
    const status = this.answer?.head.status;
    span.end({ server: this.server, backend: backend.name, method, target, status, error });
  }

  #end(error: ProxyError): void {
    this.onDone(error);
    this.#owner.onFailed(this, error);
  }

  /** Whether a request that failed on a connection which was unused before may go out on another one. */
  #goesOutAgain(error: ProxyError): boolean {
    const { body, replay, repeatable, resendsStale } = this.#outgoing;
    if (body !== null && replay?.replayable !== true) return false;
    return error.kind === "upstream_reset" && error.retryable(repeatable || resendsStale);
  }
}

/** What is answered to a CONNECT that needs no other proxy. */
function tunnelOver(connection: UpstreamConnection): Answer {
  const head: ResponseHead = {
    status: 200,
    reason: "Connection Established",
    minorVersion: 1,
    fields: new Fields(),
    framing: NO_BODY,
  };
  return { head, body: null, tunnel: connection.takeOver() };
}
