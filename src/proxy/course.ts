import type { Backend } from "../backend/backend.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
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
  /** Where the servers are proxies: the target as they are to see it (RFC 9112 §3.2). */
  readonly relayTarget?: ((request: IncomingRequest) => string) | undefined;
}
