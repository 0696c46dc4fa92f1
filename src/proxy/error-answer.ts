import { ProxyError, proxyStatusOf, toProxyError } from "../base/errors.ts";
import { reasonPhrase, RETRY_AFTER } from "../http/status.ts";
import type { Exchange } from "../message/exchange.ts";
import { WholeResponse } from "../message/whole-response.ts";
import { SERVED_METHODS } from "./answer-options.ts";
import { type ErrorPage, writePage } from "./error-page.ts";

/** How the errors of one frontend are answered. */
export interface ErrorAnswers {
  /** Name of this proxy, for Proxy-Status. */
  readonly name: string;
  /** Pages of the operator by status, or by class as `5xx`. */
  readonly pages: ReadonlyMap<string, ErrorPage>;
  /** Value of Proxy-Authenticate, where a relay asks its clients who they are. */
  readonly challenge?: string | undefined;
}

/**
 * The answer to a request that failed: the status of its kind, the kind as the only word about it, and the
 * request's id, in the form that the client likes best. What went wrong inside is for the log.
 */
export function answerFailure(error: unknown, exchange: Exchange, answers: ErrorAnswers): Response {
  const failure: ProxyError = toProxyError(error);
  exchange.answer = undefined; // this one is no server's
  // 499 is for the log: that client is gone, whatever is made for it is thrown away.
  const isGone = failure.side === "downstream" && failure.status === 499;
  const status = isGone ? 400 : failure.status;
  const facts = { status, phrase: reasonPhrase(status), reason: failure.kind, requestId: exchange.requestId };
  const { type, text } = writePage(facts, exchange.fields?.get("accept"), answers.pages);
  const body = new TextEncoder().encode(text);
  const headers = new Headers({
    "Content-Type": type === "application/json" ? type : `${type}; charset=utf-8`,
    "Content-Length": String(body.length),
    // RFC 9110 §15.1 lets caches keep some of these statuses unasked.
    "Cache-Control": "no-store",
    "X-Request-Id": exchange.requestId,
    "Proxy-Status": `${toItem(answers.name)}; error=${
      proxyStatusOf(failure.kind)
    }; details="${failure.kind}"`,
  });
  if (failure.kind === "method_not_allowed") {
    headers.set("Allow", SERVED_METHODS);
  }
  if (failure.kind === "authentication_required" && answers.challenge !== undefined) {
    headers.set("Proxy-Authenticate", answers.challenge);
  }
  // A client that breaks the protocol here may see the end of its request elsewhere than we do.
  if (failure.side === "downstream") headers.set("Connection", "close");
  if (status === 503) headers.set("Retry-After", RETRY_AFTER);
  return new WholeResponse(body, { status, statusText: facts.phrase, headers });
}

/** A name as an item of Proxy-Status: a token of RFC 9651 §3.3.4 where it is one, else a string. */
function toItem(name: string): string {
  return /^[A-Za-z*]/.test(name) ? name : `"${name}"`;
}
