import { Fields } from "../http/fields.ts";
import { declaredLength } from "../http/framing.ts";
import { hasConnectionOption } from "../http/hop-by-hop.ts";
import { StreamSource } from "./body-stream.ts";
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
 * `response` in the one form whose fields and body can be changed in place: itself where it came from a server and nobody has
 * looked at it, else one that takes its parts over.
 */
export function toForwarded(response: Response, exchange: Exchange): ForwardedResponse {
  const forwarded = response instanceof ForwardedResponse;
  if (forwarded && !response.touched) return response;
  const fields = forwarded ? response.takeFields() : fieldsOf(response, exchange.answer);
  const status = sentStatus(response, exchange.answer);
  const body = forwarded || response instanceof WholeResponse ? response.takeBody() : response.body;
  const source = body instanceof ReadableStream ? new StreamSource(body, declaredLength(fields)) : body;
  const head = { status, reason: response.statusText, fields };
  exchange.answer = head;
  return new ForwardedResponse(head, source, {
    dropsTrailer: forwarded ? response.dropsTrailer : undefined,
    tunnel: forwarded ? response.tunnel : undefined,
    closes: !forwarded && hasConnectionOption(fields.connection, "close"),
  });
}
