import type { Draft, DraftTable } from "../draft.ts";
import { readAnswer, readRedirect } from "./answers.ts";
import { beforeCondition, type Conditions, isUnknown, toTerm } from "./conditions.ts";
import { readEdit } from "./edits.ts";
import type { Line } from "./parse.ts";
import type { ProxySection } from "./proxy.ts";
import { asksPath, type LineStep, tooConditional } from "../step.ts";

/** Rules that only look, or that Sluice does in its own way. */
const NEEDLESS = new Set(
  `
  capture set-log-level set-nice set-mark set-tos wait-for-body disable-l7-retry set-timeout normalize-uri
  wait-for-handshake cache-store inspect-delay accept set-src expect-proxy
`.trim().split(/\s+/),
);

const PATH_CHANGED = "a line before it changes the path, and this asks for the one that the client sent";

const NOTHING_LIKE_IT = "Sluice has nothing like it";

/** What a line does, or why it is not converted. */
type Meaning =
  | Pick<LineStep, "answer" | "edit">
  | { readonly why: string; readonly edit?: LineStep["edit"] }
  | undefined;

/** What the lines of a proxy do with its requests, in the order in which HAProxy does it. */
export function readSteps(
  proxy: ProxySection,
  conditions: Conditions,
  { draft, table }: { draft: Draft; table: DraftTable },
): LineStep[] {
  const steps: LineStep[] = [];
  let changesPath = false;
  const add = (line: Line, read: (args: readonly string[]) => Meaning) => {
    const { origin } = line;
    const args = beforeCondition(line).slice(1);
    if (NEEDLESS.has(args[0] ?? "")) return;
    const truth = conditions.read(line.words);
    if (isUnknown(truth)) return draft.lose(origin, truth.why, table);
    const term = toTerm(truth);
    if (term === undefined) return draft.change(origin, "is never met, as clients come without TLS");
    const asksChanged = changesPath && asksPath(term);
    if (/^(?:set|replace)-(?:path|pathq|uri)$/.test(args[0] ?? "")) changesPath = true;
    const meaning = read(args);
    if (meaning === undefined) return;
    if ("why" in meaning) {
      draft.lose(origin, meaning.why, table);
      if (meaning.edit !== undefined) steps.push({ term, origin, edit: meaning.edit });
      return;
    }
    if (asksChanged) draft.lose(origin, PATH_CHANGED, table);
    steps.push({ term, origin, ...meaning });
  };
  for (const line of proxy.all("tcp-request")) add(line, (args) => ofConnection(line, args, draft));
  for (const line of proxy.all("http-request")) add(line, (args) => ofRequest(line, args, { proxy, draft }));
  for (const line of proxy.all("redirect")) {
    add(line, (args) => {
      const answer = readRedirect(args);
      return answer === undefined
        ? { why: "the address, or what comes with it, is none that Sluice can say" }
        : { answer };
    });
  }
  for (const line of [...proxy.all("http-response"), ...proxy.all("http-after-response")]) {
    add(line, (args) => ofEdit(args, "response"));
  }
  for (const line of changesPath ? proxy.all("use_backend") : []) {
    const truth = conditions.read(line.words);
    if (typeof truth === "string" && asksPath(truth)) {
      draft.lose(line.origin, PATH_CHANGED, table);
    }
  }
  const many = tooConditional(steps);
  for (const { origin } of many) draft.lose(origin, "too many changes are for some requests only", table);
  return steps.filter((step) => !many.includes(step));
}

function ofRequest(
  line: Line,
  args: readonly string[],
  { proxy, draft }: { proxy: ProxySection; draft: Draft },
): Meaning {
  const [action = ""] = args;
  if (/^(?:set|replace)-path$/.test(action) && proxy.kind !== "backend") {
    draft.change(line.origin, "conditions after it see the path as the client sent it");
  }
  if (action === "set-header" && /^x-forwarded-for$/i.test(args[1] ?? "")) {
    draft.change(
      line.origin,
      "what trusted peers say of it is kept; HAProxy drops it, as trusted_proxies = [] of the frontend does",
    );
  }
  if (action === "allow") return { why: "what comes after it is asked as well" };
  if (/^(?:track-sc|sc-)/.test(action)) return { why: "rates have a key of their own: rate_limit" };
  if (action === "cache-use") {
    draft.change(line.origin, "the cache is in memory ([cache] size), and goes by RFC 9111");
    return { edit: (table) => void (table["cache"] = true) };
  }
  const answer = readAnswer(line, args, draft);
  return answer === undefined ? ofEdit(args, "request") : { answer };
}

function ofEdit(args: readonly string[], side: "request" | "response"): Meaning {
  const edit = readEdit(args, side);
  if (edit === "needless") return undefined;
  return typeof edit === "function" ? { edit } : edit;
}

/** Who is turned away before there is a request gets an answer with us. */
function ofConnection({ origin }: Line, args: readonly string[], draft: Draft): Meaning {
  const [where = "", action = ""] = args;
  if (NEEDLESS.has(action)) return undefined;
  if (action === "reject" && where !== "session") {
    draft.change(origin, "is answered 403; HAProxy closes the connection");
    return { answer: { respond: { status: 403 } } };
  }
  return {
    why: action.startsWith("track-sc") ? "rates have a key of their own: rate_limit" : NOTHING_LIKE_IT,
  };
}
