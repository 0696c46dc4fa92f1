import { ProxyError, type ProxyErrorKind } from "../base/errors.ts";
import type { OutcomeReason } from "../base/errors.ts";
import { TICK } from "../base/tick.ts";
import { isRequestId, nextRequestId } from "../base/request-id.ts";
import { ROLE } from "../http/field-name.ts";
import type { Fields } from "../http/fields.ts";
import type { DropsField } from "../http1/encode.ts";
import type { AddedLines } from "./added-lines.ts";
import type { ExchangeTrace } from "./trace.ts";
import type { UpstreamTunnel } from "./tunnel.ts";

/** What is known of the connection that a request came in on. */
export interface Peer {
  /** Address of the client, without port; empty for a unix socket. */
  readonly address: string;
  readonly port: number;
  readonly secure: boolean;
  readonly unix?: boolean;
  /** False where the connection cannot be handed over, as somebody else's server has it; default true. */
  readonly handsOver?: boolean;
}

/**
 * Why a failed attempt is not followed by another: the request may not be sent twice; an answer had begun; a long body is
 * partly gone; no other server is left; the number, the time or the share of retries is used up.
 */
export type NoRetry =
  | "not_idempotent"
  | "answered"
  | "attempts"
  | "body"
  | "no_server"
  | "deadline"
  | "budget";

/** Sends interim answers while a request has no final one. */
export interface Informer {
  /** Sends a 1xx to the client, if it can take one. */
  inform(status: number, reason: string, fields: Fields | undefined): void;
}

/** What is given up with an exchange. */
export interface Abortable {
  abort(error: ProxyError): void;
}

/**
 * What was found of a password: `remembered` and `repeated` are `right` and `wrong` that were known from before; `busy`
 * where too many waited to be looked at.
 */
export type PasswordVerdict = "right" | "remembered" | "wrong" | "repeated" | "busy";

/** What a cache did for a request: a closed list. */
export type CacheResult = "hit" | "miss" | "stale" | "revalidated" | "bypass" | "collapsed";

/** Changes the fields of an answer with this status, in place: neither what frames it nor what is for one connection. */
export type AnswerEdit = (fields: Fields, status: number) => void;

/** Who counts exchanges that are over. */
export interface ExchangeCount {
  /** What it is called: a name of the config. */
  readonly name: string;
  /** Name of the backend that gets all that goes there; undefined where none does, or one of several. */
  readonly backend: string | undefined;
  /** One is over, and took `ms`. */
  count(exchange: Exchange, ms: number): void;
}

/** A server, as far as an exchange tells of it or counts for it. */
export interface ExchangeServer extends BodyBytes {
  /** Its requests under way. */
  readonly inFlight: number;
}

/** Bytes of bodies, from clients and to them. */
export interface BodyBytes {
  bytesIn: number;
  bytesOut: number;
}

/**
 * One request and its answer, from the first byte of the one to the last byte of the other. The engine makes
 * it; the proxy writes down where it went; whoever observes gets it when it is over.
 */
export class Exchange {
  readonly peer: Peer;
  readonly method: string;
  readonly target: string;
  readonly authority: string;
  /** 0 or 1: the client's minor version of HTTP/1. */
  readonly minorVersion: 0 | 1;
  /** `performance.now()` when the head was complete. */
  readonly startedAt: number;
  /** Fields of the request; undefined where it could not be read. */
  readonly fields: Fields | undefined;
  /** Address of the client: the peer, or who stands behind it where it is a trusted proxy. */
  client: string;
  /** Who the client proved to be, where it was asked. */
  user: string | undefined;
  /** Whether it was let through as somebody, so that what it is answered may be for it alone. */
  proven = false;
  /** Names under which a stage alone tells servers something, as auth does: nothing there is the client's own word. */
  ownFields: DropsField | undefined;
  /** What became of the password that it gave for that. */
  passwordVerdict: PasswordVerdict | undefined;
  peerTrusted = false;
  /** Scheme and authority that the client asked for, where a trusted proxy reports them in Forwarded. */
  reportedProto: "http" | "https" | undefined;
  reportedHost: string | undefined;
  /** Whether the client waits for a 100 before it sends its body (RFC 9110 §10.1.1), and nobody has sent one. */
  awaitsContinue = false;
  /** Status sent to the client; 0 while none was. */
  status = 0;
  /** Fields sent to the client with that status, but for what frames the answer; kept where somebody asks for them. */
  sentFields: Fields | undefined;
  /** Body bytes received from the client. */
  bytesIn = 0;
  /** Body bytes sent to the client. */
  bytesOut = 0;
  reason: OutcomeReason = "ok";
  /** What the failure was in words, for the log and never for the client. */
  detail: string | undefined;
  backend: string | undefined;
  server: string | undefined;
  /** What the cache did for it, where it came by one. */
  cache: CacheResult | undefined;
  /** What is counted of the rule or the route that took it, and of the server it was sent to last. */
  route: ExchangeCount | undefined;
  lastServer: ExchangeServer | undefined;
  /** The trace that it is a part of; undefined where there are none. */
  trace: ExchangeTrace | undefined;
  attempts = 0;
  /** Attempts that were not the last: each server, and how it failed. */
  tried: string | undefined;
  /** When the last attempt was sent, on the clock of `performance.now()`; 0 where none was. */
  sentAt = 0;
  /** Time from sending them to their end, of the attempts in `tried`, in ms. */
  triedMs = 0;
  /** Why no other attempt followed the last one, which failed. */
  retry: NoRetry | undefined;
  /** Time that was spent waiting for a connection of a full server, in all attempts, in ms. */
  queueMs = 0;
  /** Time that was spent opening connections, in all attempts, in ms. */
  connectMs = 0;
  /** Time from sending the request to the head of the server's answer, in ms. */
  headMs = 0;
  /** When that head came, on the clock of `performance.now()`; 0 where none did. */
  headAt = 0;
  /**
   * Status and fields of the server's answer, to keep what a Response cannot show where one is put around it:
   * the form of the fields, and a status over 599, which then shows as `STATUS_SHOWN`.
   */
  answer: { readonly status: number; readonly fields: Fields } | undefined;
  /** The server's side of a tunnel that its answer opens; it is closed with the exchange, unless it was taken. */
  tunnel: UpstreamTunnel | undefined;
  #edits: AnswerEdit[] | undefined;
  #added: AddedLines[] | undefined;
  #requestId: string | undefined;
  readonly #informer: Informer;
  /** What is done when it is over; null once it is. */
  #atEnd: (() => void)[] | undefined | null;
  #controller: AbortController | undefined;
  #aborted: ProxyError | undefined;
  #underWay: Abortable | undefined;

  constructor(
    peer: Peer,
    request: Pick<Exchange, "method" | "target" | "authority" | "minorVersion" | "startedAt" | "fields">,
    informer: Informer,
  ) {
    this.peer = peer;
    this.method = request.method;
    this.target = request.target;
    this.authority = request.authority;
    this.minorVersion = request.minorVersion;
    this.startedAt = request.startedAt;
    this.fields = request.fields;
    this.client = peer.address;
    this.#informer = informer;
  }

  /** What logs, the server and error answers call this request: the client's name for it, if it is fit, or our own. */
  get requestId(): string {
    return this.#requestId ??= this.#sentId() ?? nextRequestId();
  }

  #sentId(): string | undefined {
    const { fields } = this;
    if (fields?.mayHave(ROLE.requestId) !== true) return undefined;
    for (let i = 0; i < fields.size; i++) {
      if (fields.kinds[i]!.role !== ROLE.requestId) continue;
      const value = fields.value(i);
      if (isRequestId(value)) return value;
    }
    return undefined;
  }

  /** An exchange for a copy of the request, whose answer nobody waits for. */
  shadow(): Exchange {
    const shadow = new Exchange(this.peer, this, { inform() {} });
    shadow.client = this.client;
    shadow.peerTrusted = this.peerTrusted;
    shadow.reportedProto = this.reportedProto;
    shadow.reportedHost = this.reportedHost;
    shadow.ownFields = this.ownFields;
    shadow.#requestId = this.requestId;
    shadow.trace = this.trace?.shadow();
    return shadow;
  }

  /** Why the exchange was given up, or undefined while it is alive. */
  get aborted(): ProxyError | undefined {
    return this.#aborted;
  }

  /** What is aborted when the exchange is given up: the attempt that was made last. */
  set underWay(attempt: Abortable) {
    this.#underWay = attempt;
  }

  /** `attempt` is over and need not be aborted any more. Does nothing where another has taken its place. */
  over(attempt: Abortable): void {
    if (this.#underWay === attempt) this.#underWay = undefined;
  }

  /** What is under way goes on whatever becomes of this exchange: somebody else sees to it. */
  letGo(): void {
    this.#underWay = undefined;
  }

  /** A standard signal that aborts with the exchange, made when first asked for. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#aborted !== undefined) this.#controller.abort(this.#aborted);
    }
    return this.#controller.signal;
  }

  /** Has `edit` change whatever answers this request, an error as well; the one that was asked for first comes last. */
  editAnswer(edit: AnswerEdit): void {
    (this.#edits ??= []).unshift(edit);
  }

  /** What changes the answer, in this order; undefined where nothing does. */
  get edits(): readonly AnswerEdit[] | undefined {
    return this.#edits;
  }

  /** Has whatever answers this request get `lines` as well, behind its own. */
  addLines(lines: AddedLines): void {
    (this.#added ??= []).push(lines);
  }

  /** What the answer gets behind its own lines; undefined where that is nothing. */
  get added(): readonly AddedLines[] | undefined {
    return this.#added;
  }

  /** Writes down what is sent to the client; the server's own head is let go of, as a body may take hours. */
  answered(status: number, fields: Fields | undefined): void {
    this.status = status;
    this.sentFields = fields;
    this.answer = undefined;
  }

  /** Writes down an attempt that failed. */
  note(server: string, outcome: string): void {
    if (this.sentAt > 0) this.triedMs += TICK.now() - this.sentAt;
    this.sentAt = 0;
    this.noteBeside(server, outcome);
  }

  /** Writes down an attempt that ended while another one was under way beside it. */
  noteBeside(server: string, outcome: string): void {
    this.tried = `${this.tried === undefined ? "" : `${this.tried}, `}${server} ${outcome}`;
  }

  /**
   * The proxy's own share of the time until the request was sent the last time, in ms: without what it waited for
   * connections and for servers that it was sent to before. Where it was not sent, `now` is the end.
   */
  ownMs(now: number): number {
    const until = this.sentAt > 0 ? this.sentAt : now;
    return Math.max(0, until - this.startedAt - this.queueMs - this.connectMs - this.triedMs);
  }

  /** Sends a 1xx to the client. */
  inform(status: number, reason: string, fields: Fields | undefined): void {
    if (status === 100) this.awaitsContinue = false;
    this.#informer.inform(status, reason, fields);
  }

  /** Writes down how the exchange failed; the first failure is the one that counts. */
  fail(error: ProxyError): void {
    if (this.reason !== "ok") return;
    this.reason = error.kind;
    this.detail = error.message;
  }

  /** Calls `task` when the exchange is over; at once where it is already. */
  atEnd(task: () => void): void {
    if (this.#atEnd === null) return task();
    (this.#atEnd ??= []).push(task);
  }

  /** The exchange is over: called once, by whoever serves it. */
  end(): void {
    const tasks = this.#atEnd;
    this.#atEnd = null;
    this.tunnel?.drop();
    tasks?.forEach((task) => task());
  }

  /** Takes a failure back that was not answered: something else is tried in its place. */
  recover(): void {
    if (this.#aborted !== undefined) return;
    this.reason = "ok";
    this.detail = undefined;
  }

  /** Gives the exchange up: the client is gone, or too slow, or the proxy is stopping. */
  abort(kind: ProxyErrorKind, message: string): void {
    if (this.#aborted !== undefined) return;
    const error = new ProxyError(kind, message);
    this.#aborted = error;
    this.fail(error);
    const underWay = this.#underWay;
    this.#underWay = undefined;
    underWay?.abort(error);
    this.#controller?.abort(error);
  }
}
