import { ProxyError, type ProxyErrorKind, toProxyError } from "../base/errors.ts";
import type { Backend } from "../backend/backend.ts";
import type { Server } from "../backend/server.ts";
import { includesStatus } from "../config/values/statuses.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
import { answered, type AnswerTaker } from "../message/answer-taker.ts";
import { editBy, withoutBody } from "./answer-edits.ts";
import { Attempt, type AttemptOwner } from "./attempt.ts";
import { toClientResponse } from "./client-response.ts";
import type { Course } from "./course.ts";
import { schemeOf } from "./identity.ts";
import { letGo } from "./let-go.ts";
import type { Instead } from "./on-status.ts";
import type { Outgoing } from "./outgoing.ts";
import { askForProof } from "./proof.ts";
import { prepare } from "./prepare.ts";
import { mayRace, Race } from "./race.ts";
import { claimRepeat } from "./repeat.ts";

/** Times that a request which waits goes from one queue to another. */
const MAX_MOVES = 100;

/**
 * Sends `request` to a server of `backend`, and to others where that one fails and the request may be repeated; `taker`
 * learns the answer, its body still to come, or the ProxyError.
 */
export function forwardTo(taker: AnswerTaker, request: IncomingRequest, course: Course): void {
  request.exchange.backend = course.backend.name; // before anything can fail
  new Forwarding(taker, request, course, prepare(request, course)).begin();
}

/** The same, for who wants a promise. */
export function forward(request: IncomingRequest, course: Course): Promise<Response> {
  return answered((taker) => forwardTo(taker, request, course));
}

/** Where a failed attempt was made, which may be its server's own fault, and how it failed. */
interface Doubt {
  readonly server: Server;
  readonly reason: ProxyErrorKind | number;
}

/** A request on its course, attempt by attempt. */
class Forwarding implements AttemptOwner {
  readonly #taker: AnswerTaker;
  readonly #request: IncomingRequest;
  readonly #course: Course;
  readonly #outgoing: Outgoing;
  /** The server that the client stays with, while it may. */
  #sticky: Server | undefined;
  #tried: Set<Server> | undefined;
  /** How it failed last. */
  #last: ProxyError | undefined;
  #doubts: Doubt[] | undefined;
  #moves = 0;
  /** The attempt that another one may be made beside, where the backend asks for that. */
  #race: Race | undefined;
  #mayHedge = true;

  constructor(taker: AnswerTaker, request: IncomingRequest, course: Course, outgoing: Outgoing) {
    this.#taker = taker;
    this.#request = request;
    this.#course = course;
    this.#outgoing = outgoing;
  }

  begin(): void {
    const { exchange } = this.#request;
    this.#course.backend.retryBudget.countRequest(exchange.startedAt);
    this.#sticky = this.#findSticky();
    this.#attempt();
  }

  onAnswered(attempt: Attempt): void {
    try {
      const other = this.#race?.leave(attempt);
      if (other !== undefined && this.#race!.isBad(attempt)) return this.#setAside(attempt, other);
      this.#race?.won(attempt, other);
      if (this.#repeats(attempt)) return this.#again(attempt.server);
      const { status } = attempt.answer!.head;
      const { exchange } = this.#request;
      this.#doubts?.forEach(({ server, reason }) => server.outdone(status, reason, exchange.client));
      if (status >= 500) this.#suspect(attempt.server, status);
      const instead = this.#course.onStatus?.of(status, this.#request, this.#outgoing);
      if (instead === undefined) return this.#taker.onAnswer(exchange, this.#accept(attempt));
      letGo(attempt, this.#outgoing);
      exchange.note(attempt.server.name, String(status));
      this.#doInstead(instead, status, new ProxyError("upstream_invalid", `The server answered ${status}`));
    } catch (error) {
      attempt.drop(toProxyError(error));
      this.#giveUp(toProxyError(error));
    }
  }

  onFailed(attempt: Attempt, error: ProxyError): void {
    const { server } = attempt;
    try {
      this.#last = error;
      const other = this.#race?.leave(attempt);
      if (other !== undefined) return this.#leaveTo(other, attempt, error);
      if (!this.#claimRepeat(server, error)) return this.#fail(error);
      this.#request.exchange.note(server.name, error.kind);
      if (error.sent && error.blames) this.#isInDoubt(server, error.kind);
      this.#again(server);
    } catch (error) {
      this.#giveUp(toProxyError(error));
    }
  }

  onWithdrawn(attempt: Attempt): void {
    const { server } = attempt;
    try {
      if (this.#race?.leave(attempt) !== undefined) return; // the other one goes on
      if (++this.#moves > MAX_MOVES) {
        return this.#fail(new ProxyError("queue_timeout", `No place was left ${this.#moves} times`));
      }
      if (server === this.#sticky) this.#sticky = this.#findSticky();
      this.#attempt();
    } catch (error) {
      this.#giveUp(toProxyError(error));
    }
  }

  #findSticky(): Server | undefined {
    return this.#course.backend.stickyServer(this.#outgoing.fields, this.#outgoing.upgrade !== undefined);
  }

  #attempt(): void {
    const { backend } = this.#course;
    const server = this.#tried === undefined && this.#sticky !== undefined
      ? this.#sticky
      : backend.pick(this.#tried, backend.hashKey?.(this.#request));
    if (server === undefined) return this.#fail(this.#last ?? noServer(backend));
    const { exchange } = this.#request;
    exchange.server = server.name;
    exchange.lastServer = server.record;
    const attempt = new Attempt(server, this.#request, this.#outgoing, this);
    const races = backend.hedgeDelay !== undefined && this.#races(attempt);
    attempt.begin(server !== this.#sticky, races ? "first" : undefined);
  }

  /** Whether another attempt may be made beside `attempt`, once for each request. Who stays with a server is at home there alone. */
  #races(attempt: Attempt): boolean {
    if (this.#race?.hedged === true) this.#mayHedge = false;
    this.#race = undefined;
    if (!this.#mayHedge || attempt.server === this.#sticky || !mayRace(this.#outgoing)) return false;
    this.#race = new Race(attempt, {
      backend: this.#course.backend,
      request: this.#request,
      outgoing: this.#outgoing,
      tried: this.#tried,
      owner: this,
    });
    return true;
  }

  /** `attempt` has a bad answer, which is let go of: that of the `other` one counts. */
  #setAside(attempt: Attempt, other: Attempt): void {
    const { status } = attempt.answer!.head;
    this.#last = new ProxyError("upstream_invalid", `The server answered ${status}`);
    if (status >= 500) this.#isInDoubt(attempt.server, status);
    attempt.drop(this.#last);
    this.#goOnWith(other, attempt.server, String(status));
  }

  /** `attempt` has failed: what the `other` one brings counts. */
  #leaveTo(other: Attempt, { server }: Attempt, error: ProxyError): void {
    if (this.#request.exchange.aborted !== undefined) {
      other.giveUp(error);
      return this.#fail(error);
    }
    if (error.sent && error.blames) this.#isInDoubt(server, error.kind);
    this.#goOnWith(other, server, error.kind);
  }

  #goOnWith(other: Attempt, server: Server, outcome: string): void {
    this.#isTried(server);
    this.#race!.goOnWith(other, server, outcome);
  }

  /** Another server than `server` is to answer. */
  #isTried(server: Server): void {
    server.record.retried++;
    (this.#tried ??= new Set()).add(server);
  }

  /** On another server than `server`. */
  #again(server: Server): void {
    this.#isTried(server);
    this.#outgoing.waitingSince = undefined;
    this.#attempt();
  }

  #claimRepeat(server: Server, error: ProxyError | undefined): boolean {
    return claimRepeat(this.#request, {
      backend: this.#course.backend,
      server,
      tried: this.#tried,
      outgoing: this.#outgoing,
      error,
    });
  }

  /** Whether an answer is dropped and another server asked. */
  #repeats(attempt: Attempt): boolean {
    const { server } = attempt;
    const { status } = attempt.answer!.head;
    const asks = includesStatus(this.#course.backend.config.retries.statuses, status);
    if (!asks || !this.#claimRepeat(server, undefined)) return false;
    this.#last = new ProxyError("upstream_invalid", `The server answered ${status}`);
    if (status >= 500) this.#isInDoubt(server, status);
    attempt.drop(this.#last);
    this.#request.exchange.note(server.name, String(status));
    return true;
  }

  /** A failed attempt is repeated: if that goes well, it was its server that failed. */
  #isInDoubt(server: Server, reason: Doubt["reason"]): void {
    (this.#doubts ??= []).push({ server, reason });
  }

  /** The client gets this failure of `server`; where it has failed before, another one is asked as well. */
  #suspect(server: Server, status: number): void {
    const { backend } = this.#course;
    if (server === this.#sticky || !server.wantsProof(status, this.#request.exchange.client)) return;
    askForProof(this.#request, { suspect: server, status, backend, outgoing: this.#outgoing });
  }

  /** No server answered: what the route does about that, else the request fails. */
  #fail(error: ProxyError): void {
    const { exchange } = this.#request;
    const instead = this.#course.onStatus?.of(error, this.#request, this.#outgoing);
    if (instead === undefined) return this.#giveUp(error);
    if (instead.kind === "answer") exchange.fail(error);
    else exchange.note(error.kind === "no_server" ? this.#course.backend.name : exchange.server!, error.kind);
    this.#doInstead(instead, error.status, error);
  }

  /** Does what a route asks for in place of an answer that was let go, or of a failure. Once: what comes of it counts. */
  #doInstead(instead: Instead, status: number, error: ProxyError): void {
    const { exchange } = this.#request;
    if (instead.kind === "answer") {
      this.#dropBody(error);
      if (exchange.reason === "ok") exchange.retry = undefined;
      return this.#taker.onAnswer(exchange, instead.answer(this.#request, status));
    }
    const { backend } = instead;
    const other: Course = { ...this.#course, backend, mirror: undefined, onStatus: undefined };
    exchange.backend = backend.name;
    exchange.server = undefined;
    exchange.retry = undefined;
    const outgoing = this.#outgoing.with({
      backend,
      waitingSince: undefined,
      attemptsBefore: exchange.attempts,
    });
    new Forwarding(this.#taker, this.#request, other, outgoing).begin();
  }

  #giveUp(error: ProxyError): void {
    this.#dropBody(error);
    this.#taker.onFailed(this.#request.exchange, error);
  }

  /** Nobody wants the body any more. */
  #dropBody(error: ProxyError): void {
    this.#outgoing.replay?.commit();
    this.#outgoing.body?.cancel(error);
  }

  /** The answer becomes the client's: nothing is repeated any more. */
  #accept(attempt: Attempt): Response {
    const request = this.#request;
    const { backend, policy, shape } = this.#course;
    const { server } = attempt;
    const answer = attempt.answer!;
    this.#outgoing.replay?.commit();
    const cookie = server === this.#sticky
      ? undefined
      : backend.stickiness?.cookieFor(server, schemeOf(request, policy) === "https");
    shape?.rewrite?.(answer.head.fields, request, server);
    attempt.answer = withoutBody(answer, request, this.#outgoing);
    return toClientResponse(attempt, {
      course: this.#course,
      edit: shape?.answer === undefined && cookie === undefined
        ? undefined
        : editBy(shape?.answer, { request, cookie }),
    });
  }
}

function noServer({ name, servers, available }: Backend): ProxyError {
  const up = `${available.length} of ${servers.length} servers are available`;
  return new ProxyError("no_server", `Cannot forward to backend "${name}": ${up}`);
}
