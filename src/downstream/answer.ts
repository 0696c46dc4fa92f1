import { ProxyError } from "../base/errors.ts";
import type { Fields } from "../http/fields.ts";
import { hasConnectionOption } from "../http/hop-by-hop.ts";
import { reasonPhrase } from "../http/status.ts";
import { fieldLine } from "../http1/encode.ts";
import { fieldsOf, sentStatus, sourceOf } from "../message/answer-form.ts";
import type { BodySource } from "../message/body.ts";
import type { Exchange } from "../message/exchange.ts";
import { ForwardedResponse } from "../message/forwarded-response.ts";
import { WholeResponse } from "../message/whole-response.ts";
import type { MessageWriter } from "../wire/message-writer.ts";
import { ResponseHeadSource } from "./response-head.ts";

/** Why a body is cancelled that the method or the status of its message forbids. */
const NOT_WANTED = new ProxyError("client_closed", "This answer has no body");

/** What the answer to a request depends on besides the Response. */
export interface AnsweredRequest {
  readonly method: string;
  readonly minorVersion: 0 | 1;
  /** Whether the connection stays open afterwards, as far as the request is concerned. */
  readonly keepAlive: boolean;
  /** The server's answer, if there was one. */
  readonly answer: Exchange["answer"];
  /** Whether somebody looks at the fields that are sent. */
  readonly keepsFields: boolean;
  /** What is changed of its fields. */
  readonly edits: Exchange["edits"];
  /** Lines that it gets behind its own. */
  readonly added: Exchange["added"];
}

/** An answer of which the head was written. */
export interface BegunAnswer {
  readonly status: number;
  /** Its fields, but for what frames it. */
  readonly fields: Fields;
  /** The body to start, or null where there is none to send. */
  readonly source: BodySource | null;
  /** Whether the connection closes after the answer, because of its framing or because it says so. */
  readonly closes: boolean;
}

/** Writes the head of `response`, which goes out with the first of the body, and takes its body. */
export function beginAnswer(
  writer: MessageWriter,
  response: Response,
  request: AnsweredRequest,
): BegunAnswer {
  const forwarded = response instanceof ForwardedResponse;
  const { edits, added } = request;
  const looks = request.keepsFields || edits !== undefined;
  if (forwarded && looks) response.settle();
  const fields = forwarded ? response.takeFields() : fieldsOf(response, request.answer);
  const status = sentStatus(response, request.answer);
  if (status < 200) throw new ProxyError("internal_error", `An app answered with the status ${status}`);
  if (edits !== undefined) { for (const edit of edits) edit(fields, status); }
  if (looks) added?.forEach((lines) => lines.appendTo(fields));
  const body = forwarded || response instanceof WholeResponse ? response.takeBody() : response.body;
  const source = body instanceof ReadableStream ? sourceOf(body, fields, request.answer) : body;
  // A server's own `Connection` is gone by now; this one is an app's.
  const closes = forwarded ? response.closes : hasConnectionOption(fields.connection, "close");
  const keepAlive = request.keepAlive && !closes;
  const dropsTrailer = forwarded ? response.dropsTrailer : undefined;
  const head = new ResponseHeadSource({
    status,
    reason: response.statusText || reasonPhrase(status),
    fields,
    lastLines: forwarded ? response.lastLines : undefined,
    added: looks ? undefined : added,
    length: source?.length,
    hasBody: source !== null,
    keepsTrailers: source?.losesTrailers !== true,
    dropsTrailer,
    method: request.method,
    minorVersion: request.minorVersion,
    keepAlive,
  });
  writer.begin(head, head.delivery === "chunked", dropsTrailer);
  return {
    status,
    fields,
    source: head.delivery === "none" ? cancelled(source) : source,
    closes: !keepAlive || head.delivery === "close",
  };
}

/** The head of a 101, whose fields say what the connection becomes, or of a 200 to CONNECT. */
export function switchingHead(response: ForwardedResponse): string {
  const fields = response.takeFields();
  const { status } = response;
  let head = "HTTP/1.1 " + status + " " + (response.statusText || reasonPhrase(status)) + "\r\n";
  for (let i = 0; i < fields.size; i++) head += fieldLine(fields.name(i), fields.value(i));
  return head + "\r\n";
}

/** Lets go of an answer that nobody is left to read, so that its server learns it. */
export function dropAnswer(response: Response, reason: ProxyError): void {
  if (response instanceof WholeResponse) return;
  const left = response instanceof ForwardedResponse ? response.takeBody() : response.body;
  if (left instanceof ReadableStream) left.cancel(reason).catch(() => {}); // it may have failed already
  else left?.cancel(reason);
  if (response instanceof ForwardedResponse) response.tunnel?.drop();
}

function cancelled(source: BodySource | null): null {
  source?.cancel(NOT_WANTED);
  return null;
}
