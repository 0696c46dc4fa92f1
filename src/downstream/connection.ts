import type { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { ProxyError, type ProxyErrorKind, toProxyError } from "../base/errors.ts";
import type { Fields } from "../http/fields.ts";
import type { RequestHead } from "../http1/request-decoder.ts";
import type { Exchange, Informer, Peer } from "../message/exchange.ts";
import { ForwardedResponse } from "../message/forwarded-response.ts";
import { AnswerFlow } from "./answer-flow.ts";
import { dropAnswer, requestAnswer } from "./answer.ts";
import type { ClientConnection } from "./client-connection.ts";
import { HalfClose } from "./half-close.ts";
import { Intake, type IntakeEvents } from "./intake.ts";
import type { Place } from "./options.ts";
import type { Phase } from "./phase.ts";
import type { RequestBody } from "./request-body.ts";
import { checkedRequest, openExchange, type Opening, wantsKeepAlive } from "./request-rules.ts";
import type { SocketOwner } from "./socket-owner.ts";
import type { Served } from "./sweep.ts";
import { Tunnelled } from "./tunnelled.ts";
import { TURNS } from "./turns.ts";
import { type Wait, Waits } from "./waits.ts";

/** What becomes of a connection. */
export interface ConnectionEvents {
  /** It has had no request for a while, and there is nothing to it but its socket: it need not be served. */
  onRest(connection: DownstreamConnection): void;
  /** It is closed. */
  onClosed(connection: DownstreamConnection): void;
}

/**
 * A client's connection: reads requests, has them answered, writes the answers, one after another in order,
 * and closes in a way that lets the last answer arrive.
 */
export class DownstreamConnection implements ClientConnection, SocketOwner, Served, IntakeEvents, Informer {
  tunnelled: Tunnelled | undefined;
  readonly socket: Socket;
  readonly place: Place;
  readonly #opening: Opening;
  readonly #intake: Intake;
  readonly #answers: AnswerFlow;
  readonly #waits: Waits;
  readonly #events: ConnectionEvents;
  #phase: Phase = "idle";
  /** Since when the first request is waited for, until it is there. */
  #acceptedAt: number | undefined;
  /** Whether it was looked at since its last request. */
  #looked = false;
  /** The exchange under way, while `asked` or `answering`. */
  #exchange: Exchange | undefined;
  /** Whether the connection closes after this exchange. */
  #closing = false;
  /** Set once the client has finished sending. */
  #halfClose: HalfClose | undefined;

  /** Serves a socket whose owner it becomes; `acceptedAt` says since when the first request is waited for. */
  constructor(
    socket: Socket,
    { peer, place, acceptedAt, events }: {
      peer: Peer;
      place: Place;
      acceptedAt: number | undefined;
      events: ConnectionEvents;
    },
  ) {
    this.socket = socket;
    this.place = place;
    this.#opening = { peer, informer: this, place, options: place.options };
    this.#events = events;
    this.#acceptedAt = acceptedAt;
    this.#waits = new Waits(() => this.#opening.options.timeouts, (wait) => this.#expired(wait));
    this.#intake = new Intake(socket, () => place.options.limits, this);
    this.#answers = new AnswerFlow(socket, {
      onSent: () => this.#finishExchange(),
      onBroken: (error) => this.#cut(error),
      onBlocked: () => this.#phase === "handed_over" || this.#waits.begin("write"),
      onDrained: () => this.#drained(),
    });
  }

  /** Who the client is. */
  get peer(): Peer {
    return this.#opening.peer;
  }

  onData(chunk: Buffer): void {
    this.#intake.push(chunk);
  }

  onError(error: Error & { code?: string }): void {
    this.#gone(error.code ?? error.message);
  }

  onClose(): void {
    this.#gone("closed");
  }

  drain(idleToo: boolean): void {
    this.#closing = true;
    if (idleToo && this.#phase === "idle" && !this.busy) this.#leave();
  }

  get busy(): boolean {
    return this.#phase === "idle" ? this.#intake.insideHead : this.#phase !== "lingering";
  }

  refuse(error: ProxyError): boolean {
    const exchange = this.#exchange;
    if (exchange === undefined || this.#phase !== "asked") return false;
    this.#closing = true;
    exchange.abort(error.kind, error.message);
    this.#intake.failBody(error);
    this.#answerFailure(exchange, error);
    return true;
  }

  destroy(kind: ProxyErrorKind, message: string): void {
    (this.#exchange ?? this.tunnelled)?.abort(kind, message);
    // What is queued is lost, and a client that reads until close must not take that for the end.
    if (this.socket.writableLength > 0) this.socket.resetAndDestroy();
    else this.socket.destroy();
    this.#gone(message); // now: the socket says so later, perhaps after the process has stopped
  }

  inform(status: number, reason: string, fields: Fields | undefined): void {
    if (this.#phase !== "asked" || this.#exchange!.minorVersion !== 1) return; // RFC 9110 §15.2
    this.#answers.inform(status, reason, fields);
    if (status === 100 && this.#waits.current === "continue") this.#waits.beginBody();
  }

  /** For the intake: a request begins. */
  onHead(head: RequestHead, body: RequestBody | null): void {
    const exchange = this.#exchange = openExchange(head, this.#opening);
    this.#phase = "asked";
    this.#acceptedAt = undefined;
    this.#looked = false;
    this.#waits.begin(this.#halfClose === undefined ? "none" : "listening");
    if (!wantsKeepAlive(head) || this.#opening.options.timeouts.keepAlive === 0) this.#closing = true;
    requestAnswer(
      () =>
        this.#opening.options.fetch(checkedRequest(head, { exchange, body, options: this.#opening.options })),
      (response) => this.#respond(exchange, response),
      (error) => this.#answerFailure(exchange, error),
    );
  }

  onBodyData(length: number): void {
    const exchange = this.#exchange!;
    exchange.bytesIn += length;
    exchange.awaitsContinue = false; // it did not wait
    this.#waits.bodyMoved(length);
  }

  onBodyWanted(): void {
    if (this.#waits.current === "write") return;
    // Nothing can come before the client was asked for it: until then the wait is for the server.
    if (this.#exchange?.awaitsContinue === true) this.#waits.begin("continue");
    else this.#waits.beginBody();
  }

  onDiscarded(): void {
    this.#waits.discarded();
  }

  onStarved(): void {
    const wait = this.#waits.current;
    if (this.#exchange !== undefined) {
      if (this.#halfClose !== undefined && this.#intake.incomplete) {
        this.destroy("client_closed", "The client left");
      }
    } else if (this.#intake.insideHead) {
      if (this.#halfClose !== undefined) {
        this.onMalformed(new ProxyError("bad_request", "The request is not complete"));
      } // From the first byte on; a byte now and then does not buy more time.
      else if (this.#acceptedAt !== undefined) this.#awaitFirst(this.#acceptedAt);
      else if (wait !== "head") this.#waits.begin("head");
    } else if (this.#halfClose !== undefined) this.#close();
    else if (this.#acceptedAt !== undefined) this.#awaitFirst(this.#acceptedAt);
    else if (this.#closing) this.#close();
    else if (wait !== "keep_alive" && wait !== "drowsy") this.#waits.beginKeepAlive();
  }

  /** The first request is not there yet: only then a timer is needed for it. */
  #awaitFirst(acceptedAt: number): void {
    if (this.#waits.current !== "first") this.#waits.begin("first", performance.now() - acceptedAt);
  }

  /** For the intake: the request cannot be read. It is answered if it was not yet, and the connection closes. */
  onMalformed(error: ProxyError): void {
    this.#closing = true;
    const exchange = this.#exchange;
    if (exchange !== undefined) {
      exchange.fail(error);
      const handed = this.#intake.failBody(error);
      if (!handed || this.#phase === "answering") this.#failExchange(exchange, error);
      return;
    }
    this.#phase = "asked";
    this.#answerFailure(this.#exchange = openExchange(this.#intake.refused, this.#opening), error);
  }

  #failExchange(exchange: Exchange, error: ProxyError): void {
    if (this.#phase === "answering") this.#cut(error);
    else this.#answerFailure(exchange, error);
  }

  #answerFailure(exchange: Exchange, error: unknown): void {
    if (this.#exchange !== exchange || this.#phase !== "asked") return;
    exchange.fail(toProxyError(error));
    this.#respond(exchange, this.#opening.options.fail(toProxyError(error), exchange));
  }

  #respond(exchange: Exchange, response: Response): void {
    if (this.#exchange !== exchange || this.#phase !== "asked") {
      return dropAnswer(response, exchange.aborted ?? new ProxyError("client_closed", "The client is gone"));
    }
    try {
      if (response instanceof ForwardedResponse && response.tunnel !== undefined) {
        return this.#handOver(exchange, response);
      }
      // RFC 9112 §9.6: what is left of an unread request would be taken for the next one.
      if (
        !this.#intake.canGoOn(exchange.awaitsContinue) ||
        (this.#halfClose !== undefined && !this.#intake.hasUnread)
      ) {
        this.#closing = true;
      }
      const { status, fields, source, closes } = this.#answers.begin(response, {
        method: exchange.method,
        minorVersion: exchange.minorVersion,
        keepAlive: !this.#closing,
        answer: exchange.answer,
      });
      if (closes) this.#closing = true;
      this.#phase = "answering";
      exchange.answered(status, this.#opening.options.keepsSentFields ? fields : undefined);
      this.#answers.start(source);
    } catch (error) {
      this.#failExchange(exchange, toProxyError(error));
    }
  }

  #handOver(exchange: Exchange, response: ForwardedResponse): void {
    this.#exchange = undefined;
    this.#phase = "handed_over";
    this.#waits.dispose();
    const { options } = this.#opening;
    const end = {
      socket: this.socket,
      writer: this.#answers.writer,
      early: this.#intake.takeRest(),
      options,
    };
    this.tunnelled = new Tunnelled(exchange, response, end);
    this.socket.on("close", () => this.#gone("closed"));
  }

  /** The answer is out. */
  #finishExchange(): void {
    const exchange = this.#exchange!;
    this.#exchange = undefined;
    this.#answers.finish(exchange, this.#opening.options);
    if (this.#phase === "closed") return;
    this.#phase = "idle";
    if (this.#closing || !this.#intake.canGoOn(exchange.awaitsContinue)) return this.#close();
    if (!this.#answers.writer.blocked) this.#waits.begin("none");
    if (!this.#intake.hasUnread) this.#intake.next();
    // Not from here: a hundred requests in one packet would be a hundred calls deep.
    else TURNS.next(() => this.#next());
  }

  /** Reads the next request, unless the client does not take the answers that it has coming. */
  #next(): void {
    if (this.#phase === "idle" && !this.#answers.writer.blocked) this.#intake.next();
  }

  /** Keeps nothing but the socket for the rest of the wait for a next request, unless the last answer is still on its way. */
  look(): void {
    if (this.#waits.current !== "drowsy") return;
    if (!this.#looked) return void (this.#looked = true);
    const settled = this.socket.writableLength === 0 && !this.#intake.skipping && !this.#intake.hasUnread;
    if (!settled || this.#closing || this.#phase !== "idle") return this.#waits.begin("keep_alive");
    this.#waits.dispose();
    this.#events.onRest(this);
  }

  /** Goes without a word, unless the last answer is still on its way. */
  #leave(): void {
    if (this.socket.writableLength > 0 || this.#intake.skipping) this.#close();
    else this.#gone("unused");
  }

  /** Says goodbye, then reads and throws away for a while: closing at once could destroy the answer on its way. */
  #close(): void {
    this.#phase = "lingering";
    this.#intake.stop();
    this.#waits.begin("write");
    this.socket.end(() => this.#phase === "closed" || this.#waits.begin("linger"));
  }

  /** The answer broke off: the client must see that it did. */
  #cut(error: ProxyError): void {
    this.#exchange?.fail(error);
    // A reset, because a plain close would look like the end to a client that reads until close.
    this.socket.resetAndDestroy();
  }

  #gone(cause: string): void {
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    this.#waits.dispose();
    this.socket.destroy();
    const exchange = this.#exchange;
    this.#exchange = undefined;
    if (exchange !== undefined) {
      exchange.abort("client_closed", `The client broke the connection: ${cause}`);
      const error = exchange.aborted!;
      this.#intake.failBody(error);
      this.#answers.finish(exchange, this.#opening.options, error);
    }
    this.#events.onClosed(this);
  }

  onEnd(): void {
    const halfClose = this.#halfClose = new HalfClose(this.#opening.options.halfClose);
    // What came and was not read yet has its turn first; behind it `onStarved` is called.
    if (this.#phase === "idle") return this.#intake.hasUnread ? undefined : this.onStarved();
    const gone = this.#phase === "asked"
      ? halfClose.goneWaiting(this.#intake, this.#exchange!.minorVersion)
      : this.#phase === "answering" && halfClose.goneReading(this.#intake);
    if (gone) this.destroy("client_closed", "The client closed the connection");
    else if (this.#phase === "asked") this.#waits.begin("listening");
  }

  onDrain(): void {
    this.#answers.writer.drained();
  }

  /** The client takes bytes again. */
  #drained(): void {
    if (this.#phase === "handed_over") return;
    if (this.#waits.current === "write" && this.#phase !== "lingering") {
      this.#waits.begin("none");
      if (this.#intake.bodyWanted) this.onBodyWanted();
    }
    this.#answers.resume();
    this.#next();
  }

  #expired(wait: Wait): void {
    const late = this.#waits.lateness(wait, this.#intake);
    if (late !== undefined) this.onMalformed(late);
    else if (wait === "write") {
      const stuck = () => this.destroy("client_stalled", this.#waits.fault(wait));
      this.#answers.writer.look((moves) => moves ? this.#waits.begin("write") : stuck());
    } else if (wait === "listening") {
      if (this.#phase !== "asked" || !this.#halfClose!.mayProbe()) return;
      this.inform(100, "Continue", undefined);
      this.#waits.begin("listening");
    } else if (wait === "keep_alive") this.#leave();
    else if (wait !== "body") this.socket.destroy();
  }
}
