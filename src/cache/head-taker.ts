import type { AnswerTaker } from "../message/answer-taker.ts";
import type { Exchange } from "../message/exchange.ts";
import { ForwardedResponse } from "../message/forwarded-response.ts";
import { isOnlyIts } from "./asked.ts";
import type { KeptAnswer } from "./kept-answer.ts";
import { renewed, type Validation } from "./renewed.ts";
import type { CacheWay, Passing } from "./passing.ts";

/**
 * Takes the answer to a HEAD: what is kept of the answer to GET is freshened by it, or is none any more where it says that
 * the content is another (RFC 9111 §4.3.5).
 */
export class HeadTaker implements AnswerTaker {
  readonly #way: CacheWay;
  readonly #passing: Passing;
  readonly #kept: KeptAnswer;
  readonly #requestedAt = Date.now();

  constructor(way: CacheWay, passing: Passing, kept: KeptAnswer) {
    this.#way = way;
    this.#passing = passing;
    this.#kept = kept;
  }

  onAnswer(exchange: Exchange, response: Response): void {
    if (response instanceof ForwardedResponse && response.sentStatus === 200) this.#compare(response);
    this.#passing.taker.onAnswer(exchange, response);
  }

  onFailed(exchange: Exchange, error: unknown): void {
    this.#passing.taker.onFailed(exchange, error);
  }

  #compare(response: ForwardedResponse): void {
    const { store } = this.#way.parts;
    const kept = this.#kept;
    response.settle();
    const fields = response.takeFields();
    const validation: Validation = { said: fields, requestedAt: this.#requestedAt, passing: this.#passing };
    const differs = (name: string, value: string | undefined) => {
      const said = fields.get(name);
      return said !== undefined && said !== value;
    };
    const isOther = differs("etag", kept.etag) || differs("last-modified", kept.lastModified) ||
      differs("content-length", String(kept.body.length)) || kept.status !== 200;
    const { answer, isKept } = isOther
      ? { answer: kept, isKept: false }
      : renewed(kept, validation, this.#way);
    if (isKept && store.has(kept)) store.keep(answer);
    else if (!isOnlyIts(this.#passing.asked)) store.drop(kept);
  }
}
