import { type Draft, type DraftTable, literal } from "../draft.ts";
import { addedFields, plain } from "./headers.ts";
import type { Directive } from "./parse.ts";
import type { Scope } from "./scope.ts";
import { toTemplate, variablesIn } from "./variables.ts";

const REDIRECTS = [301, 302, 303, 307, 308];

/** Has `action` answer as `return` says. */
export function fillReturn(
  action: DraftTable,
  { args, origin }: Directive,
  scope: Scope,
  draft: Draft,
): void {
  const [first = "", second] = args;
  const code = /^\d{3}$/.test(first) ? Number(first) : 302;
  const text = /^\d{3}$/.test(first) ? second : first;
  if (REDIRECTS.includes(code) && text !== undefined) {
    const to = toTemplate(text);
    if (to !== undefined) return fillRedirect(action, { to, status: code }, scope, draft);
    draft.lose(origin, "the address holds what no template of Sluice can say", action, "respond");
    action["respond"] = { status: 501, body: "This redirect is not converted." };
    return;
  }
  const headers = addedFields(action, scope, draft);
  if (code === 444) {
    draft.lose(
      origin,
      "Sluice closes no connection without an answer: 403 stands in its place",
      action,
      "respond",
    );
    action["respond"] = { status: 403 };
    return;
  }
  const type = headers?.["Content-Type"]?.[0] ?? contentType(scope, text);
  if (headers !== undefined) delete headers["Content-Type"];
  if (text !== undefined && variablesIn(text).length > 0) {
    draft.lose(origin, "a body of Sluice's own holds no variables", action, "respond");
  }
  action["respond"] = {
    status: code < 200 || code > 599 ? 500 : code,
    ...(text !== undefined && { body: literal(text) }),
    ...(type !== undefined && text !== undefined && { content_type: type }),
    ...(headers !== undefined && Object.keys(headers).length > 0 && { headers: plain(headers) }),
  };
}

/** A redirect; one with fields of its own is an answer that names the address itself. */
export function fillRedirect(
  action: DraftTable,
  { to, status }: { to: string; status: number },
  scope: Scope,
  draft: Draft,
): void {
  const headers = addedFields(action, scope, draft);
  if (headers !== undefined) action["respond"] = { status, headers: { Location: to, ...plain(headers) } };
  else action["redirect"] = status === 302 ? to : { to, status };
}

/** What nginx says of a text that it answers with. */
function contentType(scope: Scope, text: string | undefined): string | undefined {
  return text === undefined ? undefined : scope.find("default_type")?.args[0] ?? "text/plain";
}

/** An answer that says that something is not converted, so that its requests go nowhere else. */
export function fillMissing(action: DraftTable, what: string): void {
  action["respond"] = { status: 501, body: `Not converted: ${what}` };
}
