import type { Draft, DraftTable } from "../draft.ts";
import { fromLogFormat } from "./log-format.ts";
import type { Line } from "./parse.ts";

const REDIRECTS = [301, 302, 303, 307, 308];

/** What `redirect …` answers, without this word and the condition; undefined where that cannot be said. */
export function readRedirect(words: readonly string[]): DraftTable | undefined {
  const [kind = "", to = "", ...options] = words;
  const code = Number(options[options.indexOf("code") + 1] ?? 302);
  const status = options.includes("code") ? code : 302;
  if (
    !REDIRECTS.includes(status) ||
    ["set-cookie", "clear-cookie", "append-slash"].some((word) => options.includes(word))
  ) {
    return undefined;
  }
  const uri = options.includes("drop-query") ? "{path}" : "{uri}";
  const address = fromLogFormat(to);
  if (address === undefined || address === "") return undefined;
  const target = kind === "scheme"
    ? `${address}://{host}${uri}`
    : kind === "prefix"
    ? `${address === "/" ? "" : address}${uri}`
    : kind === "location"
    ? address
    : undefined;
  if (target === undefined) return undefined;
  return { redirect: status === 302 ? target : { to: target, status } };
}

/** What an `http-request` line that ends a request answers; undefined for one that does not. */
export function readAnswer(
  { words, origin }: Line,
  args: readonly string[],
  draft: Draft,
): DraftTable | undefined {
  const [action = "", ...rest] = args;
  const after = (word: string) => rest.includes(word) ? rest[rest.indexOf(word) + 1] : undefined;
  if (action === "redirect") {
    const redirect = readRedirect(rest);
    if (redirect === undefined) {
      draft.lose(origin, "the address, or what comes with it, is none that Sluice can say");
    }
    return redirect ?? { respond: { status: 501, body: "This redirect is not converted." } };
  }
  if (action === "deny" || action === "reject") {
    return { respond: respondWith(rest, Number(after("deny_status") ?? after("status") ?? 403)) };
  }
  if (action === "silent-drop") {
    draft.change(origin, "the answer is 403; Sluice closes no connection in silence");
    return { respond: { status: 403 } };
  }
  if (action === "tarpit") {
    draft.change(origin, "is answered at once");
    return { respond: { status: Number(after("deny_status") ?? 500) } };
  }
  if (action === "auth") {
    draft.lose(
      origin,
      "passwords of a userlist are none that Sluice checks, so nobody is let in: see auth in docs/stages.md",
    );
    return { respond: { status: 401 } };
  }
  if (action !== "return") return undefined;
  if (
    words.some((word) => ["file", "lf-file", "errorfile", "errorfiles", "default-errorfiles"].includes(word))
  ) {
    draft.lose(origin, 'the file: respond = { file = "…" }, as seen from the working directory');
  }
  if (/%\[|%[a-z]/i.test(after("lf-string") ?? "")) {
    draft.lose(origin, "a body of Sluice's own holds no samples");
  }
  return { respond: respondWith(rest, Number(after("status") ?? 200)) };
}

/** Its text, type and fields. */
function respondWith(words: readonly string[], status: number): DraftTable {
  const after = (word: string) => words.includes(word) ? words[words.indexOf(word) + 1] : undefined;
  // A string is text; in the other kind samples are put, which are none here.
  const body = after("string") ?? after("lf-string")?.replaceAll("%%", "%");
  const headers: DraftTable = {};
  words.forEach((word, i) => {
    const value = word === "hdr" ? fromLogFormat(words[i + 2] ?? "") : undefined;
    if (value !== undefined) headers[words[i + 1]!] = value;
  });
  return {
    status,
    ...(body !== undefined && { body: body }),
    ...(after("content-type") !== undefined && body !== undefined && { content_type: after("content-type") }),
    ...(Object.keys(headers).length > 0 && { headers }),
  };
}
