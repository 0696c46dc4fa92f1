import type { Backend } from "../backend/backend.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
import type { AnswerExtras } from "../message/forwarded-response.ts";
import type { IdentityPolicy } from "./identity.ts";
import type { Mirror } from "./mirror.ts";
import type { OnStatus } from "./on-status.ts";
import type { Shape } from "./shape.ts";

/** Where a request goes, and what becomes of it on the way. */
export interface Course {
  readonly backend: Backend;
  readonly policy: IdentityPolicy;
  /** What a route changes of requests and answers. */
  readonly shape?: Shape | undefined;
  /** Gets copies of requests. */
  readonly mirror?: Mirror | undefined;
  /** What is done in place of sending answers on, by their status. */
  readonly onStatus?: OnStatus | undefined;
  /** What is done to the fields of answers in HTTP/1.0 and in HTTP/1.1 where nobody looks at them; without it all are changed at once. */
  readonly unsettled?: readonly [AnswerExtras, AnswerExtras] | undefined;
  /** Where the servers are proxies: the target as they are to see it (RFC 9112 §3.2). */
  readonly relayTarget?: ((request: IncomingRequest) => string) | undefined;
}
