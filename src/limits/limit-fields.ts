import type { AnswerTaker } from "../message/answer-taker.ts";
import type { Exchange } from "../message/exchange.ts";
import type { Limit } from "./limit.ts";
import { wholeSeconds } from "./rate-limit-fields.ts";

/** What an answer says of the limits that its request had to pass. */
export class LimitFields {
  #policy = "";
  #state = "";

  /** Adds what `limit` has found in memory for the request. */
  add(limit: Limit, now: number): void {
    if (limit.config.headers && limit.key !== undefined) this.addState(limit, limit.state(now));
  }

  /** Adds what is known of `limit`. */
  addState({ policy }: Limit, state: string): void {
    this.#policy += this.#policy === "" ? policy : `, ${policy}`;
    this.#state += this.#state === "" ? state : `, ${state}`;
  }

  /** Has the answer say so; what a server says of limits of its own stays beside it. */
  show(exchange: Exchange, retryAfter?: number): void {
    const policy = this.#policy, state = this.#state;
    if (policy === "" && retryAfter === undefined) return;
    exchange.editAnswer((fields) => {
      if (retryAfter !== undefined) fields.append("Retry-After", String(retryAfter));
      if (policy === "") return;
      fields.append("RateLimit-Policy", policy);
      fields.append("RateLimit", state);
    });
  }
}

/** Answers a request that `limit` does not let through. */
export function refuse(exchange: Exchange, taker: AnswerTaker, limit: Limit, fields: LimitFields): void {
  limit.refused.value++;
  fields.show(exchange, Math.max(1, wholeSeconds(limit.wait)));
  taker.onFailed(exchange, limit.refusal);
}
