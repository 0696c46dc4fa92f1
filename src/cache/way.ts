import { DeadlineQueue } from "../base/deadline-queue.ts";
import { ProxyError } from "../base/errors.ts";
import { TICK } from "../base/tick.ts";
import { asksForSeveral } from "../http/byte-range.ts";
import { ROLE } from "../http/field-name.ts";
import type { Fields } from "../http/fields.ts";
import type { Framing } from "../http/framing.ts";
import { isSafe } from "../http/methods.ts";
import type { AnswerTaker } from "../message/answer-taker.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
import { answerKept } from "./answer-kept.ts";
import { hidesFields, readAsked } from "./asked.ts";
import { ChangeTaker } from "./change.ts";
import { Fetch } from "./fetch.ts";
import { Flight } from "./flight.ts";
import { HeadTaker } from "./head-taker.ts";
import type { CacheStatusLine, KeptAnswer } from "./kept-answer.ts";
import { removeTags } from "./kept-fields.ts";
import { addOwn } from "./own-lines.ts";
import { type CacheWay, type KeptResult, keyOf, type Passing, type WayParts } from "./passing.ts";
import { reportedBy, urlOf } from "./request-url.ts";
import type { TermRules } from "./terms.ts";
import { servesOnError, useOf } from "./use.ts";
import { variantBy } from "./vary.ts";
import { Waiter } from "./waiter.ts";

/** Times that a request waits for others before it goes alone: each answer may turn out to be of another variant. */
const MAX_WAITS = 3;

/** The requests of one rule or route on their way by the cache: to a kept answer, to one under way, or to a server. */
export class CachedWay implements CacheWay {
  readonly parts: WayParts;
  readonly rules: TermRules;
  readonly #lines:
    | Readonly<Record<"hit" | "stale" | "collapsed" | "revalidated", CacheStatusLine>>
    | undefined;
  readonly #markBypass = (fields: Fields) => this.mark(fields, "fwd=bypass");
  readonly #markHead = (fields: Fields) => this.mark(fields, "fwd=miss");
  readonly #late: DeadlineQueue<Waiter> | undefined;

  constructor(parts: WayParts) {
    const { config } = parts;
    this.parts = parts;
    this.rules = {
      ...config,
      targets: config.targets.map((name) => name.toLowerCase()),
      told: parts.course.told,
    };
    const name = config.statusName;
    this.#lines = name === false ? undefined : {
      hit: { value: `${name}; hit` },
      stale: { value: `${name}; hit` },
      collapsed: { value: `${name}; hit; collapsed` },
      revalidated: { value: `${name}; hit; fwd=stale; fwd-status=304` },
    };
    if (config.lockTimeout > 0) {
      this.#late = new DeadlineQueue(config.lockTimeout, (waiter) => waiter.late());
    }
  }

  /** Takes a request in. */
  serve(request: IncomingRequest, taker: AnswerTaker): void {
    const { head: { framing }, method } = request;
    if (method !== "GET" && method !== "HEAD") return this.#pass(request, taker);
    const fields = request.takeFields(); // as the server would get them, where a middleware has changed some
    const read = readAsked(fields, this.parts.config.heedsClients);
    // Its credentials may be in a cookie, or not there any more.
    const asked = request.exchange.proven && !read.authorized ? { ...read, authorized: true } : read;
    if (asked.isForServer || hasBody(framing) || fields.mayHave(ROLE.upgrade) || hidesFields(fields)) {
      return this.#bypass(request, taker);
    }
    const url = urlOf(request, this.parts.schemeOf(request));
    const reported = request.exchange.peerTrusted ? reportedBy(request) : "";
    const origin = reported === "" ? this.parts.origin : this.parts.origin + reported;
    this.look({ request, taker, asked, url, origin, fields, waits: 0 });
  }

  look(passing: Passing): void {
    const { request, asked, url, origin, fields, waits } = passing;
    const { store, config } = this.parts;
    const now = TICK.now();
    const kept = store.find(url, origin, fields);
    if (kept !== undefined) {
      const use = useOf(kept, asked, now);
      const isOne = asked.range === undefined || !asksForSeveral(asked.range);
      if (use !== "ask" && isOne) {
        if (use === "behind") this.#askBehind(passing, kept);
        return this.answer(passing, kept, use !== "fresh" ? "stale" : waits > 0 ? "collapsed" : "hit", now);
      }
    }
    if (asked.onlyIfCached) {
      const error = new ProxyError(
        "not_cached",
        "Only a kept answer was asked for, and there is none that is good",
      );
      return passing.taker.onFailed(request.exchange, error);
    }
    if (request.method === "HEAD") {
      return this.#askHead(passing, kept);
    }
    // A part of an answer is not kept, and all of it is not wanted.
    if (asked.range !== undefined && (kept === undefined || asksForSeveral(asked.range))) {
      return this.#bypass(request, passing.taker);
    }
    const key = flightKey(passing, store.namesOf(url, origin));
    const shares = config.lockTimeout > 0 && !asked.noCache && !asked.noStore && !asked.authorized &&
      waits < MAX_WAITS && !store.isUnshared(keyOf(passing), now);
    const flight = shares ? store.flightOf(url, key) : undefined;
    if (flight === undefined) return this.fetch(passing, kept, shares ? key : undefined);
    const late = this.#late!;
    late.add(new Waiter(this, passing, { flight, kept, onAwake: (waiter) => late.delete(waiter) }));
  }

  fetch(passing: Passing, kept: KeptAnswer | undefined, key?: string): void {
    new Fetch(this, passing, { flight: new Flight(passing.url, key), kept }).begin();
  }

  answerOf(
    { request, asked }: Passing,
    kept: KeptAnswer,
    now: number,
    status: CacheStatusLine | undefined,
  ): Response {
    const response = answerKept(kept, { method: request.method, asked, now, status });
    return addOwn(response, this.parts.course.ownLines, request);
  }

  answer(passing: Passing, kept: KeptAnswer, result: KeptResult, now: number): void {
    const { request: { exchange }, taker } = passing;
    const { store, counts } = this.parts;
    exchange.cache = result;
    exchange.answer = kept;
    counts[result].value++;
    store.touch(kept, now);
    taker.onAnswer(exchange, this.answerOf(passing, kept, now, this.#lines?.[result]));
  }

  answerStale(passing: Passing, kept: KeptAnswer | undefined): boolean {
    const now = TICK.now();
    if (kept === undefined || !servesOnError(kept, passing.asked, now)) return false;
    this.answer(passing, kept, "stale", now);
    return true;
  }

  fail(passing: Passing, kept: KeptAnswer | undefined, error: unknown): void {
    if (!this.answerStale(passing, kept)) passing.taker.onFailed(passing.request.exchange, error);
  }

  lineOf(how: string): CacheStatusLine | undefined {
    const { statusName } = this.parts.config;
    return statusName === false ? undefined : { value: `${statusName}; ${how}` };
  }

  mark(fields: Fields, how: string): void {
    removeTags(fields);
    const { statusName } = this.parts.config;
    if (statusName !== false) fields.append("Cache-Status", `${statusName}; ${how}`);
  }

  /** A HEAD goes to the server as one: what it says of a kept answer to GET is taken over. */
  #askHead(passing: Passing, kept: KeptAnswer | undefined): void {
    const { request, taker } = passing;
    request.exchange.cache = "miss";
    request.exchange.editAnswer(this.#markHead);
    this.parts.counts.miss.value++;
    this.parts.next(request, kept === undefined ? taker : new HeadTaker(this, passing, kept));
  }

  #bypass(request: IncomingRequest, taker: AnswerTaker): void {
    const { exchange } = request;
    exchange.cache = "bypass";
    exchange.editAnswer(this.#markBypass);
    this.parts.counts.bypass.value++;
    this.parts.next(request, taker);
  }

  /** A request that is not answered from here; what is kept may be out of date once it was answered. */
  #pass(request: IncomingRequest, taker: AnswerTaker): void {
    const { store, schemeOf } = this.parts;
    const changes = !isSafe(request.method);
    this.#bypass(
      request,
      changes ? new ChangeTaker(taker, store, urlOf(request, schemeOf(request))) : taker,
    );
  }

  #askBehind(passing: Passing, kept: KeptAnswer): void {
    if (kept.isRenewed) return;
    const exchange = passing.request.exchange.shadow();
    if (!this.parts.store.beginBehind(exchange)) return;
    kept.isRenewed = true;
    new Fetch(this, passing, { flight: new Flight(passing.url, undefined), kept, behind: exchange }).begin();
  }
}

/** What requests for one URL have in common that one answer under way may do for; `names` are those of fields it depends on. */
function flightKey({ origin, fields }: Passing, names: readonly string[]): string {
  return names.length === 0 ? origin : `${origin} ${JSON.stringify(variantBy(names, fields))}`;
}

function hasBody(framing: Framing): boolean {
  return framing.kind !== "length" || framing.length > 0;
}
