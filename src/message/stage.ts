import type { ProxyError } from "../base/errors.ts";
import type { Kept } from "../base/kept.ts";
import type { Log } from "../base/log.ts";
import type { Exchange } from "./exchange.ts";
import type { Handler } from "./handler.ts";
import type { IncomingRequest } from "./incoming-request.ts";
import type { Inquire, InquiryPlace } from "./inquiry.ts";
import type { StageCounts } from "./stage-metrics.ts";

/**
 * What requests pass on their way to who answers them, and their answers on the way back: one key of a frontend, a rule
 * or a route. Where none is configured nothing stands in front of a handler.
 */
export interface Stage {
  /** Its key and what it does, in a line for operators: `access: allow 10.0.0.0/8`. */
  readonly words: string;
  /**
   * `next`, with what this stage does before and after it. Called once for each rule or route, when a config is loaded;
   * where two handlers do the same by their `course`, whose requests they are makes no difference. `next` throws
   * nothing: its taker learns that.
   */
  around(next: Handler, course?: StageCourse): Handler;
  /** What it would refuse `request` with, where that depends on the request alone; it is asked by whoever explains. */
  refuses?(request: IncomingRequest): ProxyError | undefined;
  /** What it answers itself, under the same condition; where it refuses the request, in place of the error page. */
  answers?(request: IncomingRequest): Response | undefined;
}

/** What a handler does with requests, as far as it matters to who keeps its answers for others. */
export interface StageCourse {
  /** Where they lead and what is changed on the way: two with the same text do the same with a request. */
  readonly text: string;
  /** Fields of answers that it writes for each client: their names, and what makes their values of a request. */
  readonly ownLines: readonly OwnLine[];
  /** Names, in lower case, of fields that it writes into requests for each client. */
  readonly told: ReadonlySet<string>;
}

/** A field of an answer whose value is for one client. */
export type OwnLine = readonly [name: string, fill: (request: IncomingRequest) => string];

/** What a stage is made with. */
export interface StageParts {
  /** Whose it is, for logs and metrics: `web`, or `web route a.example/api`. */
  readonly at: string;
  /** What it shows in the metrics. */
  readonly counts: StageCounts;
  /** Keeps what is to live through reloads. */
  readonly kept: Kept;
  readonly log: Log;
  /** Asks others than the servers that requests go to. Nothing is opened before something is asked. */
  inquirer(place: InquiryPlace): Inquire;
  /** How the frontend answers a request that failed. */
  failureAnswer(error: unknown, exchange: Exchange): Response;
  /** The scheme that the client asked for. */
  schemeOf(request: IncomingRequest): "http" | "https";
}

/** `handler`, which does what `course` says, behind `stages`, the first of which a request meets first. */
export function behind(stages: readonly Stage[], handler: Handler, course?: () => StageCourse): Handler {
  if (stages.length === 0) return handler;
  const known = course?.();
  return stages.reduceRight((next, stage) => stage.around(telling(next), known), handler);
}

/** `handler`, of which the taker learns what it throws: a stage may call it later, when nobody else would. */
function telling(handler: Handler): Handler {
  return (request, taker) => {
    try {
      handler(request, taker);
    } catch (error) {
      taker.onFailed(request.exchange, error);
    }
  };
}
