import type { AnswerTaker } from "../message/answer-taker.ts";
import type { Exchange } from "../message/exchange.ts";
import { ForwardedResponse } from "../message/forwarded-response.ts";
import { urlBeside } from "./request-url.ts";
import type { CacheStore } from "./store.ts";

/**
 * Takes the answer to a request that may have changed something: where it went well, what is kept of its URL is dropped,
 * and of those that the answer names in Location and Content-Location (RFC 9111 §4.4).
 */
export class ChangeTaker implements AnswerTaker {
  readonly #taker: AnswerTaker;
  readonly #store: CacheStore;
  readonly #url: string;

  constructor(taker: AnswerTaker, store: CacheStore, url: string) {
    this.#taker = taker;
    this.#store = store;
    this.#url = url;
  }

  onAnswer(exchange: Exchange, response: Response): void {
    const { status } = response;
    if (status >= 200 && status < 400) {
      this.#store.invalidate(this.#url);
      for (const named of locationsIn(response)) {
        const url = urlBeside(this.#url, named);
        if (url !== undefined) this.#store.invalidate(url);
      }
    }
    this.#taker.onAnswer(exchange, response);
  }

  onFailed(exchange: Exchange, error: unknown): void {
    this.#taker.onFailed(exchange, error);
  }
}

function locationsIn(response: Response): readonly string[] {
  const fields = response instanceof ForwardedResponse ? response.takeFields() : response.headers;
  return [fields.get("location"), fields.get("content-location")].filter((value) =>
    typeof value === "string"
  );
}
