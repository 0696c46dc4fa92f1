/** One request as a server got it, and found to be well-formed. */
export interface SeenRequest {
  readonly method: string;
  readonly target: string;
  /** Name in lower case and value of each line. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** What one connection brought. */
export interface Seen {
  readonly requests: readonly SeenRequest[];
  /** The bytes of a last request that is not complete. */
  readonly rest: string;
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const REQUEST_LINE = new RegExp(`^(${TOKEN}) (/[^\\x00-\\x20\\x7f#]*|\\*) HTTP/1\\.1$`);
const FIELD_LINE = new RegExp(
  `^(${TOKEN}): ((?:[^\\x00-\\x20\\x7f](?:[\\t\\x20-\\x7e\\x80-\\xff]*[^\\x00-\\x20\\x7f])?)?)$`,
);
const HOST = /^(?:[\w.~-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i;
/** What belongs to one connection only, Connection, Upgrade and TE left out. */
const NEVER_SENT = ["keep-alive", "proxy-connection", "proxy-authorization"];
const NEVER_TRAILER = [
  "host",
  "content-length",
  "transfer-encoding",
  "connection",
  "authorization",
  "te",
  "trailer",
  ...NEVER_SENT,
];

/**
 * Reads what a proxy sent to a server, knowing nothing of the proxy: whatever is not the plainest form of
 * HTTP/1.1 (RFC 9112), as a proxy that writes its messages anew sends it, throws an Error.
 */
export function readStrictly(bytes: string): Seen {
  const requests: SeenRequest[] = [];
  let rest = bytes;
  while (rest !== "") {
    const read = readRequest(rest);
    if (read === undefined) break;
    requests.push(read.request);
    rest = rest.slice(read.size);
  }
  return { requests, rest };
}

/** The first request in `bytes`, or undefined where it is not complete. */
function readRequest(bytes: string): { request: SeenRequest; size: number } | undefined {
  const end = bytes.indexOf("\r\n\r\n");
  if (end === -1) return undefined;
  const [requestLine, ...lines] = bytes.slice(0, end).split("\r\n");
  const match = REQUEST_LINE.exec(requestLine!);
  if (match === null) throw new Error(`No request line: ${JSON.stringify(requestLine)}`);
  const fields = lines.map(readField);
  checkFields(fields);
  const body = readBody(bytes.slice(end + 4), fields);
  if (body === undefined) return undefined;
  const request = { method: match[1]!, target: match[2]!, fields, body: body.data };
  return { request, size: end + 4 + body.size };
}

function readField(line: string): readonly [string, string] {
  const match = FIELD_LINE.exec(line);
  if (match === null) throw new Error(`No field line: ${JSON.stringify(line)}`);
  return [match[1]!.toLowerCase(), match[2]!];
}

function checkFields(fields: SeenRequest["fields"]): void {
  const hosts = valuesOf(fields, "host");
  if (hosts.length !== 1 || !HOST.test(hosts[0]!)) throw new Error(`No single Host: ${hosts}`);
  const lengths = valuesOf(fields, "content-length");
  const codings = valuesOf(fields, "transfer-encoding");
  if (lengths.length + codings.length > 1) throw new Error(`Framed twice: ${lengths} ${codings}`);
  if (lengths.some((length) => !/^(?:0|[1-9]\d{0,15})$/.test(length))) {
    throw new Error(`A length of ${lengths}`);
  }
  if (codings.some((coding) => coding !== "chunked")) throw new Error(`A coding of ${codings}`);
  for (const name of NEVER_SENT) {
    if (valuesOf(fields, name).length > 0) throw new Error(`A field of one connection: ${name}`);
  }
  const te = valuesOf(fields, "te");
  if (te.length > 0 && te.join() !== "trailers") throw new Error(`TE is ${te}`);
  if (valuesOf(fields, "trailer").length > 0 && codings.length === 0) {
    throw new Error("Trailer without chunks");
  }
  const upgrades = valuesOf(fields, "upgrade").length;
  const connection = valuesOf(fields, "connection").join();
  const wanted = upgrades > 0 ? "Upgrade" : te.length > 0 ? "TE" : "";
  if (connection !== wanted) throw new Error(`Connection is ${connection}`);
}

function readBody(bytes: string, fields: SeenRequest["fields"]): { data: string; size: number } | undefined {
  if (valuesOf(fields, "transfer-encoding").length > 0) return readChunks(bytes);
  const length = Number(valuesOf(fields, "content-length")[0] ?? 0);
  return bytes.length < length ? undefined : { data: bytes.slice(0, length), size: length };
}

function readChunks(bytes: string): { data: string; size: number } | undefined {
  let data = "";
  let at = 0;
  for (;;) {
    const lineEnd = bytes.indexOf("\r\n", at);
    if (lineEnd === -1) return undefined;
    const line = bytes.slice(at, lineEnd);
    if (!/^(?:0|[1-9a-f][\da-f]*)$/.test(line)) throw new Error(`No chunk size: ${JSON.stringify(line)}`);
    const size = parseInt(line, 16);
    at = lineEnd + 2;
    if (size === 0) return readTrailers(bytes, at, data);
    if (bytes.length < at + size + 2) return undefined;
    data += bytes.slice(at, at + size);
    if (!bytes.startsWith("\r\n", at + size)) throw new Error("No CRLF behind a chunk");
    at += size + 2;
  }
}

function readTrailers(bytes: string, from: number, data: string): { data: string; size: number } | undefined {
  let at = from;
  for (;;) {
    const lineEnd = bytes.indexOf("\r\n", at);
    if (lineEnd === -1) return undefined;
    if (lineEnd === at) return { data, size: at + 2 };
    const [name] = readField(bytes.slice(at, lineEnd));
    if (NEVER_TRAILER.includes(name) || name.startsWith("x-forwarded-")) throw new Error(`A trailer ${name}`);
    at = lineEnd + 2;
  }
}

/** The values of all lines called `name`, in lower case. */
export function valuesOf(fields: SeenRequest["fields"], name: string): string[] {
  return fields.filter(([key]) => key === name).map(([, value]) => value);
}
