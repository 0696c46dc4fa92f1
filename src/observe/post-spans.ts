import packageJson from "../../package.json" with { type: "json" };
import type { TracingConfig } from "../config/sections/tracing.ts";
import { rejectedSpans } from "./otlp.ts";

/** What became of an export: `busy` is for what may go well another time. */
export type ExportResult =
  /** Of the spans in it, `rejected` were not taken. */
  | { readonly kind: "taken"; readonly rejected: number }
  | { readonly kind: "refused"; readonly cause: string }
  /** `waitMs`: what the collector asks for, where it does. */
  | { readonly kind: "busy"; readonly cause: string; readonly waitMs: number | undefined };

/** Bytes of a collector's answer that are looked at. */
const MAX_ANSWER_BYTES = 64 * 1024;
/** Statuses after which an export is tried again (OTLP specification, "Failures"). */
const BUSY: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** Sends one export to the collector of `config`, within its timeout. Never rejects; `stop` gives up early. */
export async function postSpans(
  { endpoint, headers, timeout }: Pick<TracingConfig, "endpoint" | "headers" | "timeout">,
  body: string,
  stop: AbortSignal,
): Promise<ExportResult> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new Error("No answer within the timeout of [tracing]")), timeout);
  const giveUp = () => late.abort(new Error("The proxy stops"));
  stop.addEventListener("abort", giveUp, { once: true });
  try {
    if (stop.aborted) giveUp();
    const response = await fetch(endpoint, {
      method: "POST",
      headers: {
        "User-Agent": `${packageJson.name}/${packageJson.version}`,
        ...headers,
        "Content-Type": "application/json",
      },
      body,
      redirect: "manual", // to follow one would show the headers to somebody else
      signal: late.signal,
    });
    const { status } = response;
    if (status >= 200 && status < 300) {
      // It has them, also where the rest of its answer does not come.
      const answer = await beginningOf(response).catch(() => "");
      return { kind: "taken", rejected: rejectedSpans(answer) };
    }
    response.body?.cancel().catch(() => {});
    const cause = `The collector answered ${status}`;
    if (!BUSY.has(status)) return { kind: "refused", cause };
    const seconds = Number(response.headers.get("retry-after") ?? NaN);
    return { kind: "busy", cause, waitMs: Number.isFinite(seconds) ? seconds * 1000 : undefined };
  } catch (error) {
    const reason = late.signal.aborted ? late.signal.reason : error;
    return { kind: "busy", cause: wordsOf(reason, endpoint), waitMs: undefined };
  } finally {
    clearTimeout(timer);
    stop.removeEventListener("abort", giveUp);
  }
}

/** An address as a log may show it: its query may hold a key. */
export function withoutQuery(url: string): string {
  return url.replace(/\?.*$/s, "");
}

/** Why nothing got to `endpoint`. Deno has that in the cause of the error, behind the whole address. */
function wordsOf(reason: unknown, endpoint: string): string {
  const last = reason instanceof Error && reason.cause instanceof Error ? reason.cause : reason;
  const words = last instanceof Error ? last.message : String(last);
  return words.replaceAll(endpoint, withoutQuery(endpoint));
}

/** The first bytes of a body as text; the rest is let go of. */
async function beginningOf({ body }: Response): Promise<string> {
  if (body === null) return "";
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let left = MAX_ANSWER_BYTES;
  while (left > 0) {
    const { done, value } = await reader.read();
    if (done) return text;
    text += decoder.decode(value.subarray(0, left), { stream: true });
    left -= value.length;
  }
  await reader.cancel();
  return text;
}
