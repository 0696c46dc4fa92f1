import type { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { ProxyError, toProxyError } from "../base/errors.ts";
import { TICK } from "../base/tick.ts";
import type { Fields } from "../http/fields.ts";
import { mayUpgrade } from "../http/upgrade.ts";
import type { CodecLimits } from "../http/head-limits.ts";
import { ResponseDecoder, type ResponseHead } from "../http1/response-decoder.ts";
import { OPEN_FILES } from "../net/open-files.ts";
import { collectChunks, giveBack } from "../net/release.ts";
import { AnswerBody, type AnswerReader } from "./answer-body.ts";
import { beforeRequestEnd, brokenBy, closedByServer } from "./faults.ts";
import type { UpstreamPhase } from "./phase.ts";
import { reusableFor } from "./reuse.ts";
import { Sending } from "./sending.ts";
import { Waits } from "./waits.ts";
import type { ConnectionOwner, OutgoingRequest, UpstreamTimeouts } from "./contract.ts";

/** Interim answers that one request may get: each is passed on, and a client need not take them. */
const MAX_INTERIM = 100;

/** One connection to a server: sends one request at a time and reads its answer. The table in `phase.ts` says how. */
export class UpstreamConnection implements AnswerReader {
  /** Whether this connection has carried an exchange before. */
  reused = false;
  /** Since when it is unused, as its server sees it, on the clock of `performance.now()`; NaN where that is not known. */
  idleSince = NaN;
  /** How long it may be unused, by what its server said in the last answer; Infinity where that is nothing. */
  reusableMs = Infinity;
  /** Whether a byte of the current answer has come. */
  answering = false;
  readonly #socket: Socket;
  readonly #owner: ConnectionOwner<UpstreamConnection>;
  readonly #decoder: ResponseDecoder;
  readonly #sending: Sending;
  readonly #waits: Waits;
  #phase: UpstreamPhase = "idle";
  #request: OutgoingRequest | undefined;
  #body: AnswerBody | undefined;
  /** Whether the current answer had to wait here, so that its server may have been done with it for long. */
  #heldUp = false;
  /** Interim answers to the current request. */
  #interim = 0;
  /** Whether the server has finished sending, cleanly or by a break. */
  #ended = false;
  /** How the connection broke, where it did: what was read before still counts. */
  #break: ProxyError | undefined;

  constructor(
    socket: Socket,
    timeouts: UpstreamTimeouts,
    limits: CodecLimits,
    owner: ConnectionOwner<UpstreamConnection>,
  ) {
    this.#socket = socket;
    this.#owner = owner;
    this.#decoder = new ResponseDecoder(limits);
    collectChunks(this.#decoder);
    this.#sending = new Sending(socket, {
      onSent: () => this.#phase === "asked" ? this.#waits.forAnswer() : undefined,
      onBroken: (error) => this.fail(error),
      onBlocked: () => this.#waits.forMovement(),
      onDrained: () => this.#drained(),
      onRefused: (cause) => this.#refused(cause),
    });
    this.#waits = new Waits(timeouts, this.#sending, (error) => this.fail(this.#break ?? error));
    socket.on("data", (chunk) => this.#hear(chunk as Buffer));
    socket.on("end", () => this.#end(undefined));
    socket.on("error", (error) => this.#end(brokenBy(error)));
    socket.on("close", () => this.#end(closedByServer()));
  }

  /** Whether a request may be sent on it. */
  get usable(): boolean {
    return this.#phase === "idle" && !this.#ended && this.#break === undefined &&
      this.#decoder.unread === 0 && this.#socket.writable;
  }

  /** Sends `request`, which learns what becomes of it. */
  send(request: OutgoingRequest): void {
    this.answering = false;
    if (this.#phase !== "idle") {
      return request.onFailed(new ProxyError("upstream_reset", "The connection is gone"));
    }
    this.#phase = "asked";
    this.#request = request;
    this.#interim = 0;
    this.#decoder.expect(request.method);
    this.#heldUp = false;
    this.#waits.begin(request);
    try {
      this.#sending.begin(request);
    } catch (error) {
      this.fail(toProxyError(error));
    }
  }

  /** Goes back into its pool unused: whoever took it has nothing to send. */
  putBack(): void {
    if (this.usable) this.#rest(this.idleSince);
    else this.fail(new ProxyError("upstream_reset", "Not usable any more"));
  }

  /** Gives up what the connection is doing and closes it. */
  fail(error: ProxyError): void {
    if (this.#phase === "gone") return;
    const unanswered = this.#phase === "asked";
    const reason = this.#sending.mayLack(this.#break !== undefined) ? beforeRequestEnd(error) : error;
    const request = this.#close();
    if (request === undefined) return;
    this.#sending.stop(reason);
    if (unanswered) return request.onFailed(reason);
    this.#body?.fail(reason);
    request.onDone(reason);
  }

  /** For the body: somebody takes it. */
  startBody(): void {
    if (this.#phase === "headed") this.#phase = "flowing";
    this.#socket.resume();
    this.#advance();
  }

  /** For the body: its sink has room again. */
  resumeBody(): void {
    if (this.#phase !== "held") return;
    this.#phase = "flowing";
    this.#waits.forMovement();
    this.startBody();
  }

  #hear(chunk: Buffer): void {
    TICK.begin();
    try {
      this.#read(chunk);
    } finally {
      TICK.end();
    }
  }

  #read(chunk: Buffer): void {
    if (this.#phase === "gone") return;
    if (this.#phase === "idle") {
      // Nobody asked: whatever it is, it is no answer (RFC 9112 §9.2).
      return this.fail(new ProxyError("upstream_invalid", "The server sent bytes that nobody asked for"));
    }
    this.answering = true;
    this.#decoder.push(chunk);
    if (this.#phase === "headed" || this.#phase === "held") return void this.#socket.pause();
    if (this.#phase === "flowing") this.#waits.forMovement();
    this.#advance();
  }

  #advance(): void {
    try {
      while (this.#phase === "asked" || this.#phase === "flowing") {
        const step = this.#decoder.next();
        if (step === "head") this.#takeHead(this.#decoder.head);
        else if (step === "data") {
          if (!this.#decoder.deliver(this.#body!.sink!)) this.#pause();
        } else if (step === "end") {
          if (this.#phase === "flowing") this.#finish(this.#decoder.trailers);
        } else {
          if (this.#phase === "flowing" && !this.#body!.sink!.flush()) this.#pause();
          giveBack(this.#decoder, this.#body?.sink);
          if (this.#ended) this.#conclude();
          return;
        }
      }
    } catch (error) {
      this.fail(toProxyError(error));
    }
  }

  #takeHead(head: ResponseHead): void {
    const request = this.#request!;
    const opens = request.method === "CONNECT" && head.status >= 200 && head.status < 300; // RFC 9110 §9.3.6
    if (opens || head.status === 101) return this.#switch(head, request);
    if (head.status < 200) {
      if (++this.#interim > MAX_INTERIM) {
        throw new ProxyError("upstream_invalid", "Interim answers without an end");
      }
      return request.onInformational(head);
    }
    // A server that answers before it has the request may never read the rest, nor what would follow.
    this.reusableMs = this.#sending.mayBeUnread(head.status) ? 0 : reusableFor(head, request.method);
    this.#phase = "headed";
    if (head.framing.kind === "length" && head.framing.length === 0) {
      this.#decoder.next();
      request.onAnswer({ head, body: null });
      if (this.#phase === "headed") this.#finish(undefined); // nobody has given it up
      return;
    }
    this.#body = new AnswerBody(head.framing.kind === "length" ? head.framing.length : undefined, this);
    this.#waits.forMovement();
    request.onAnswer({ head, body: this.#body });
  }

  #switch(head: ResponseHead, request: OutgoingRequest): void {
    if (head.status === 101 && !mayUpgrade(request.upgrade, head.fields.get("upgrade"))) {
      throw new ProxyError("upstream_invalid", "The server switched protocols unasked");
    }
    request.onAnswer({ head, body: null, tunnel: this.takeOver() });
  }

  /** Hands the connection over, to be a tunnel. It keeps its place in the pool until it is closed. */
  takeOver(): { socket: Socket; early: Buffer } {
    const early = this.#decoder.takeRest();
    OPEN_FILES.removeListeners(this.#socket);
    this.#socket.pause();
    // Until the tunnel listens, an error must not go unheard.
    this.#socket.once("error", () => {});
    this.#phase = "gone";
    this.#waits.dispose();
    this.#socket.once("close", () => this.#owner.onGone(this));
    return { socket: this.#socket, early };
  }

  #finish(trailers: Fields | undefined): void {
    const request = this.#request!;
    const body = this.#body;
    if (this.reusableMs > 0 && this.#decoder.unread === 0 && !this.#ended) {
      this.#rest(this.#heldUp ? NaN : TICK.now());
    } else this.#close();
    if (this.#sending.open) { // an error costs more than all else here
      this.#sending.stop(new ProxyError("upstream_reset", "The server answered before it had the request"));
    }
    body?.end();
    body?.sink?.end(trailers);
    giveBack(this.#decoder, body?.sink);
    request.onDone();
  }

  /** Goes back to the pool. */
  #rest(since: number): void {
    this.#phase = "idle";
    this.#request = undefined;
    this.#body = undefined;
    this.reused = true;
    this.idleSince = since;
    this.#waits.forUse(this.reusableMs);
    this.#owner.onIdle(this);
  }

  #close(): OutgoingRequest | undefined {
    const request = this.#request;
    this.#phase = "gone";
    this.#waits.dispose();
    this.#socket.destroy();
    this.#request = undefined;
    this.#owner.onGone(this);
    return request;
  }

  #pause(): void {
    if (this.#phase !== "flowing") return; // whoever took the body has given it up
    this.#phase = "held";
    this.#heldUp = true;
    this.#waits.forNothing();
    this.#socket.pause();
  }

  #drained(): void {
    if (this.#phase === "asked" && !this.#sending.open) this.#waits.forAnswer();
    else if (this.#phase === "headed" || this.#phase === "flowing") this.#waits.forMovement();
    else this.#waits.forNothing();
  }

  /** The server takes no more of the request. It may have answered before it closed: that is read first. */
  #refused(cause: Error): void {
    if (this.#phase === "gone") return;
    this.#break ??= brokenBy(cause);
    this.#sending.stop(this.#break);
    if (this.#phase === "asked") this.#waits.forLastWords();
  }

  /** The server has finished sending, or with `error` the connection broke. */
  #end(error: ProxyError | undefined): void {
    if (this.#phase === "gone" || this.#ended) return;
    this.#ended = true;
    this.#break ??= error;
    if (this.#phase === "idle") this.#owner.onLeft(this);
    if (this.#phase === "headed" || this.#phase === "held") return; // first what came before
    this.#conclude();
  }

  /** All that came was read, and no more will come. */
  #conclude(): void {
    try {
      const whole = this.#break === undefined && (this.#phase === "flowing" || this.#phase === "held") &&
        this.#decoder.finish("upstream_reset");
      if (whole) this.#finish(undefined);
      else this.fail(this.#break ?? closedByServer());
    } catch (error) {
      this.fail(error as ProxyError);
    }
  }
}
