import { Buffer } from "node:buffer";
import type { Fields } from "../http/fields.ts";
import type { Output } from "../http1/output.ts";
import type { AddedLines } from "../message/added-lines.ts";
import type { AnswerTaker } from "../message/answer-taker.ts";
import type { Exchange } from "../message/exchange.ts";
import { tokensOf } from "./bucket.ts";
import type { Limit } from "./limit.ts";
import { secondsOf, stateItem, wholeSeconds } from "./rate-limit-fields.ts";

const POLICY = Buffer.from("RateLimit-Policy: ");
const STATE = Buffer.from("\r\nRateLimit: ");

/** What an answer says of the limits that its request had to pass; what a server says of limits of its own stays beside it. */
export class LimitFields implements AddedLines {
  readonly #limits: Limit[] = [];
  /** Of each limit how many are left, and the seconds until there are more. */
  readonly #numbers: number[] = [];
  #retryAfter = 0;

  /** Adds what `limit` has found in memory for the request. */
  add(limit: Limit, now: number): void {
    if (limit.config.headers && limit.key !== undefined) this.addState(limit, limit.fullAt, now);
  }

  /** Adds what is known of `limit`: its bucket is full at `fullAt`. */
  addState(limit: Limit, fullAt: number, now: number): void {
    const left = tokensOf(fullAt, now, limit.size);
    this.#limits.push(limit);
    this.#numbers.push(left, secondsOf(left, fullAt, now, limit.size));
  }

  /** Has the answer say so, and when to come back where that is not 0. */
  show(exchange: Exchange, retryAfter = 0): void {
    this.#retryAfter = retryAfter;
    if (retryAfter > 0 || this.#limits.length > 0) exchange.addLines(this);
  }

  write(output: Output): void {
    const limits = this.#limits, numbers = this.#numbers;
    if (this.#retryAfter > 0) output.text(`Retry-After: ${this.#retryAfter}\r\n`);
    if (limits.length === 0) return;
    output.bytes(POLICY);
    for (let i = 0; i < limits.length; i++) {
      if (i > 0) output.text(", ");
      output.bytes(limits[i]!.policyBytes);
    }
    output.bytes(STATE);
    for (let i = 0; i < limits.length; i++) {
      if (i > 0) output.text(", ");
      output.bytes(limits[i]!.stateStart);
      output.text(String(numbers[2 * i]));
      output.text(";t=");
      output.text(String(numbers[2 * i + 1]));
    }
    output.text("\r\n");
  }

  appendTo(fields: Fields): void {
    const limits = this.#limits, numbers = this.#numbers;
    if (this.#retryAfter > 0) fields.append("Retry-After", String(this.#retryAfter));
    if (limits.length === 0) return;
    const states = limits.map(({ name }, i) => stateItem(name, numbers[2 * i]!, numbers[2 * i + 1]!));
    fields.append("RateLimit-Policy", limits.map(({ policy }) => policy).join(", "));
    fields.append("RateLimit", states.join(", "));
  }
}

/** Answers a request that `limit` does not let through. */
export function refuse(exchange: Exchange, taker: AnswerTaker, limit: Limit, fields: LimitFields): void {
  limit.refused.value++;
  fields.show(exchange, Math.max(1, wholeSeconds(limit.wait)));
  taker.onFailed(exchange, limit.refusal);
}
