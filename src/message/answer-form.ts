import { Fields } from "../http/fields.ts";
import { declaredLength } from "../http/framing.ts";
import { hasConnectionOption } from "../http/hop-by-hop.ts";
import { isOfSource, StreamSource } from "./body-stream.ts";
import type { Exchange } from "./exchange.ts";
import { ForwardedResponse, STATUS_SHOWN } from "./forwarded-response.ts";
import { reconcile } from "./merged-headers.ts";
import { WholeResponse } from "./whole-response.ts";

/** The fields of an app's answer. Hono itself wraps every answer to a HEAD, and so do many middlewares; what they left alone keeps its form. */
export function fieldsOf(response: Response, answer: Exchange["answer"]): Fields {
  return answer === undefined ? Fields.from(response.headers) : reconcile(answer.fields, response.headers);
}

/** The status to send: the server's own, where `response` could not show it. */
export function sentStatus(response: Response, answer: Exchange["answer"]): number {
  if (response instanceof ForwardedResponse) return response.sentStatus;
  return answer !== undefined && answer.status > 599 && response.status === STATUS_SHOWN
    ? answer.status
    : response.status;
}

/**
 * The body of an app's answer as a source. `new Response(text, response)` copies the server's Content-Length, and Hono adds it
 * to whatever is put in place of its answer: it says nothing of a body that is not the server's own.
 */
export function sourceOf(
  body: ReadableStream<Uint8Array>,
  fields: Fields,
  answer: Exchange["answer"],
): StreamSource {
  const declared = declaredLength(fields);
  const isServers = answer !== undefined && declared === declaredLength(answer.fields);
  return new StreamSource(body, isServers && !isOfSource(body) ? undefined : declared);
}

/** `response` where it opens a tunnel, which it does as well where an app has put another Response around a 101. */
export function openingOf(response: Response, exchange: Exchange): ForwardedResponse | undefined {
  if (response instanceof ForwardedResponse) return response.tunnel === undefined ? undefined : response;
  return exchange.tunnel !== undefined && response.status === 101
    ? toForwarded(response, exchange)
    : undefined;
}

/**
 * `response` in the one form whose fields and body can be changed in place: itself where it came from a server and nobody has
 * looked at it, else one that takes its parts over.
 */
export function toForwarded(response: Response, exchange: Exchange): ForwardedResponse {
  const forwarded = response instanceof ForwardedResponse;
  if (forwarded && !response.touched) return response;
  const fields = forwarded ? response.takeFields() : fieldsOf(response, exchange.answer);
  const status = sentStatus(response, exchange.answer);
  const body = forwarded || response instanceof WholeResponse ? response.takeBody() : response.body;
  const source = body instanceof ReadableStream ? sourceOf(body, fields, exchange.answer) : body;
  const head = { status, reason: response.statusText, fields };
  exchange.answer = head;
  return new ForwardedResponse(head, source, {
    dropsTrailer: forwarded ? response.dropsTrailer : undefined,
    tunnel: forwarded ? response.tunnel : status === 101 ? exchange.tunnel : undefined,
    closes: !forwarded && hasConnectionOption(fields.connection, "close"),
  });
}
