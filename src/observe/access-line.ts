import { type JsonLines, JsonPart } from "../base/json-lines.ts";
import { DEFAULT_VALUE_SIZE, escapedValue } from "../base/log-line.ts";
import type { Fields } from "../http/fields.ts";
import type { Exchange } from "../message/exchange.ts";
import type { LoggedHeaders } from "./logged-headers.ts";

const OPENING = new JsonPart('{"time":"');
const PEER = new JsonPart(',"peer":');
const USER = new JsonPart(',"user":');
const METHOD = new JsonPart(',"method":');
const HOST = new JsonPart(',"host":');
const TARGET = new JsonPart(',"target":');
const STATUS = ["HTTP/1.0", "HTTP/1.1"].map((version) => new JsonPart(`,"protocol":"${version}","status":`));
const OK = new JsonPart(',"reason":"ok"');
const REASON = new JsonPart(',"reason":');
const DETAIL = new JsonPart(',"detail":');
const BACKEND = new JsonPart(',"backend":');
const SERVER = new JsonPart(',"server":');
const CACHE = new JsonPart(',"cache":');
const ATTEMPTS = new JsonPart(',"attempts":');
const TRIED = new JsonPart(',"tried":');
const RETRY = new JsonPart(',"retry":');
const BYTES_IN = new JsonPart(',"bytes_in":');
const BYTES_OUT = new JsonPart(',"bytes_out":');
const ELAPSED = new JsonPart(',"elapsed_ms":');
const QUEUE = new JsonPart(',"queue_ms":');
const CONNECT = new JsonPart(',"connect_ms":');
const HEAD = new JsonPart(',"head_ms":');
const BODY = new JsonPart(',"body_ms":');
const OWN = new JsonPart(',"proxy_ms":');
const IN_FLIGHT = new JsonPart(',"in_flight":');
const SERVER_IN_FLIGHT = new JsonPart(',"server_in_flight":');
const REQUEST_ID = new JsonPart(',"request_id":');
const TRACE_ID = new JsonPart(',"trace_id":');
const USER_AGENT = new JsonPart(',"user_agent":');
const CRLF_BYTES = 2;
const ENDING = new JsonPart("}\n");

/** What of a frontend lines show beside the request. */
export interface LoggedLoad {
  /** Its requests under way. */
  readonly inFlight: number;
}

/** What lines show, as a config has it. */
export interface LineParts {
  /** How lines begin, where they are JSON. */
  readonly opening: JsonPart;
  /** Headers; undefined for none. */
  readonly headers: LoggedHeaders | undefined;
  /** How much is under way; undefined where lines do not say it. */
  readonly load: LoggedLoad | undefined;
}

/** Where a line begins that is about a request to `frontend`: all from the time up to the client's address. */
export function lineOpening(frontend: string): JsonPart {
  return new JsonPart(
    `","level":"info","event":"access","frontend":${escapedValue(frontend, DEFAULT_VALUE_SIZE)},"client":`,
  );
}

/** Writes the line of one finished exchange to `lines`, with what `logAccess` puts into an object for others. */
export function writeAccessLine(
  lines: JsonLines,
  exchange: Exchange,
  { opening, headers, load }: LineParts,
  now: number,
): void {
  const { peer, client, headAt } = exchange;
  lines.part(OPENING);
  lines.time();
  lines.part(opening);
  lines.text(client || "unix");
  if (peer.address !== client) text(lines, PEER, peer.address || "unix");
  text(lines, USER, exchange.user);
  text(lines, METHOD, exchange.method || "-");
  text(lines, HOST, exchange.authority || "-");
  text(lines, TARGET, exchange.target || "-");
  whole(lines, STATUS[exchange.minorVersion]!, exchange.status || 499);
  if (exchange.reason === "ok") lines.part(OK);
  else text(lines, REASON, exchange.reason);
  text(lines, DETAIL, exchange.detail);
  text(lines, BACKEND, exchange.backend);
  text(lines, SERVER, exchange.server);
  text(lines, CACHE, exchange.cache);
  whole(lines, ATTEMPTS, exchange.attempts);
  text(lines, TRIED, exchange.tried);
  text(lines, RETRY, exchange.retry);
  whole(lines, BYTES_IN, exchange.bytesIn);
  whole(lines, BYTES_OUT, exchange.bytesOut);
  time(lines, ELAPSED, now - exchange.startedAt);
  if (exchange.queueMs > 0) time(lines, QUEUE, exchange.queueMs);
  if (exchange.connectMs > 0) time(lines, CONNECT, exchange.connectMs);
  if (headAt > 0) {
    time(lines, HEAD, exchange.headMs);
    time(lines, BODY, now - headAt);
  }
  if (load !== undefined) {
    time(lines, OWN, exchange.ownMs(now));
    whole(lines, IN_FLIGHT, load.inFlight);
    const { lastServer } = exchange;
    if (lastServer !== undefined) whole(lines, SERVER_IN_FLIGHT, lastServer.inFlight);
  }
  text(lines, REQUEST_ID, exchange.requestId);
  if (exchange.trace !== undefined) text(lines, TRACE_ID, exchange.trace.traceId);
  if (exchange.fields !== undefined) userAgent(lines, exchange.fields);
  headers?.write(lines, exchange);
  lines.end(ENDING);
}

function text(lines: JsonLines, name: JsonPart, value: string | undefined): void {
  if (value === undefined) return;
  lines.part(name);
  lines.text(value);
}

/** Mostly it is one line as a client wrote it: then no text is made of it. */
function userAgent(lines: JsonLines, fields: Fields): void {
  const { kinds } = fields;
  let line = -1;
  let raw = true;
  for (let i = 0; i < kinds.length; i++) {
    if (kinds[i]!.lower !== "user-agent") continue;
    if (line !== -1) raw = false;
    line = i;
  }
  if (line === -1) return;
  const from = raw ? fields.rawFrom(line) : -1;
  if (from === -1) return text(lines, USER_AGENT, fields.get("user-agent"));
  lines.part(USER_AGENT);
  lines.latin1(fields.bytes, from + "user-agent: ".length, fields.rawTo(line) - CRLF_BYTES);
}

function whole(lines: JsonLines, name: JsonPart, value: number): void {
  lines.part(name);
  lines.whole(value);
}

function time(lines: JsonLines, name: JsonPart, ms: number): void {
  lines.part(name);
  lines.tenths(ms);
}
