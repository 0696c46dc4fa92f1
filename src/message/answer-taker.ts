import { TICK } from "../base/tick.ts";
import type { Exchange } from "./exchange.ts";

/** Who gets the answer to a request: one of the two is called, once. Neither throws. */
export interface AnswerTaker {
  onAnswer(exchange: Exchange, response: Response): void;
  onFailed(exchange: Exchange, error: unknown): void;
}

/** Tells `taker` the answer that `fetch` gives at once or later. */
export function answerFrom(
  fetch: () => Response | Promise<Response>,
  exchange: Exchange,
  taker: AnswerTaker,
): void {
  let answer;
  try {
    answer = TICK.outside(fetch);
  } catch (error) {
    return taker.onFailed(exchange, error);
  }
  if (answer instanceof Promise) {
    answer.then(
      (response) => taker.onAnswer(exchange, response),
      (error) => taker.onFailed(exchange, error),
    );
  } else taker.onAnswer(exchange, answer);
}

/** The answer that `ask` has brought to the taker that it is given; rejects where it failed. */
export function answered(ask: (taker: AnswerTaker) => void): Promise<Response> {
  return new Promise((resolve, reject) => {
    ask({ onAnswer: (_, response) => resolve(response), onFailed: (_, error) => reject(error) });
  });
}
