import { preferredType } from "../http/accept.ts";
import { statusText } from "../http/status.ts";

/** Forms in which a failure is told. */
const TEXT = "text/plain";
const JSON_TYPE = "application/json";
const HTML = "text/html";

/** What error answers say about a failure. */
interface FailureFacts {
  readonly status: number;
  readonly phrase: string;
  readonly reason: string;
  readonly requestId: string;
}

/** An operator's own page. */
export interface ErrorPage {
  /** Media type without parameters. */
  readonly type: string;
  /** May hold `{status}`, `{phrase}`, `{reason}` and `{request_id}`. */
  readonly text: string;
}

/**
 * What an error page says, in the form that a client with this `accept` likes best: the operator's page of the status or of
 * its class where it is of that form, else a text of ours.
 */
export function writePage(
  facts: FailureFacts,
  accept: string | undefined,
  pages: ReadonlyMap<string, ErrorPage>,
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

/**
 * `page` with the facts in their places, each place filled once. No fact holds a character that means something in
 * HTML or JSON.
 */
function fillPage({ text }: ErrorPage, { status, phrase, reason, requestId }: FailureFacts): string {
  const facts: Readonly<Record<string, string>> = {
    status: String(status),
    phrase,
    reason,
    request_id: requestId,
  };
  return text.replace(/\{(status|phrase|reason|request_id)\}/g, (_, name: string) => facts[name]!);
}
