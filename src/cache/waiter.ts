import type { ProxyError } from "../base/errors.ts";
import { TICK } from "../base/tick.ts";
import type { Abortable } from "../message/exchange.ts";
import type { Flight, Wake, Wakeable } from "./flight.ts";
import type { KeptAnswer } from "./kept-answer.ts";
import { type CacheWay, keyOf, type Passing } from "./passing.ts";

/** A request that waits for the answer to another one. */
export class Waiter implements Wakeable, Abortable {
  readonly #way: CacheWay;
  readonly #passing: Passing;
  readonly #flight: Flight;
  readonly #kept: KeptAnswer | undefined;
  readonly #onAwake: (waiter: Waiter) => void;

  /** `kept` is an answer that is stale, if there is one. */
  constructor(way: CacheWay, passing: Passing, { flight, kept, onAwake }: {
    flight: Flight;
    kept: KeptAnswer | undefined;
    /** It waits no longer. */
    onAwake: (waiter: Waiter) => void;
  }) {
    this.#way = way;
    this.#passing = passing;
    this.#flight = flight;
    this.#kept = kept;
    this.#onAwake = onAwake;
    flight.join(this);
    passing.request.exchange.underWay = this;
  }

  wake(how: Wake): void {
    this.#leave();
    const passing = this.#passing;
    if (how === "look") this.#way.look({ ...passing, waits: passing.waits + 1 });
    else if (how === "again") this.#way.look(passing);
    else if (how === "alone" || (how === "stale" && !this.#way.answerStale(passing, this.#kept))) {
      this.#way.fetch(passing, this.#kept);
    } else if (typeof how !== "string") this.#way.fail(passing, this.#kept, how.error);
  }

  /** It has waited for as long as it may. What has begun by then may never end: nobody else is to wait for that. */
  late(): void {
    if (this.#flight.begun) {
      this.#way.parts.store.setUnshared(keyOf(this.#passing), TICK.now());
    }
    this.wake("alone");
  }

  /** Its client is gone, or the proxy is about to be. */
  abort(error: ProxyError): void {
    this.#leave();
    this.#passing.taker.onFailed(this.#passing.request.exchange, error);
  }

  #leave(): void {
    const { exchange } = this.#passing.request;
    this.#flight.leave(this);
    this.#onAwake(this);
    exchange.over(this);
  }
}
