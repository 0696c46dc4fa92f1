import { ProxyError } from "../base/errors.ts";
import type { Fields } from "../http/fields.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
import type { Answer } from "../upstream/contract.ts";
import type { Outgoing } from "./outgoing.ts";
import type { Shape } from "./shape.ts";

/** What is added to an answer on a route. */
export interface AnswerAdditions {
  readonly request: IncomingRequest;
  /** By which the client stays with a server, where it is told so. */
  readonly cookie: string | undefined;
}

/** Changes fields by `edit`, and adds a cookie behind that. */
export function editBy(
  edit: Shape["answer"],
  { request, cookie }: AnswerAdditions,
): (fields: Fields) => void {
  return (fields) => {
    edit?.(fields, request);
    if (cookie !== undefined) fields.append("Set-Cookie", cookie);
  };
}

/** `answer` to what was sent by GET for a client that asked by HEAD, and so takes no body; any other one as it is. */
export function withoutBody(answer: Answer, { method }: IncomingRequest, outgoing: Outgoing): Answer {
  if (method !== "HEAD" || outgoing.method === "HEAD" || answer.body === null) return answer;
  answer.body.cancel(new ProxyError("client_closed", "An answer to HEAD has no body"));
  return { ...answer, body: null };
}
