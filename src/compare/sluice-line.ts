import { MASK } from "../observe/logged-headers.ts";
import { type LoggedHeader, type LoggedRequest, NO_BACKEND, type Uncompared } from "./logged-request.ts";

/** What stands before the name of a header that a line shows. */
const SHOWN = "request.";

/** What a line has for a query that is not to be seen. */
const MASKED_QUERY = `?${MASK}`;

/** Reads a line of our own log, in JSON. */
export function readSluiceLine(line: string): LoggedRequest | Uncompared {
  let fields: Record<string, unknown> | null;
  try {
    fields = JSON.parse(line);
  } catch {
    return "unreadable";
  }
  if (fields === null || typeof fields["event"] !== "string") return "unreadable";
  if (fields["event"] !== "access") return "other";
  const { method, host, target, status, client, peer } = fields;
  if (typeof method !== "string" || typeof target !== "string" || typeof status !== "number") {
    return "unreadable";
  }
  if (method === "-" || target === "-") return "no_request";
  if (target === MASK || (target.endsWith("]") && /\.\.\.\[cut from \d+\]$/.test(target))) return "cut";
  const queryMasked = target.endsWith(MASKED_QUERY);
  const behind = typeof peer === "string";
  const clientText = String(client);
  const bytes = fields["bytes_in"];
  return {
    method,
    target: queryMasked ? target.slice(0, -MASKED_QUERY.length) : target,
    host: typeof host === "string" && host !== "-" && host !== MASK ? host : undefined,
    peer: behind ? peer : clientText,
    client: behind ? clientText : undefined,
    frontend: textOf(fields["frontend"]),
    headers: headersOf(fields),
    // What went through a tunnel is no body.
    bodyBytes: typeof bytes === "number" && status !== 101 && method !== "CONNECT" ? bytes : 0,
    masked: queryMasked || client === MASK || host === MASK || peer === MASK
      ? [
        ...(queryMasked ? ["query" as const] : []),
        ...(client === MASK || peer === MASK ? ["client" as const] : []),
        ...(host === MASK ? ["host" as const] : []),
      ]
      : undefined,
    recorded: {
      status,
      backend: textOf(fields["backend"]) ?? NO_BACKEND,
      reason: textOf(fields["reason"]) ?? "ok",
    },
  };
}

function headersOf(fields: Record<string, unknown>): LoggedHeader[] {
  const headers: LoggedHeader[] = [];
  const agent = fields["user_agent"];
  for (const name in fields) {
    if (name.startsWith(SHOWN)) headers.push([name.slice(SHOWN.length), String(fields[name])]);
  }
  if (typeof agent === "string" && fields["request.user-agent"] === undefined) {
    headers.push(["user-agent", agent]);
  }
  const id = fields["request_id"];
  if (typeof id === "string" && fields["request.x-request-id"] === undefined) {
    headers.push(["x-request-id", id]);
  }
  return headers;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
