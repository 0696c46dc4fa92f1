import { type LoggedHeader, type LoggedRequest, toByteText, type Uncompared } from "./logged-request.ts";

/** Fields that frame a message: what they say is about a body that is not here. */
const FRAMING: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "expect",
  "host",
  "transfer-encoding",
  "upgrade",
]);

/** What Caddy writes of a request. */
interface CaddyRequest {
  readonly remote_ip?: unknown;
  readonly client_ip?: unknown;
  readonly method?: unknown;
  readonly host?: unknown;
  readonly uri?: unknown;
  readonly headers?: Readonly<Record<string, unknown>> | null;
}

/** Reads a line of an access log of Caddy, in JSON. */
export function readCaddyLine(line: string): LoggedRequest | Uncompared {
  let fields: { request?: CaddyRequest | null; status?: unknown; bytes_read?: unknown } | null;
  try {
    fields = JSON.parse(line);
  } catch {
    return "unreadable";
  }
  if (fields === null || typeof fields !== "object") return "unreadable";
  const { request, status } = fields;
  if (typeof request !== "object" || request === null || typeof status !== "number") {
    return "msg" in fields ? "other" : "unreadable";
  }
  const { method, uri, host, remote_ip: peer, client_ip: client = peer } = request;
  if (typeof method !== "string" || typeof uri !== "string") return "unreadable";
  if (typeof peer !== "string" || typeof client !== "string") return "unreadable";
  const bytes = fields.bytes_read;
  return {
    method,
    target: toByteText(uri),
    host: typeof host === "string" && host !== "" ? toByteText(host) : undefined,
    peer,
    client: client === peer ? undefined : client,
    headers: headersOf(request.headers ?? {}),
    bodyBytes: typeof bytes === "number" && method !== "CONNECT" && status !== 101 ? bytes : 0,
    recorded: { status },
  };
}

function headersOf(headers: Readonly<Record<string, unknown>>): LoggedHeader[] {
  const found: LoggedHeader[] = [];
  for (const [name, values] of Object.entries(headers)) {
    if (FRAMING.has(name.toLowerCase()) || !Array.isArray(values)) continue;
    for (const value of values) found.push([name, toByteText(String(value))]);
  }
  return found;
}
