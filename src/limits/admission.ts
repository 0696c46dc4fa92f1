import { DeadlineQueue } from "../base/deadline-queue.ts";
import type { ProxyError } from "../base/errors.ts";
import { TICK } from "../base/tick.ts";
import type { AnswerTaker } from "../message/answer-taker.ts";
import type { Abortable, Exchange } from "../message/exchange.ts";
import type { Handler } from "../message/handler.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
import type { Count } from "../message/stage-metrics.ts";
import { type Place, type PlacesSize, PlacesTable, type PlaceTaker } from "./places-table.ts";

/** Who is under way and who waits, which outlives reloads. */
export class PlaceQueue {
  readonly table: PlacesTable;
  readonly waits: DeadlineQueue<Admission>;

  constructor({ queueTimeout, ...size }: PlacesSize & { readonly queueTimeout: number }) {
    this.table = new PlacesTable(size);
    this.waits = new DeadlineQueue(queueTimeout, (admission) => admission.onLate());
  }
}

interface AdmissionParts {
  readonly taker: AnswerTaker;
  readonly next: Handler;
  readonly table: PlacesTable;
  readonly place: Place;
  readonly waits: DeadlineQueue<Admission>;
  readonly refusals: { readonly late: ProxyError };
  /** Those that waited for too long. */
  readonly late: Count;
}

/** One request that has a place, or waits for one. */
export class Admission implements PlaceTaker, Abortable {
  readonly #request: IncomingRequest;
  readonly #parts: AdmissionParts;
  #since = 0;
  #hasPlace = false;

  constructor(request: IncomingRequest, parts: AdmissionParts) {
    this.#request = request;
    this.#parts = parts;
  }

  get #exchange(): Exchange {
    return this.#request.exchange;
  }

  /** It has a place: passes it on, and gives the place back when it is over. */
  begin(): void {
    this.#own();
    this.#pass();
  }

  /** It stands in the queue. */
  wait(): void {
    this.#since = TICK.now();
    this.#exchange.underWay = this;
    this.#parts.waits.add(this);
  }

  onPlace(): void {
    this.#leave();
    this.#own(); // at once, as it may be given up before its turn comes
    // Not from here: each of a thousand that wait may be answered at once, and so let the next one in.
    queueMicrotask(() => this.#goOn());
  }

  /** Its time in the queue is over. */
  onLate(): void {
    this.#parts.table.leave(this.#parts.place, this);
    this.#leave();
    this.#parts.late.value++;
    this.#parts.taker.onFailed(this.#exchange, this.#parts.refusals.late);
  }

  abort(error: ProxyError): void {
    this.#parts.table.leave(this.#parts.place, this);
    this.#leave();
    this.#parts.taker.onFailed(this.#exchange, error);
  }

  #goOn(): void {
    const { aborted } = this.#exchange;
    if (aborted !== undefined) return this.#taker.onFailed(this.#exchange, aborted);
    this.#pass();
  }

  #pass(): void {
    this.#parts.next(this.#request, this.#taker);
  }

  #leave(): void {
    this.#parts.waits.delete(this);
    this.#exchange.over(this);
    this.#exchange.queueMs += TICK.now() - this.#since;
  }

  #own(): void {
    this.#hasPlace = true;
    if (this.#knowsItsEnd) this.#exchange.atEnd(() => this.#giveBack());
  }

  #giveBack(): void {
    if (!this.#hasPlace) return;
    this.#hasPlace = false;
    this.#parts.table.giveBack(this.#parts.place);
  }

  /** Somebody else's server does not tell when an answer is out; there a request counts until it is answered. */
  get #knowsItsEnd(): boolean {
    return this.#exchange.peer.handsOver !== false;
  }

  get #taker(): AnswerTaker {
    const { taker } = this.#parts;
    if (this.#knowsItsEnd) return taker;
    return {
      onAnswer: (exchange, response) => {
        this.#giveBack();
        taker.onAnswer(exchange, response);
      },
      onFailed: (exchange, error) => {
        this.#giveBack();
        taker.onFailed(exchange, error);
      },
    };
  }
}
