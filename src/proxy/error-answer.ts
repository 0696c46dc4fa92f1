import { ProxyError, proxyStatusOf, toProxyError } from "../base/errors.ts";
import { preferredType } from "../http/negotiate.ts";
import { reasonPhrase, RETRY_AFTER, statusText } from "../http/status.ts";
import type { Exchange } from "../message/exchange.ts";
import { SERVED_METHODS } from "./answer-options.ts";
import { type ErrorPage, type FailureFacts, fillPage } from "./error-page.ts";

/** How the errors of one frontend are answered. */
export interface ErrorAnswers {
  /** Name of this proxy, for Proxy-Status. */
  readonly name: string;
  /** Pages of the operator by status, or by class as `5xx`. */
  readonly pages: ReadonlyMap<string, ErrorPage>;
  /** Value of Proxy-Authenticate, where a relay asks its clients who they are. */
  readonly challenge?: string | undefined;
}

const TEXT = "text/plain";
const JSON_TYPE = "application/json";
const HTML = "text/html";

/**
 * The answer to a request that failed: the status of its kind, the kind as the only word about it, and the
 * request's id, in the form that the client likes best. What went wrong inside is for the log.
 */
export function answerFailure(error: unknown, exchange: Exchange, answers: ErrorAnswers): Response {
  const failure: ProxyError = toProxyError(error);
  // 499 is for the log: that client is gone, whatever is made for it is thrown away.
  const status = failure.status === 499 ? 400 : failure.status;
  const facts = { status, phrase: reasonPhrase(status), reason: failure.kind, requestId: exchange.requestId };
  const { type, text } = write(facts, exchange.fields?.get("accept"), answers.pages);
  const body = new TextEncoder().encode(text);
  const headers = new Headers({
    "Content-Type": type === JSON_TYPE ? type : `${type}; charset=utf-8`,
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
  return new Response(body, { status, statusText: facts.phrase, headers });
}

/** A name as an item of Proxy-Status: a token of RFC 9651 §3.3.4 where it is one, else a string. */
function toItem(name: string): string {
  return /^[A-Za-z*]/.test(name) ? name : `"${name}"`;
}

function write(
  facts: FailureFacts,
  accept: string | undefined,
  pages: ErrorAnswers["pages"],
): { type: string; text: string } {
  const page = pages.get(String(facts.status)) ?? pages.get(`${Math.floor(facts.status / 100)}xx`);
  const type = preferredType(accept, page === undefined ? BUILT_IN : [page.type, ...BUILT_IN]);
  if (page !== undefined && type === page.type) return { type, text: fillPage(page, facts) };
  if (type === JSON_TYPE) return { type, text: toJson(facts) };
  if (type === HTML) return { type, text: toHtml(facts) };
  return { type: TEXT, text: toText(facts) }; // in some form even to who takes none: better than no word at all
}

const BUILT_IN: [string, ...string[]] = [TEXT, JSON_TYPE, HTML];

function toText({ status, reason, requestId }: FailureFacts): string {
  return `${statusText(status, reason)}Request id: ${requestId}\n`;
}

function toJson({ status, phrase, reason, requestId }: FailureFacts): string {
  return JSON.stringify({ status, error: phrase, reason, request_id: requestId }) + "\n";
}

/** Nothing in it needs escaping: an id that came from outside holds plain characters only. */
function toHtml({ status, phrase, reason, requestId }: FailureFacts): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${status} ${phrase}</title>
<h1>${status} ${phrase}</h1>
<p>${reason}</p>
<p>Request id: <code>${requestId}</code></p>
</html>
`;
}
