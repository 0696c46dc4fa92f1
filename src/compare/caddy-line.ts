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
  readonly remote_ip?: string;
  readonly client_ip?: string;
  readonly method?: string;
  readonly host?: string;
  readonly uri?: string;
  readonly headers?: Readonly<Record<string, readonly string[]>>;
}

/** Reads a line of an access log of Caddy, in JSON. */
export function readCaddyLine(line: string): LoggedRequest | Uncompared {
  let fields: { request?: CaddyRequest; status?: number; bytes_read?: number } | null;
  try {
    fields = JSON.parse(line);
  } catch {
    return "unreadable";
  }
  if (fields === null || typeof fields !== "object") return "unreadable";
  const { request, status } = fields;
  if (typeof request !== "object" || typeof status !== "number") {
    return "msg" in fields ? "other" : "unreadable";
  }
  const { method, uri, host, remote_ip: peer = "", client_ip: client = peer } = request;
  if (typeof method !== "string" || typeof uri !== "string") return "unreadable";
  return {
    method,
    target: toByteText(uri),
    host: host === undefined || host === "" ? undefined : toByteText(host),
    peer,
    client: client === peer ? undefined : client,
    headers: headersOf(request.headers ?? {}),
    bodyBytes: method === "CONNECT" || status === 101 ? 0 : fields.bytes_read ?? 0,
    recorded: { status },
  };
}

function headersOf(headers: NonNullable<CaddyRequest["headers"]>): LoggedHeader[] {
  const found: LoggedHeader[] = [];
  for (const [name, values] of Object.entries(headers)) {
    if (FRAMING.has(name.toLowerCase()) || !Array.isArray(values)) continue;
    for (const value of values) found.push([name, toByteText(String(value))]);
  }
  return found;
}
