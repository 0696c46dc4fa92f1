import type { CacheConfig } from "../config/sections/cache.ts";
import type { Fields } from "../http/fields.ts";
import type { AnswerTaker } from "../message/answer-taker.ts";
import type { CacheResult, Exchange } from "../message/exchange.ts";
import type { Handler } from "../message/handler.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
import type { StageCourse } from "../message/stage.ts";
import type { Count } from "../message/stage-metrics.ts";
import type { Asked } from "./asked.ts";
import type { Flight } from "./flight.ts";
import type { CacheStatusLine, KeptAnswer } from "./kept-answer.ts";
import type { CacheStore } from "./store.ts";
import type { TermRules } from "./terms.ts";

/** A request on its way by the cache. */
export interface Passing {
  readonly request: IncomingRequest;
  readonly taker: AnswerTaker;
  readonly asked: Asked;
  readonly url: string;
  readonly origin: string;
  /** Its fields, as they came. */
  readonly fields: Fields;
  /** Times that it has waited for others. */
  readonly waits: number;
}

/** What a way by the cache is made of. */
export interface WayParts {
  readonly config: CacheConfig;
  readonly store: CacheStore;
  readonly counts: Readonly<Record<CacheResult, Count>>;
  readonly schemeOf: (request: IncomingRequest) => "http" | "https";
  /** What the handlers behind it do: requests that lead elsewhere are answered by other answers. */
  readonly origin: string;
  /** What they write for each client, which is kept for nobody else. */
  readonly course: StageCourse;
  readonly next: Handler;
}

/** What a kept answer is sent as. */
export type KeptResult = Exclude<CacheResult, "miss" | "bypass">;

/** The way of one rule's or route's requests by the cache, as those see it who are sent along it. */
export interface CacheWay {
  readonly parts: WayParts;
  readonly rules: TermRules;
  /** Looks for a kept answer, or for one under way. */
  look(passing: Passing): void;
  /** Asks the server, on condition where `kept` is there; requests with `key` may wait for it. */
  fetch(passing: Passing, kept: KeptAnswer | undefined, key?: string): void;
  /** What `kept` is for the client that asks, at `now`. */
  answerOf(passing: Passing, kept: KeptAnswer, now: number, status: CacheStatusLine | undefined): Response;
  /** Answers from what is kept. */
  answer(passing: Passing, kept: KeptAnswer, result: KeptResult, now: number): void;
  /** Answers with what is stale, as its server fails; false where that may not be. */
  answerStale(passing: Passing, kept: KeptAnswer | undefined): boolean;
  /** There is no answer of a server. */
  fail(passing: Passing, kept: KeptAnswer | undefined, error: unknown): void;
  /** Cache-Status of an answer that is made of one that has just come. */
  lineOf(how: string): CacheStatusLine | undefined;
  /** Makes the fields of an answer of a server those that the client gets, in place: `how` is what Cache-Status says of it. */
  mark(fields: Fields, how: string): void;
}

/** What a request to a server is made with. */
export interface FetchParts {
  readonly flight: Flight;
  /** What is kept and not good enough, if anything is. */
  readonly kept: KeptAnswer | undefined;
  /** Where nobody waits for the answer: what stands for the client's exchange. */
  readonly behind?: Exchange;
}

/** What requests have in common whose answers are for others as well, or are not. */
export function keyOf({ url, origin }: Passing): string {
  return `${url} ${origin}`;
}
