import type { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { ProxyError, type ProxyErrorKind, toProxyError } from "../base/errors.ts";
import type { Fields } from "../http/fields.ts";
import type { RequestHead } from "../http1/request-decoder.ts";
import { openingOf } from "../message/answer-form.ts";
import type { AnswerTaker } from "../message/answer-taker.ts";
import type { Exchange, Informer, Peer } from "../message/exchange.ts";
import type { ForwardedResponse } from "../message/forwarded-response.ts";
import { AnswerFlow } from "./answer-flow.ts";
import { dropAnswer } from "./answer.ts";
import type { ClientConnection } from "./client-connection.ts";
import { HalfClose } from "./half-close.ts";
import { Intake, type IntakeEvents } from "./intake.ts";
import { Linger } from "./linger.ts";
import type { Entrance, Reception } from "./reception.ts";
import type { Phase } from "./phase.ts";
import type { RequestBody } from "./request-body.ts";
import { checkedRequest, newExchange, wantsKeepAlive } from "./request-rules.ts";
import type { SocketOwner } from "./socket-owner.ts";
import type { Served } from "./sweep.ts";
import { Tunnelled } from "./tunnelled.ts";
import { TURNS } from "./turns.ts";
import { type Wait, Waits } from "./waits.ts";

/** What becomes of a connection. */
export interface ConnectionEvents {
  /** It has had no request for a while, and there is nothing to it but its socket: it need not be served. */
  onRest(connection: DownstreamConnection): void;
  /** It is a tunnel from here on, which never rests. */
  onTunnel(connection: DownstreamConnection): void;
  onClosed(connection: DownstreamConnection): void;
}

/**
 * A client's connection: reads requests, has them answered, writes the answers, one after another in order,
 * and closes in a way that lets the last answer arrive. The table in `phase.ts` says what leads where.
 */
export class DownstreamConnection
  implements ClientConnection, SocketOwner, Served, IntakeEvents, Informer, AnswerTaker {
  tunnelled: Tunnelled | undefined;
  readonly socket: Socket;
  readonly entrance: Entrance;
  readonly peer: Peer;
  readonly #intake: Intake;
  readonly #answers: AnswerFlow;
  readonly #waits: Waits;
  readonly #events: ConnectionEvents;
  #phase: Phase = "idle";
  /** Who serves the exchange under way; between two requests whoever serves the entrance. */
  #reception: Reception;
  /** The exchange under way, while `serving` or `answering`. */
  #exchange: Exchange | undefined;
  /** Whether the connection closes after this exchange. */
  #closing = false;
  /** Set once the client has finished sending. */
  #halfClose: HalfClose | undefined;
  /** While `lingering`. */
  #linger: Linger | undefined;

  /** Serves a socket whose owner it becomes; `acceptedAt` says since when the first request is waited for. */
  constructor(
    socket: Socket,
    { peer, entrance, acceptedAt, events }: {
      peer: Peer;
      entrance: Entrance;
      acceptedAt: number | undefined;
      events: ConnectionEvents;
    },
  ) {
    this.socket = socket;
    this.entrance = entrance;
    this.peer = peer;
    this.#reception = entrance.reception;
    this.#events = events;
    this.#waits = new Waits(() => this.#reception.timeouts, (wait) => this.#expired(wait));
    this.#waits.sinceAccepted(acceptedAt);
    this.#intake = new Intake(socket, entrance.reception.limits, this);
    this.#answers = new AnswerFlow(socket, {
      onSent: () => this.#finishExchange(),
      onBroken: (error) => this.#cut(error),
      onBlocked: () => this.#phase === "tunnel" || this.#waits.begin("write"),
      onDrained: () => this.#drained(),
    });
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
    if (idleToo && this.#phase === "idle") this.#leave();
  }

  get phase(): Phase {
    return this.#phase;
  }

  get busy(): boolean {
    return this.#phase !== "idle" && this.#phase !== "lingering";
  }

  refuse(error: ProxyError): boolean {
    const exchange = this.#exchange;
    if (exchange === undefined || this.#phase !== "serving") return false;
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
    if (this.#phase !== "serving" || this.#exchange!.minorVersion !== 1) return; // RFC 9110 §15.2
    this.#answers.inform(status, reason, fields);
    if (status === 100 && this.#waits.current === "continue") this.#waits.beginBody();
  }

  /** For the intake: a request begins. */
  onHead(head: RequestHead, body: RequestBody | null): void {
    const exchange = this.#begin(head);
    const { limits, timeouts } = this.#reception;
    this.#intake.limitBody(limits.bodySize);
    this.#waits.requested(this.#halfClose !== undefined);
    if (!wantsKeepAlive(head) || timeouts.keepAlive === 0) this.#closing = true;
    try {
      this.#reception.serve(checkedRequest(head, { exchange, body, limits }), this);
    } catch (error) {
      this.#answerFailure(exchange, error);
    }
  }

  /** For whoever serves the request. */
  onAnswer(exchange: Exchange, response: Response): void {
    this.#respond(exchange, response);
  }

  /** For whoever serves the request: there is no answer. Behind what may have aborted it, which has the first word. */
  onFailed(exchange: Exchange, error: unknown): void {
    queueMicrotask(() => this.#answerFailure(exchange, error));
  }

  /** Begins an exchange, also one of a request that was refused. Whoever serves the entrance now serves all of it. */
  #begin(head: Parameters<typeof newExchange>[0]): Exchange {
    this.#phase = "serving";
    this.#reception = this.entrance.reception;
    this.#reception.onBegun();
    return this.#exchange = newExchange(head, this.peer, this);
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
    this.#linger?.discarded();
  }

  onStarved(): void {
    if (this.#exchange !== undefined) {
      const lacks = this.#halfClose !== undefined && this.#intake.incomplete;
      if (lacks) this.destroy("client_closed", "The client left");
      return;
    }
    this.#reception = this.entrance.reception;
    if (this.#intake.insideHead) {
      this.#phase = "head";
      if (this.#halfClose === undefined) this.#waits.forHead();
      else this.onMalformed(new ProxyError("bad_request", "The request is not complete"));
    } else if (this.#halfClose !== undefined || (this.#closing && !this.#waits.untilFirst)) this.#close();
    else this.#waits.forRequest();
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
    this.#answerFailure(this.#begin(this.#intake.refused), error);
  }

  #failExchange(exchange: Exchange, error: ProxyError): void {
    if (this.#phase === "answering") this.#cut(error);
    else this.#answerFailure(exchange, error);
  }

  #answerFailure(exchange: Exchange, error: unknown): void {
    if (this.#exchange !== exchange || this.#phase !== "serving") return;
    exchange.fail(toProxyError(error));
    this.#respond(exchange, this.#reception.failureAnswer(toProxyError(error), exchange));
  }

  #respond(exchange: Exchange, response: Response): void {
    if (this.#exchange !== exchange || this.#phase !== "serving") {
      return dropAnswer(response, exchange.aborted ?? new ProxyError("client_closed", "The client is gone"));
    }
    try {
      const opening = openingOf(response, exchange);
      if (opening !== undefined) return this.#handOver(exchange, opening);
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
        keepsFields: this.#reception.keepsSentFields,
        edits: exchange.edits,
        added: exchange.added,
      });
      if (closes) this.#closing = true;
      this.#phase = "answering";
      exchange.answered(status, this.#reception.keepsSentFields ? fields : undefined);
      this.#answers.start(source);
    } catch (error) {
      this.#failExchange(exchange, toProxyError(error));
    }
  }

  #handOver(exchange: Exchange, response: ForwardedResponse): void {
    this.#exchange = undefined;
    this.#phase = "tunnel";
    this.#waits.dispose();
    this.#events.onTunnel(this);
    this.tunnelled = new Tunnelled(exchange, response, {
      socket: this.socket,
      writer: this.#answers.writer,
      early: this.#intake.takeRest(),
      reception: this.#reception,
    });
    this.socket.on("close", () => this.#gone("closed"));
  }

  #finishExchange(): void {
    const exchange = this.#exchange!;
    this.#exchange = undefined;
    this.#answers.finish(exchange, this.#reception);
    if (this.#phase === "gone") return;
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
    if (this.#waits.current === "drowsy") return this.#waits.begin("dozing");
    if (this.#waits.current !== "dozing") return;
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

  /** Says goodbye, then lingers. */
  #close(): void {
    this.#phase = "lingering";
    this.#intake.stop();
    this.#waits.begin("write");
    const linger = this.#linger = new Linger(this.socket, this.#reception.timeouts);
    this.socket.end(() => {
      if (this.#phase === "gone") return;
      this.#waits.begin("none");
      linger.begin();
    });
  }

  /** The answer broke off: the client must see that it did. */
  #cut(error: ProxyError): void {
    this.#exchange?.fail(error);
    // A reset, because a plain close would look like the end to a client that reads until close.
    this.socket.resetAndDestroy();
  }

  #gone(cause: string): void {
    if (this.#phase === "gone") return;
    this.#phase = "gone";
    this.#waits.dispose();
    this.#linger?.dispose();
    this.socket.destroy();
    const exchange = this.#exchange;
    this.#exchange = undefined;
    if (exchange !== undefined) {
      exchange.abort("client_closed", `The client broke the connection: ${cause}`);
      const error = exchange.aborted!;
      this.#intake.failBody(error);
      this.#answers.finish(exchange, this.#reception, error);
    }
    this.#events.onClosed(this);
  }

  onEnd(): void {
    const halfClose = this.#halfClose = new HalfClose(this.#reception.halfClose);
    if (this.#exchange === undefined) {
      // What came and was not read yet has its turn first; after it `onStarved` is called.
      if ((this.#phase === "idle" || this.#phase === "head") && !this.#intake.hasUnread) this.onStarved();
      return;
    }
    const serving = this.#phase === "serving";
    const gone = serving
      ? halfClose.goneWaiting(this.#intake, this.#exchange.minorVersion)
      : halfClose.goneReading(this.#intake);
    if (gone) this.destroy("client_closed", "The client closed the connection");
    else if (serving) this.#waits.begin("listening");
  }

  onDrain(): void {
    this.#answers.writer.drained();
  }

  #drained(): void {
    if (this.#phase === "tunnel") return;
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
      this.#answers.writer.look((takesSome) => takesSome ? this.#waits.begin("write") : stuck());
    } else if (wait === "listening") {
      if (this.#phase !== "serving" || !this.#halfClose!.mayProbe()) return;
      this.inform(100, "Continue", undefined);
      this.#waits.begin("listening");
    } else if (wait === "keep_alive") this.#leave();
    else if (wait !== "body") this.socket.destroy(); // the first request never came
  }
}
