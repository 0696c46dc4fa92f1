import type { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { Deadline } from "../base/deadline.ts";
import { ProxyError, toProxyError } from "../base/errors.ts";
import type { Fields } from "../http/fields.ts";
import { mayUpgrade } from "../http/upgrade.ts";
import type { CodecLimits } from "../http1/limits.ts";
import { ResponseDecoder, type ResponseHead } from "../http1/response-decoder.ts";
import { MessageWriter } from "../net/message-writer.ts";
import { collectChunks, giveBack } from "../net/release.ts";
import { AnswerBody, type AnswerReader } from "./answer-body.ts";
import { responseTimeout, upstreamStalled } from "./faults.ts";
import { reusableFor } from "./reuse.ts";
import type { Answer, ConnectionOwner, OutgoingRequest, UpstreamTimeouts } from "./contract.ts";

/** Interim answers that one request may get: each is passed on, and a client need not take them. */
const MAX_INTERIM = 100;

/** States of a connection. */
const IDLE = 0, HEAD = 1, BODY = 2, GONE = 3;

/** One connection to a server: sends one request at a time and reads its answer. */
export class UpstreamConnection implements AnswerReader {
  /** Whether this connection has carried an exchange before. */
  reused = false;
  /** Whether a byte of the current answer has come. */
  answering = false;
  readonly #socket: Socket;
  readonly #owner: ConnectionOwner<UpstreamConnection>;
  readonly #timeouts: UpstreamTimeouts;
  readonly #decoder: ResponseDecoder;
  readonly #writer: MessageWriter;
  readonly #deadline = new Deadline(() => this.#expired());
  #state = IDLE;
  #request: OutgoingRequest | undefined;
  #resolve: ((answer: Answer) => void) | undefined;
  #reject: ((error: ProxyError) => void) | undefined;
  #body: AnswerBody | undefined;
  #paused = false;
  /** Interim answers to the current request. */
  #interim = 0;
  #reusableMs = Infinity;
  #responseMs = 0;
  #idleMs = 0;
  #ended = false;

  constructor(
    socket: Socket,
    timeouts: UpstreamTimeouts,
    limits: CodecLimits,
    owner: ConnectionOwner<UpstreamConnection>,
  ) {
    this.#socket = socket;
    this.#owner = owner;
    this.#timeouts = timeouts;
    this.#decoder = new ResponseDecoder(limits);
    collectChunks(this.#decoder);
    this.#writer = new MessageWriter(socket, {
      onSent: () => this.#sent(),
      onBroken: (error) => this.fail(error),
      onBlocked: () => this.#deadline.set(this.#idleMs),
    });
    socket.on("data", (chunk) => this.#read(chunk as Buffer));
    socket.on("drain", () => this.#drained());
    socket.on("end", () => this.#end());
    socket.on("error", (error: Error & { code?: string }) => {
      this.fail(new ProxyError("upstream_reset", `The server broke off: ${error.code ?? error.message}`));
    });
    socket.on("close", () => this.fail(new ProxyError("upstream_reset", "The server closed the connection")));
  }

  /** Whether a request may be sent on it. */
  get usable(): boolean {
    return this.#state === IDLE && !this.#ended && this.#decoder.unread === 0 && this.#socket.writable;
  }

  /** Sends `request`; resolves with the answer's head, its body still to come. Rejects with a ProxyError. */
  send(request: OutgoingRequest): Promise<Answer> {
    this.answering = false;
    if (this.#state !== IDLE) {
      return Promise.reject(new ProxyError("upstream_reset", "The connection is gone"));
    }
    this.#state = HEAD;
    this.#request = request;
    this.#responseMs = request.responseMs ?? this.#timeouts.response;
    this.#idleMs = request.idleMs ?? this.#timeouts.idle;
    this.#interim = 0;
    this.#decoder.expect(request.method);
    const answer = new Promise<Answer>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#writer.begin(request.head, request.chunked, request.dropsTrailer);
    if (request.body === null) this.#writer.end(undefined);
    else {
      this.#deadline.clear();
      request.body.start(this.#writer);
      if (this.#writer.open) this.#writer.flush();
    }
    return answer;
  }

  /** Gives the connection back unused. */
  release(): void {
    if (this.usable) this.#rest();
    else this.fail(new ProxyError("upstream_reset", "Not usable any more"));
  }

  /** Gives up what the connection is doing and closes it. */
  fail(error: ProxyError): void {
    if (this.#state === GONE) return;
    const wasHead = this.#state === HEAD;
    const request = this.#close();
    if (request === undefined) return;
    if (this.#writer.open) request.body?.cancel(error);
    if (wasHead) return this.#reject!(error);
    this.#body?.fail(error);
    request.onDone(error);
  }

  /** For the body: somebody takes it. */
  startBody(): void {
    this.#socket.resume();
    this.#advance();
  }

  /** For the body: its sink has room again. */
  resumeBody(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#deadline.set(this.#idleMs);
    this.startBody();
  }

  #read(chunk: Buffer): void {
    if (this.#state === GONE) return;
    if (this.#state === IDLE) {
      // Nobody asked: whatever it is, it is no answer (RFC 9112 §9.2).
      return this.fail(new ProxyError("upstream_invalid", "The server sent bytes that nobody asked for"));
    }
    this.answering = true;
    this.#decoder.push(chunk);
    if (this.#state === BODY) {
      if (!this.#flowing) return void this.#socket.pause();
      this.#deadline.set(this.#idleMs);
    }
    this.#advance();
  }

  #advance(): void {
    try {
      while (this.#state === HEAD || (this.#state === BODY && this.#flowing)) {
        const step = this.#decoder.next();
        if (step === "head") this.#takeHead(this.#decoder.head);
        else if (step === "data") {
          if (!this.#body!.sink!.write(this.#decoder.data)) this.#pause();
        } else if (step === "end") {
          if (this.#state === BODY) this.#finish(this.#decoder.trailers);
        } else {
          if (this.#state === BODY && !this.#body!.sink!.flush()) this.#pause();
          giveBack(this.#decoder, this.#body?.sink);
          if (this.#ended) this.#end();
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
    this.#reusableMs = reusableFor(head, request.method);
    const resolve = this.#resolve!;
    this.#state = BODY;
    this.#paused = false;
    if (head.framing.kind === "length" && head.framing.length === 0) {
      this.#decoder.next();
      resolve({ head, body: null });
      return this.#finish(undefined);
    }
    this.#body = new AnswerBody(head.framing.kind === "length" ? head.framing.length : undefined, this);
    this.#deadline.set(this.#idleMs);
    resolve({ head, body: this.#body });
  }

  #switch(head: ResponseHead, { upgrade }: OutgoingRequest): void {
    if (head.status === 101 && !mayUpgrade(upgrade, head.fields.get("upgrade"))) {
      throw new ProxyError("upstream_invalid", "The server switched protocols unasked");
    }
    this.#resolve!({ head, body: null, tunnel: this.takeOver() });
  }

  /** Hands the connection over, to be a tunnel. It keeps its place in the pool until it is closed. */
  takeOver(): { socket: Socket; early: Buffer } {
    const early = this.#decoder.takeRest();
    this.#socket.removeAllListeners();
    this.#socket.pause();
    // Until the tunnel listens, an error must not go unheard.
    this.#socket.once("error", () => {});
    this.#state = GONE;
    this.#deadline.dispose();
    this.#socket.once("close", () => this.#owner.onGone(this));
    return { socket: this.#socket, early };
  }

  /** The answer is complete. */
  #finish(trailers: Fields | undefined): void {
    const request = this.#request!;
    const body = this.#body;
    const sent = !this.#writer.open;
    if (sent && this.#reusableMs > 0 && this.#decoder.unread === 0 && !this.#ended) this.#rest();
    else this.#close();
    if (!sent) {
      request.body?.cancel(new ProxyError("upstream_reset", "The server answered before it had the request"));
    }
    body?.end();
    body?.sink?.end(trailers);
    giveBack(this.#decoder, body?.sink);
    request.onDone();
  }

  /** Goes back to the pool. */
  #rest(): void {
    this.#state = IDLE;
    this.#request = undefined;
    this.#resolve = undefined;
    this.#reject = undefined;
    this.#body = undefined;
    this.reused = true;
    this.#deadline.set(Math.min(this.#timeouts.keepAlive || Infinity, this.#reusableMs));
    this.#owner.onIdle(this);
  }

  #close(): OutgoingRequest | undefined {
    const request = this.#request;
    this.#state = GONE;
    this.#deadline.dispose();
    this.#socket.destroy();
    this.#request = undefined;
    this.#resolve = undefined;
    this.#owner.onGone(this);
    return request;
  }

  /** Whether somebody takes the body and has room. */
  get #flowing(): boolean {
    return this.#body?.sink !== undefined && !this.#paused;
  }

  #pause(): void {
    this.#paused = true;
    this.#deadline.clear();
    this.#socket.pause();
  }

  /** The request is out. */
  #sent(): void {
    if (this.#state === HEAD) this.#deadline.set(this.#responseMs);
  }

  #drained(): void {
    if (!this.#writer.blocked) return;
    this.#writer.drained();
    if (this.#state === HEAD) {
      if (this.#writer.open) this.#deadline.clear();
      else this.#deadline.set(this.#responseMs);
    }
    if (this.#writer.open) this.#request?.body?.resume();
  }

  #end(): void {
    this.#ended = true;
    if (this.#state === BODY && !this.#flowing) return; // first what came before
    try {
      if (this.#state === BODY && this.#decoder.finish("upstream_reset")) return this.#finish(undefined);
      this.fail(new ProxyError("upstream_reset", "The server closed the connection"));
    } catch (error) {
      this.fail(error as ProxyError);
    }
  }

  #expired(): void {
    const stalled = () => this.fail(upstreamStalled(this.#request, this.#idleMs));
    this.#deadline.set(this.#idleMs); // the look takes a while
    if (this.#writer.blocked) {
      return this.#writer.look((moves) => moves ? this.#deadline.set(this.#idleMs) : stalled());
    }
    if (this.#state !== HEAD || this.#writer.open) return stalled();
    this.fail(responseTimeout(this.#request, this.#responseMs));
  }
}
