import type { Backend } from "../backend/backend.ts";
import { compileHashKey } from "../limits/hash-key.ts";
import type { ActionConfig } from "../config/sections/action.ts";
import type { Handler } from "../message/handler.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
import { unsettledBy } from "./client-response.ts";
import type { Course } from "./course.ts";
import { forward, forwardTo } from "./forward.ts";
import type { IdentityPolicy } from "./identity.ts";
import { Mirror } from "./mirror.ts";
import { compileOnStatus } from "./on-status.ts";
import { compileRedirect } from "./redirect.ts";
import { compileRespond } from "./respond.ts";
import { compileShape, type Shape } from "./shape.ts";
import { compileSplit } from "./split.ts";

/** What a split goes by where nothing is said. */
const BY_CLIENT = { subject: "client", argument: "" } as const;

/** What becomes of what names the server itself where nothing is said. */
const OWN_NAMES = { rewriteLocation: "server", rewriteCookies: "server" } as const;

export interface HandlerParts {
  readonly backends: ReadonlyMap<string, Backend>;
  readonly identity: IdentityPolicy;
}

/** What a rule or a route does, compiled. */
interface CompiledAction {
  readonly handle: Handler;
  /** Where it sends a request; undefined where the proxy itself answers. */
  readonly courseOf: ((request: IncomingRequest) => Course) | undefined;
}

/** What answers the requests that a rule or a route takes, compiled once. */
export function compileAction(action: ActionConfig, { backends, identity }: HandlerParts): CompiledAction {
  if (action.redirect !== undefined) return answerBy(compileRedirect(action.redirect, identity));
  if (action.respond !== undefined) return answerBy(compileRespond(action.respond, identity));
  const shape = compileShape({ ...OWN_NAMES, ...action }, identity);
  const mirror = mirrorOf(action, { backends, identity }, shape);
  const onStatus = action.onStatus && compileOnStatus(action.onStatus, { backends, identity });
  const unsettled = unsettledBy(identity);
  const courseTo = (name: string) => ({
    backend: backends.get(name)!,
    policy: identity,
    unsettled,
    shape,
    mirror,
    onStatus,
  });
  if (action.split !== undefined) {
    const courseOf = compileSplit({
      weights: Object.entries(action.split).map(([name, weight]) => [courseTo(name), weight] as const),
      keyOf: action.splitOn === "random" ? undefined : compileHashKey(action.splitOn ?? BY_CLIENT),
    });
    return { handle: (request, taker) => forwardTo(taker, request, courseOf(request)), courseOf };
  }
  const course = courseTo(action.backend!);
  return { handle: (request, taker) => forwardTo(taker, request, course), courseOf: () => course };
}

/** Answers with what the proxy itself has to say. */
function answerBy(respond: (request: IncomingRequest, status: number) => Response): CompiledAction {
  return {
    handle: (request, taker) => taker.onAnswer(request.exchange, respond(request, 200)),
    courseOf: undefined,
  };
}

function mirrorOf(
  { mirror }: ActionConfig,
  { backends, identity }: HandlerParts,
  shape: Shape | undefined,
): Mirror | undefined {
  if (mirror === undefined) return undefined;
  const backend = backends.get(mirror.backend)!;
  const course = { backend, policy: identity, shape };
  return new Mirror(mirror, { backend, send: (copy) => forward(copy, course) });
}
