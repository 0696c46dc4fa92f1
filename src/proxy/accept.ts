import { ProxyError } from "../base/errors.ts";
import type { Fields } from "../http/fields.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
import type { Answer } from "../upstream/contract.ts";
import type { Attempt } from "./attempt.ts";
import { toClientResponse } from "./client-response.ts";
import type { Course } from "./course.ts";
import { schemeOf } from "./identity.ts";
import type { Outgoing } from "./outgoing.ts";
import type { Shape } from "./shape.ts";

/** Of the request that an accepted answer is for. */
export interface Accepting {
  readonly request: IncomingRequest;
  readonly course: Course;
  readonly outgoing: Outgoing;
  /** Whether the client stays with this server as it is, so that it is told no more of that. */
  readonly atHome: boolean;
}

/** The answer of `attempt` becomes the client's: nothing is repeated any more. */
export function acceptAnswer(attempt: Attempt, { request, course, outgoing, atHome }: Accepting): Response {
  const { backend, policy, shape } = course;
  const { server } = attempt;
  const answer = attempt.answer!;
  outgoing.replay?.commit();
  const cookie = atHome
    ? undefined
    : backend.stickiness?.cookieFor(server, schemeOf(request, policy) === "https");
  shape?.rewrite?.(answer.head.fields, request, server);
  attempt.answer = withoutBody(answer, request, outgoing);
  return toClientResponse(attempt, {
    course,
    edit: shape?.answer === undefined && cookie === undefined
      ? undefined
      : editBy(shape?.answer, { request, cookie }),
  });
}

/** Changes fields by `edit`, and adds a cookie behind that. */
function editBy(
  edit: Shape["answer"],
  { request, cookie }: { request: IncomingRequest; cookie: string | undefined },
): (fields: Fields) => void {
  return (fields) => {
    edit?.(fields, request);
    if (cookie !== undefined) fields.append("Set-Cookie", cookie);
  };
}

/** A client that asked by HEAD takes no body, though a route may have had one asked for. */
function withoutBody(answer: Answer, { method }: IncomingRequest, outgoing: Outgoing): Answer {
  if (method !== "HEAD" || outgoing.method === "HEAD" || answer.body === null) return answer;
  answer.body.cancel(new ProxyError("client_closed", "An answer to HEAD has no body"));
  return { ...answer, body: null };
}
