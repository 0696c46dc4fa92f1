import type { Abortable, Exchange } from "../message/exchange.ts";
import type { OutgoingRequest } from "../upstream/contract.ts";
import { responseTimeout } from "../upstream/faults.ts";

/** Times to a server's 100, in ms; 0 is no limit. */
export interface ExpectationTimes {
  /** After it the proxy asks for the body itself. */
  readonly continue: number;
  /** To an answer, or a 100. */
  readonly response: number;
}

/**
 * Watches a request whose client waits for a 100 before it sends the body (RFC 9110 §10.1.1). Meanwhile the wait is the
 * server's, not the client's: one that is silent has the request aborted, unless the proxy asks for the body in its place.
 * Returns the timer, which its owner stops when the head of an answer, or a failure, is there; undefined where none runs.
 */
export function watchExpectation(
  exchange: Exchange,
  request: OutgoingRequest & Abortable,
  times: ExpectationTimes,
): ReturnType<typeof setTimeout> | undefined {
  const responseMs = request.responseMs ?? times.response;
  const asks = times.continue > 0 && (responseMs === 0 || times.continue < responseMs);
  const ms = asks ? times.continue : responseMs;
  if (ms === 0) return undefined;
  return setTimeout(() => {
    if (!exchange.awaitsContinue) return; // it came, or the client did not wait: its body has clocks of its own
    if (asks) exchange.inform(100, "Continue", undefined);
    else request.abort(responseTimeout(request, responseMs));
  }, ms);
}
