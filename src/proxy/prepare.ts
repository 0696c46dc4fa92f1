import type { Fields } from "../http/fields.ts";
import { declaredLength } from "../http/framing.ts";
import { maySendAgain } from "../http/methods.ts";
import type { BodySource } from "../message/body.ts";
import { BytesSource } from "../message/body-bytes.ts";
import { StreamSource } from "../message/body-stream.ts";
import { DISCARD } from "../message/discard.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
import { ReplayableBody } from "../message/replay.ts";
import type { Course } from "./course.ts";
import { Outgoing } from "./outgoing.ts";
import { requestedUpgrade } from "./request-head.ts";

/** What is sent of `request` on `course`: its fields and body are taken. */
export function prepare(request: IncomingRequest, course: Course): Outgoing {
  const { shape, mirror } = course;
  const { retries } = course.backend.config;
  const fields = request.takeFields();
  const whole = bodyOf(request, fields, shape?.body);
  const upgrade = requestedUpgrade(request, fields, whole);
  const source = mirror === undefined || upgrade !== undefined ? whole : mirror.tap(request, whole);
  const method = methodOf(request, shape?.method);
  const repeatable = maySendAgain(method) || (retries.idempotencyKey && fields.has("idempotency-key"));
  const keeps = repeatable || retries.staleConnection || course.onStatus?.asksBackends === true;
  return new Outgoing({
    course,
    method,
    target: course.relayTarget?.(request) ?? shape?.target?.(request.target) ?? request.target,
    fields,
    body: source !== null && keeps ? new ReplayableBody(source) : source,
    repeatable,
    upgrade,
    prefix: shape?.prefix?.(request.target),
    asksFirst: request.exchange.awaitsContinue && shape?.body === undefined,
  });
}

/** A HEAD stays one where a route asks for GET: its answer is the same but for the body. */
function methodOf({ method }: IncomingRequest, own: string | undefined): string {
  return own === undefined || (own === "GET" && method === "HEAD") ? method : own;
}

/** The body to send: the client's, or the one that stands in its place. */
function bodyOf(request: IncomingRequest, fields: Fields, own: Uint8Array | undefined): BodySource | null {
  if (own !== undefined && request.bodyUsed) return new BytesSource(own); // an app has read the client's
  const taken = request.takeBody();
  const source = taken instanceof ReadableStream ? new StreamSource(taken, declaredLength(fields)) : taken;
  if (own === undefined) return source;
  source?.start(DISCARD); // read all the same, so that the connection can be used again
  return new BytesSource(own);
}
