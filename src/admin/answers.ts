import { WholeResponse } from "../message/whole-response.ts";
import { type ExpositionFormat, preferredFormat } from "../observe/exposition-format.ts";
import type { DashboardPage } from "./dashboard/page.ts";
import type { AdminRefusal } from "./route.ts";
import { inSnakeCase } from "../base/snake-case.ts";

const PLAIN = "text/plain; charset=utf-8";
const NO_STORE = { "Cache-Control": "no-store" };

/** Makes the page of metrics; as bytes it is in UTF-8. */
export type MetricsPage = (
  format: ExpositionFormat,
) => string | Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>>;

/** The metrics for a client with this `Accept`; `page` has them in any format. */
export async function metricsAnswer(
  accept: string | undefined,
  page: MetricsPage,
): Promise<Response> {
  const format = preferredFormat(accept);
  const headers = { "Content-Type": format.type, Vary: "Accept", ...NO_STORE };
  return new WholeResponse(await page(format), { headers });
}

/** What a load balancer in front asks for: 200, or 503 where this proxy is to get no more requests. */
export function readyAnswer(ready: boolean): Response {
  const text = ready ? "ready\n" : "not ready\n";
  return new WholeResponse(text, {
    status: ready ? 200 : 503,
    headers: { "Content-Type": PLAIN, "Content-Length": String(text.length), ...NO_STORE },
  });
}

/** An answer of JSON that is written already. */
export function jsonAnswer(
  json: string,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new WholeResponse(json, {
    status,
    headers: { "Content-Type": "application/json", ...NO_STORE, ...headers },
  });
}

/** An answer with `value` as JSON, laid out for people; its keys are in the form of all keys that the listener shows. */
export function valueAnswer(value: unknown, status = 200): Response {
  return jsonAnswer(JSON.stringify(inSnakeCase(value), undefined, 2) + "\n", status);
}

/** Why a request is not served, as JSON. */
export function refusalAnswer({ status, message, accepted, problems, headers }: AdminRefusal): Response {
  const value = {
    error: message,
    ...(accepted.length > 0 && { accepted }),
    ...(problems.length > 0 && { problems }),
  };
  return jsonAnswer(JSON.stringify(value, undefined, 2) + "\n", status, headers);
}

/** The dashboard. */
export function pageAnswer({ html, headers }: DashboardPage): Response {
  return new WholeResponse(html, { headers });
}

/** A stream of events; null for a request that wants no body, undefined where as many listen as may. */
export function eventsAnswer(stream: ReadableStream<Uint8Array> | null): Response {
  return new Response(stream, {
    headers: { "Content-Type": "text/event-stream", ...NO_STORE, "X-Accel-Buffering": "no" },
  });
}
