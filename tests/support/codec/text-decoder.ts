import { Buffer } from "node:buffer";
import { ProxyError, type ProxyErrorKind } from "../../../src/base/errors.ts";
import { formatSize } from "../../../src/base/units.ts";
import { readAuthority } from "../../../src/http/authority.ts";
import { consistsOf, DIGIT, isToken, TARGET } from "../../../src/http/chars.ts";
import { ROLE } from "../../../src/http/field-name.ts";
import { type Framing, NO_BODY } from "../../../src/http/framing.ts";
import type { CodecLimits } from "../../../src/http/head-limits.ts";
import { nominatedNames } from "../../../src/http/hop-by-hop.ts";
import { hasMoreMembers, listMembers } from "../../../src/http/list.ts";
import { parseTarget, type RequestTarget, sameAuthority } from "../../../src/http/request-target.ts";
import { ChunkLineReader } from "../../../src/http1/chunk-line.ts";
import type { HeadRules } from "../../../src/http1/head-reader.ts";
import { TextFields } from "./text-fields.ts";
import { TextHeadReader } from "./text-head-reader.ts";

/** What a head says besides its fields. */
export type TextStart =
  | { method: string; target: RequestTarget; minorVersion: number; authority: string }
  | { status: number; reason: string; minorVersion: number };

/** A message as read so far. */
export interface TextMessage {
  readonly start: TextStart;
  readonly framing: Framing;
  readonly fields: TextFields;
  body: string;
  trailers: TextFields | undefined;
  ended: boolean;
}

/** Where the bytes end: between messages, inside of one, or with one that ends there. */
export type TextEnd = "idle" | "cut" | "closed";

/** What stands in the bytes of a connection. */
export interface TextReading {
  readonly messages: TextMessage[];
  /** The kind of error and its message, where the bytes are refused. */
  refusal?: string;
  /** What is known of a request whose head was complete and was refused. */
  refused?: { method: string; target: string; minorVersion: number; fields: TextFields };
  end?: TextEnd;
}

/** What the bytes are read as. */
export interface TextRole {
  readonly role: "request" | "response";
  readonly limits: CodecLimits;
  /** Methods of the requests whose answers come. */
  readonly methods: readonly string[];
  readonly ignoresHost: boolean;
}

/**
 * Reads all messages of a connection in one piece, as the decoders did while a head was text: every head is made into one
 * string and cut into lines and words, and nothing is remembered between two of them. The plain way that the decoders, which
 * keep bytes, must agree with; tests alone use it.
 */
export function textReading(bytes: Buffer, asked: TextRole): TextReading {
  const reading: TextReading = { messages: [] };
  try {
    reading.end = readAll(bytes, asked, reading);
  } catch (error) {
    if (!(error instanceof ProxyError)) throw error;
    reading.refusal = `${error.kind}: ${error.message}`;
  }
  return reading;
}

function readAll(bytes: Buffer, asked: TextRole, reading: TextReading): TextEnd {
  const isRequest = asked.role === "request";
  const rules: HeadRules = {
    limits: asked.limits,
    blame: isRequest ? "bad_request" : "upstream_invalid",
    tooLarge: isRequest ? "headers_too_large" : "answer_head_too_large",
    startLineTooLong: isRequest ? "target_too_long" : "upstream_invalid",
    hasStartLine: true,
  };
  let answered = 0;
  for (let at = 0;;) {
    if (isRequest) at = skipped(bytes, at);
    if (at >= bytes.length) return "idle";
    const reader = new TextHeadReader(rules);
    at = reader.push(bytes, at);
    if (at === -1) return "cut";
    const fields = fieldsOf(reader);
    const method = asked.methods[answered] ?? "GET";
    const { start, framing } = isRequest
      ? parseRequest(reader.startLine, fields, asked, reading)
      : parseResponse(reader.startLine, fields, method);
    if ("status" in start && start.status >= 200) answered++;
    const message: TextMessage = { start, framing, fields, body: "", trailers: undefined, ended: false };
    reading.messages.push(message);
    at = readBody(bytes, at, message, rules);
    if (message.ended) continue;
    return framing.kind === "close" ? "closed" : "cut";
  }
}

/** Passes over one empty line before a request line. */
function skipped(bytes: Buffer, from: number): number {
  if (bytes[from] !== 0x0d) return from;
  if (from + 1 < bytes.length && bytes[from + 1] !== 0x0a) throw new ProxyError("bad_request", "A bare CR");
  return from + 2;
}

function fieldsOf(reader: TextHeadReader): TextFields {
  const fields = new TextFields();
  for (const [name, value] of reader.lines()) fields.append(name, value);
  return fields;
}

interface Parsed {
  readonly start: TextStart;
  readonly framing: Framing;
}

function parseRequest(line: string, fields: TextFields, asked: TextRole, reading: TextReading): Parsed {
  const { limits } = asked;
  const first = line.indexOf(" ");
  const second = line.indexOf(" ", first + 1);
  if (first < 1 || second === -1) {
    throw new ProxyError("bad_request", "The request line has not three parts");
  }
  const method = line.slice(0, first);
  const rawTarget = line.slice(first + 1, second);
  const version = line.slice(second + 1);
  if (!isToken(method)) throw new ProxyError("bad_request", "The method is no token");
  if (version !== "HTTP/1.1" && version !== "HTTP/1.0") {
    const known = /^HTTP\/\d\.\d$/.test(version) && version !== "HTTP/0.9";
    throw new ProxyError(
      known ? "version_unsupported" : "bad_request",
      "The version is neither HTTP/1.0 nor HTTP/1.1",
    );
  }
  if (rawTarget.length > limits.targetSize) {
    throw new ProxyError(
      "target_too_long",
      `The request target is longer than target_size (${formatSize(limits.targetSize)})`,
    );
  }
  if (!consistsOf(rawTarget, TARGET)) throw new ProxyError("bad_request", "A bad byte in the request target");
  const minorVersion = version === "HTTP/1.1" ? 1 : 0;
  reading.refused = { method, target: rawTarget, minorVersion, fields };
  const target = parseTarget(method, rawTarget);
  const authority = authorityOf(fields, minorVersion, { target, ignoresHost: asked.ignoresHost });
  const framing = declaredFraming(fields, minorVersion, "bad_request") ?? NO_BODY;
  if (method === "CONNECT" && framing !== NO_BODY) throw new ProxyError("bad_request", "CONNECT with a body");
  checkConnection(fields, "bad_request");
  delete reading.refused;
  return { start: { method, target, minorVersion, authority }, framing };
}

function parseResponse(line: string, fields: TextFields, method: string): Parsed {
  const match = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: (.*))?$/s.exec(line);
  if (match === null) {
    throw new ProxyError("upstream_invalid", "The status line is not HTTP/1.x and a status");
  }
  const status = Number(match[2]), minorVersion = match[1] === "1" ? 1 : 0;
  checkConnection(fields, "upstream_invalid");
  const start = { status, reason: match[3] ?? "", minorVersion };
  if (method === "CONNECT" && status >= 200 && status < 300) return { start, framing: NO_BODY };
  const declared = declaredFraming(fields, minorVersion, "upstream_invalid");
  const bodyless = method === "HEAD" || status === 204 || status === 304 || status < 200;
  return { start, framing: bodyless ? NO_BODY : declared ?? { kind: "close" } };
}

function authorityOf(
  fields: TextFields,
  minorVersion: number,
  { target, ignoresHost }: { target: RequestTarget; ignoresHost: boolean },
): string {
  const lines = fields.kinds.flatMap(({ role }, line) => role === ROLE.host ? [line] : []);
  if (lines.length > 1) throw new ProxyError("bad_request", "Host is repeated");
  let host: string | undefined;
  for (const line of lines) {
    host = readAuthority(fields.values[line]!);
    if (host === undefined) throw new ProxyError("bad_request", "Host is not host or host:port");
    fields.values[line] = host; // whoever reads the field sees what everybody else sees
  }
  if (host === undefined && minorVersion === 1) throw new ProxyError("bad_request", "Host is missing");
  if (target.authority === undefined) return host ?? "";
  const differs = host !== undefined && target.scheme !== undefined &&
    !sameAuthority(host, target.authority, target.scheme);
  if (differs && !ignoresHost) {
    throw new ProxyError("bad_request", "Host and the request target name different hosts");
  }
  return target.authority;
}

function checkConnection(fields: TextFields, blame: ProxyErrorKind): void {
  const connection = fields.get("connection");
  if (connection !== undefined && hasMoreMembers(connection, 128)) {
    throw new ProxyError(blame, "Connection lists more than 128 options");
  }
}

function declaredFraming(
  fields: TextFields,
  minorVersion: number,
  blame: ProxyErrorKind,
): Framing | undefined {
  let length: string | undefined;
  let coding: string | undefined;
  for (let i = 0; i < fields.kinds.length; i++) {
    const role = fields.kinds[i]!.role;
    if (role === ROLE.contentLength) {
      if (length !== undefined) throw new ProxyError(blame, "Content-Length is repeated");
      length = fields.values[i]!;
    } else if (role === ROLE.transferEncoding) {
      if (coding !== undefined) throw new ProxyError(blame, "Transfer-Encoding is repeated");
      coding = fields.values[i]!;
    }
  }
  if (coding !== undefined) {
    if (length !== undefined) {
      throw new ProxyError(blame, "Content-Length and Transfer-Encoding are both there");
    }
    if (minorVersion === 0) throw new ProxyError(blame, "Transfer-Encoding in an HTTP/1.0 message");
    checkCoding(coding, blame);
    return { kind: "chunked" };
  }
  if (length === undefined) return undefined;
  const value = consistsOf(length, DIGIT) ? Number(length) : NaN;
  if (!Number.isSafeInteger(value)) throw new ProxyError(blame, "Content-Length is not a number in range");
  return value === 0 ? NO_BODY : { kind: "length", length: value };
}

function checkCoding(coding: string, blame: ProxyErrorKind): void {
  if (coding.toLowerCase() === "chunked") return;
  const unsupported = blame === "bad_request" ? "coding_unsupported" : blame;
  const codings = listMembers(coding);
  const others = codings.at(-1) === "chunked" ? codings.slice(0, -1) : codings.length === 1 ? codings : [];
  const isCoding = (name: string) => isToken(name) && name !== "chunked" && name !== "identity";
  const foreign = others.length > 0 && others.every(isCoding);
  throw new ProxyError(foreign ? unsupported : blame, "Transfer-Encoding is not a single `chunked`");
}

/** Reads the body of `message` at `from`; returns the index behind it. */
function readBody(bytes: Buffer, from: number, message: TextMessage, rules: HeadRules): number {
  const { framing } = message;
  if (framing.kind === "chunked") return readChunks(bytes, from, message, rules);
  const end = framing.kind === "length" ? Math.min(bytes.length, from + framing.length) : bytes.length;
  message.body = bytes.toString("latin1", from, end);
  message.ended = framing.kind === "length" && end - from === framing.length;
  return end;
}

function readChunks(bytes: Buffer, from: number, message: TextMessage, rules: HeadRules): number {
  const line = new ChunkLineReader(rules.blame);
  let at = from;
  for (;;) {
    at = line.push(bytes, at);
    if (!line.complete) return at;
    const { size } = line;
    line.reset();
    if (size === 0) break;
    message.body += bytes.toString("latin1", at, Math.min(bytes.length, at + size));
    at += size;
    for (const byte of [0x0d, 0x0a]) {
      if (at >= bytes.length) return bytes.length;
      if (bytes[at++] !== byte) throw new ProxyError(rules.blame, "Chunk data does not end with CRLF");
    }
  }
  const reader = new TextHeadReader({ ...rules, startLineTooLong: rules.blame, hasStartLine: false });
  at = reader.push(bytes, at);
  if (at === -1) return bytes.length;
  const trailers = fieldsOf(reader);
  const nominated = nominatedNames(message.fields.get("connection"));
  if (trailers.kinds.length > 0) {
    message.trailers = trailers;
    if (nominated !== undefined) trailers.removeWhere(({ lower }) => nominated.has(lower));
  }
  message.ended = true;
  return at;
}
