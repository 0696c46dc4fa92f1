import { ProxyError, toProxyError } from "../base/errors.ts";
import { Lease } from "../backend/lease.ts";
import type { Server } from "../backend/server.ts";
import { Fields } from "../http/fields.ts";
import { NO_BODY } from "../http/framing.ts";
import type { DropsField } from "../http1/encode.ts";
import type { ResponseHead } from "../http1/response-decoder.ts";
import type { BodySource } from "../message/body.ts";
import type { Abortable } from "../message/exchange.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
import type { UpstreamConnection } from "../upstream/connection.ts";
import type { Answer, OutgoingRequest } from "../upstream/contract.ts";
import { watchExpectation } from "./expectation.ts";
import type { Outgoing } from "./outgoing.ts";
import { requestHead } from "./request-head.ts";
import { droppedTrailers } from "./trailers.ts";

/** Connections that may turn out to be dead before one attempt fails. */
const MAX_STALE = 3;

/**
 * One attempt on one server: a lease of it, and the request as its connection takes it.
 *
 * A connection may die while it is unused, and the server's close crosses our request on its way; that is nobody's failure,
 * so a request that may be repeated goes out once more on another connection (RFC 9112 §9.3.1), as long as no byte of an
 * answer came.
 */
export class Attempt extends Lease implements OutgoingRequest, Abortable {
  head = "";
  /** The answer, once its head is there. */
  answer: Answer | undefined;
  readonly #request: IncomingRequest;
  readonly #outgoing: Outgoing;
  /** What the request is on, once it is sent. */
  #connection: UpstreamConnection | undefined;

  constructor(server: Server, request: IncomingRequest, outgoing: Outgoing) {
    super(server, request.exchange.client);
    this.#request = request;
    this.#outgoing = outgoing;
    request.exchange.attempts++;
    request.exchange.headAt = 0;
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
    const { body, edits, policy } = this.#outgoing;
    return body === null ? undefined : edits?.dropsTrailer ?? droppedTrailers(policy);
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

  /**
   * Sends the request. Resolves with the answer; or with undefined, and it was no attempt, where the request waited for a
   * connection and is to choose a server again: this one is out or, where it `mayLeave`, another one has room. Rejects with
   * a ProxyError.
   */
  async run(mayLeave: boolean): Promise<Answer | undefined> {
    try {
      this.head = this.#writeHead();
      for (let stale = 0;; stale++) {
        const connection = await this.#connect(stale, mayLeave);
        if (connection === undefined) {
          this.#request.exchange.attempts--;
          this.withdrawn();
          return undefined;
        }
        const { reused } = connection;
        try {
          return this.answer = await this.#sendOn(connection);
        } catch (error) {
          // A tunnel that was not opened carried nothing, whatever was said instead.
          if (connection.answering && this.method !== "CONNECT") this.#outgoing.heard = true;
          const again = reused && !connection.answering && stale < MAX_STALE;
          if (!again || !this.#goesOutAgain(error)) throw error;
        }
      }
    } catch (error) {
      this.onDone(toProxyError(error));
      throw error;
    }
  }

  /** For the connection: an interim answer. */
  onInformational({ status, reason, fields }: ResponseHead): void {
    this.#request.exchange.inform(status, reason, fields);
  }

  /** For whoever has the answer: it is over, or with `error` broke off. */
  onDone(error?: ProxyError): void {
    if (this.ended) return;
    this.#request.exchange.over(this);
    if (error === undefined) this.done();
    else this.failed(error);
  }

  /** The client is gone, or the proxy is about to be. */
  abort(error: ProxyError): void {
    this.#connection?.fail(error);
  }

  /** Lets go of an answer that nobody wants, now. */
  drop(error: ProxyError): void {
    this.onDone(); // first, so that the break is not held against the server
    this.answer?.body?.cancel(error);
    this.answer?.tunnel?.socket.destroy();
  }

  #writeHead(): string {
    const { server } = this;
    const { authority } = this.#request.exchange;
    return requestHead(this.#request, this.#outgoing, {
      host: this.#outgoing.rewritesHost || authority === "" ? server.authority : authority,
      basePath: server.basePath,
      authorization: server.authorization,
    });
  }

  /** A connection for the request of which `stale` ones were dead; undefined where another server is to be chosen. */
  async #connect(stale: number, mayLeave: boolean): Promise<UpstreamConnection | undefined> {
    const { pool } = this.server;
    const { exchange } = this.#request;
    const { method, body, repeatable, replay } = this.#outgoing;
    // A first dead connection hints at more of them in the pool: after it, a new one is opened.
    // A tunnel gets one of its own.
    if (stale === 0 && method !== "CONNECT") {
      const sure = repeatable && (body === null || replay?.fits === true);
      const idle = sure ? pool.takeIdle() : await pool.takeSure();
      if (idle !== undefined) return idle;
    }
    return await pool.connect({
      signal: exchange.signal,
      mayLeave,
      since: this.#outgoing.waitingSince ??= performance.now(),
      times: exchange,
    });
  }

  async #sendOn(connection: UpstreamConnection): Promise<Answer> {
    const { exchange } = this.#request;
    const { straight, expectation } = this.#outgoing;
    const sentAt = performance.now();
    this.#outgoing.bodyStarted = true;
    let answer: Answer;
    if (straight && this.method === "CONNECT") answer = tunnelOver(connection);
    else {
      if (exchange.aborted !== undefined) {
        connection.release();
        throw exchange.aborted;
      }
      this.#connection = connection;
      exchange.underWay = this;
      const sent = connection.send(this);
      if (expectation !== undefined) watchExpectation(exchange, this, expectation, sent);
      answer = await sent;
    }
    this.headSeen(answer.head, sentAt, answer.tunnel !== undefined);
    exchange.headAt = this.headAt;
    exchange.headMs = this.headAt - sentAt;
    return answer;
  }

  /** Whether a request that failed on a connection which was unused before may go out on another one. */
  #goesOutAgain(error: unknown): boolean {
    const { body, replay, repeatable, resendsStale } = this.#outgoing;
    if (body !== null && replay?.replayable !== true) return false;
    return error instanceof ProxyError && error.kind === "upstream_reset" &&
      error.retryable(repeatable || resendsStale);
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
