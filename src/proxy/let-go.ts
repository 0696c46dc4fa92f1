import { ProxyError } from "../base/errors.ts";
import { discardBody } from "../message/discard.ts";
import type { Attempt } from "./attempt.ts";
import type { Outgoing } from "./outgoing.ts";

/** Bytes of an answer that is not sent on, up to which it is read so that its connection can be used again. */
const MAX_DISCARDED_BYTES = 64 * 1024;
const UNWANTED = new ProxyError("client_closed", "Something else is done in place of this answer");

/** Lets go of the answer to `outgoing`: of a part of the request that is on its way as well. */
export function letGo(attempt: Attempt, outgoing: Outgoing): void {
  const body = attempt.answer?.body ?? null;
  if (body === null || !isOut(outgoing)) return attempt.drop(UNWANTED);
  discardBody(body, { limit: MAX_DISCARDED_BYTES, reason: UNWANTED });
}

/** Whether all of the request's body has been read, so that nothing of it is on its way for long. */
function isOut({ body, replay }: Outgoing): boolean {
  return body === null || replay?.complete === true;
}
