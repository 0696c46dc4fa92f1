import { ProxyError, toProxyError } from "../base/errors.ts";
import { TICK } from "../base/tick.ts";
import type { AnswerTaker } from "../message/answer-taker.ts";
import { discardBody } from "../message/discard.ts";
import type { Exchange } from "../message/exchange.ts";
import { ForwardedResponse } from "../message/forwarded-response.ts";
import { isOnlyIts } from "./asked.ts";
import type { Wake } from "./flight.ts";
import { Arrival } from "./arrival.ts";
import type { KeptAnswer } from "./kept-answer.ts";
import { renewed } from "./renewed.ts";
import { requestForServer } from "./request-for-server.ts";
import type { CacheWay, FetchParts, Passing } from "./passing.ts";

/** Answers in place of which a stale one may be sent (RFC 5861 §4). */
const FAILURES: ReadonlySet<number> = new Set([500, 502, 503, 504]);
/** Bytes of an answer that is not sent on, up to which it is read so that its connection can be used again. */
const MAX_DISCARDED_BYTES = 64 * 1024;
const UNWANTED = new ProxyError("client_closed", "A kept answer is sent in place of this one");

/** A request to a server, whose answer goes to the client, is kept where it may be, and wakes those who wait for it. */
export class Fetch implements AnswerTaker {
  readonly #way: CacheWay;
  readonly #passing: Passing;
  readonly #parts: FetchParts;
  #requestedAt = 0;

  constructor(way: CacheWay, passing: Passing, parts: FetchParts) {
    this.#way = way;
    this.#passing = passing;
    this.#parts = parts;
  }

  begin(): void {
    const { request } = this.#passing;
    const { flight, kept, behind } = this.#parts;
    const { store, next } = this.#way.parts;
    store.begin(flight);
    request.exchange.cache ??= "miss";
    this.#requestedAt = Date.now();
    next(requestForServer(request, behind ?? request.exchange, kept), this);
  }

  onAnswer(exchange: Exchange, response: Response): void {
    const { kept } = this.#parts;
    if (!(response instanceof ForwardedResponse) || response.tunnel !== undefined) {
      this.#land("alone");
      return this.#deliver(exchange, response);
    }
    const status = response.sentStatus;
    if (kept !== undefined && status === 304) return this.#validated(kept, response);
    if (kept !== undefined && FAILURES.has(status) && this.#answersStale(kept)) {
      discard(response);
      return this.#land("stale");
    }
    const arrival = new Arrival(this.#way, this.#passing, {
      ...this.#parts,
      exchange,
      requestedAt: this.#requestedAt,
      land: (how) => this.#land(how),
      over: () => this.#over(),
    });
    const answer = arrival.take(response);
    const isGone = !arrival.isKept && status < 500 && !isOnlyIts(this.#passing.asked);
    if (isGone && kept !== undefined) this.#way.parts.store.drop(kept);
    this.#deliver(exchange, answer);
    arrival.settle();
  }

  onFailed(exchange: Exchange, error: unknown): void {
    const { kept, behind } = this.#parts;
    const isGone = exchange.aborted !== undefined;
    if (behind !== undefined) this.#over();
    else if (isGone) this.#passing.taker.onFailed(exchange, error);
    else this.#way.fail(this.#passing, kept, error);
    this.#land(isGone ? "again" : { error: toProxyError(error) });
  }

  /** The server says that what is kept is still good. */
  #validated(kept: KeptAnswer, response: ForwardedResponse): void {
    const { flight, behind } = this.#parts;
    const { store } = this.#way.parts;
    response.settle();
    const later = response.takeFields();
    if (kept.body.failure !== undefined) {
      store.drop(kept);
      if (behind === undefined) this.#way.fetch(this.#passing, undefined);
      else this.#over();
      return this.#land("look");
    }
    const { answer, isKept } = renewed(
      kept,
      { said: later, requestedAt: this.#requestedAt, passing: this.#passing },
      this.#way,
    );
    if (isKept && !flight.outdated) store.keep(answer);
    else if (!isKept && !isOnlyIts(this.#passing.asked)) store.drop(kept);
    const now = TICK.now();
    if (behind === undefined) this.#way.answer(this.#passing, answer, "revalidated", now);
    else this.#over();
    this.#land(isKept && answer.freshUntil > now ? "look" : "alone");
  }

  #answersStale(kept: KeptAnswer): boolean {
    if (this.#parts.behind === undefined) return this.#way.answerStale(this.#passing, kept);
    this.#over();
    return true;
  }

  /** Sends the answer of the server on. */
  #deliver(exchange: Exchange, response: Response): void {
    if (this.#parts.behind !== undefined) return;
    exchange.cache = "miss";
    this.#way.parts.counts.miss.value++;
    this.#passing.taker.onAnswer(exchange, response);
  }

  /** The answer is kept now, or will not be: all who wait for it go on. */
  #land(how: Wake): void {
    const { flight } = this.#parts;
    this.#way.parts.store.end(flight);
    flight.land(how);
  }

  /** What nobody waited for is done. */
  #over(): void {
    const { behind, kept } = this.#parts;
    if (behind === undefined) return;
    if (kept !== undefined) kept.isRenewed = false;
    this.#way.parts.store.endBehind(behind);
    behind.end();
  }
}

/** Lets go of an answer in whose place another is sent. */
function discard(response: ForwardedResponse): void {
  const body = response.takeBody();
  if (body === null) return;
  if (body instanceof ReadableStream) body.cancel(UNWANTED).catch(() => {}); // it may have failed already
  else discardBody(body, { limit: MAX_DISCARDED_BYTES, reason: UNWANTED });
}
