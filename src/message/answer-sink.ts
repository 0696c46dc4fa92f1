import { TICK } from "../base/tick.ts";
import type { Exchange } from "./exchange.ts";

/** Who gets the answer to a request: one of the two is called, once. Neither throws. */
export interface AnswerSink {
  onAnswer(exchange: Exchange, response: Response): void;
  onFailed(exchange: Exchange, error: unknown): void;
}

/** Tells `sink` the answer that `fetch` gives at once or later. */
export function answerFrom(
  fetch: () => Response | Promise<Response>,
  exchange: Exchange,
  sink: AnswerSink,
): void {
  let answer;
  try {
    answer = TICK.outside(fetch);
  } catch (error) {
    return sink.onFailed(exchange, error);
  }
  if (answer instanceof Promise) {
    answer.then(
      (response) => sink.onAnswer(exchange, response),
      (error) => sink.onFailed(exchange, error),
    );
  } else sink.onAnswer(exchange, answer);
}

/** The answer that `ask` has brought to the sink that it is given; rejects where it failed. */
export function answered(ask: (sink: AnswerSink) => void): Promise<Response> {
  return new Promise((resolve, reject) => {
    ask({ onAnswer: (_, response) => resolve(response), onFailed: (_, error) => reject(error) });
  });
}
