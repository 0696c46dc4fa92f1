import type { AnswerTaker } from "./answer-taker.ts";
import type { IncomingRequest } from "./incoming-request.ts";

/** Answers the requests that a rule or a route takes. */
export type Handler = (request: IncomingRequest, taker: AnswerTaker) => void;
