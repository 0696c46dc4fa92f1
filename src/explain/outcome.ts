import { ProxyError, toProxyError } from "../base/errors.ts";
import type { Backend } from "../backend/backend.ts";
import type { FrontendConfig } from "../config/sections/frontend.ts";
import type { Config } from "../config/schema.ts";
import type { Handler } from "../message/handler.ts";
import type { Stage } from "../message/stage.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
import { isForProxy } from "../proxy/answer-options.ts";
import { largestBody } from "../proxy/body-limits.ts";
import type { Course } from "../proxy/course.ts";
import { type Decide, OPTIONS_HANDLER, type Taken } from "../proxy/decision.ts";
import { answerFailure, type ErrorAnswers } from "../proxy/error-answer.ts";
import type { AskedNames } from "../proxy/asked-names.ts";
import { nameOfRoute, nameOfRule } from "../proxy/route-names.ts";
import { createRelayDecision, type RelayParts } from "../relay/decision.ts";
import { readRequest } from "./described-request.ts";

/** What of a frontend decides about requests. */
export interface ExplainedFrontend {
  readonly config: FrontendConfig;
  readonly errors: ErrorAnswers;
  readonly decide?: Decide;
  readonly taken?: ReadonlyMap<Handler, Taken>;
  readonly stages?: readonly Stage[];
  readonly relay?: RelayParts;
  /** What of requests its rules and routes look at. */
  readonly asked: AskedNames;
}

/** What is built of a config; nothing of it has to run. */
export interface Explained {
  readonly config: Config;
  readonly frontends: readonly ExplainedFrontend[];
  readonly backends: ReadonlyMap<string, Backend>;
}

/** What a frontend does with one request. */
export interface Outcome {
  /** Who takes it: `rule 2`, `route a.example/api`, `default`, `page`, `proxy`, `parent`, `straight`, or `nobody`. */
  readonly by: string;
  readonly taken?: Taken | undefined;
  /** Where it is sent; undefined where the proxy answers. */
  readonly course?: Course | undefined;
  /** What the proxy answers; of a page only where that is known at once. */
  readonly answer?: Response | undefined;
  /** Why it is refused. */
  readonly failure?: ProxyError | undefined;
  /** The request; undefined where it could not be read. */
  readonly request?: IncomingRequest | undefined;
}

/** What becomes of the request whose head is `head`, by the functions that serve it. Sends nothing. */
export function outcomeOf(
  { config }: Pick<Explained, "config">,
  frontend: ExplainedFrontend,
  head: string,
  { from, secure = false, checksUser = true }: {
    from?: string | undefined;
    secure?: boolean;
    checksUser?: boolean;
  } = {},
): Outcome {
  let request: IncomingRequest | undefined;
  try {
    const bodySize = largestBody(frontend.config, config.limits.bodySize);
    const limits = { ...config.limits, bodySize };
    request = readRequest(head, { from, secure, mode: frontend.config.mode, limits });
    return frontend.relay === undefined
      ? ofReverse(frontend, request)
      : ofRelay(frontend.relay, request, checksUser);
  } catch (error) {
    return refused(toProxyError(error), frontend, request, "nobody");
  }
}

/** The same request, refused after it was taken. */
export function refused(
  failure: ProxyError,
  { errors }: Pick<ExplainedFrontend, "errors">,
  request: IncomingRequest | undefined,
  by: string,
): Outcome {
  return { by, failure, request, answer: request && answerFailure(failure, request.exchange, errors) };
}

/** A rule or a route in a word or two, as tests and messages name it. */
function nameOfTaken({ kind, index }: Taken, { rules, routes }: FrontendConfig): string {
  if (kind === "default") return "default";
  if (kind === "rule") return `rule ${index + 1} (${nameOfRule(rules[index]!)})`;
  return `route ${index + 1} (${nameOfRoute(routes[index]!)})`;
}

function ofReverse(
  { config, errors, decide, taken: known, stages }: ExplainedFrontend,
  request: IncomingRequest,
): Outcome {
  const handler = decided(decide!, request, stages);
  const taken = known!.get(handler);
  if (taken === undefined) {
    return handler === OPTIONS_HANDLER
      ? { by: "proxy", request, answer: answerOf(handler, request) }
      : { by: "page", request };
  }
  const by = nameOfTaken(taken, config);
  const { failure, answer } = stoppedBy(taken.stages, request);
  if (failure !== undefined) {
    const failed = { ...refused(failure, { errors }, request, by), taken };
    return answer === undefined ? failed : { ...failed, answer };
  }
  if (answer !== undefined) return { by, taken, request, answer };
  const course = taken.courseOf?.(request);
  return course === undefined
    ? { by, taken, request, answer: answerOf(taken.handle, request) }
    : { by, taken, request, course };
}

/** Who takes it. Throws why nobody does: where nothing leads anywhere, that is what the frontend has against it. */
function decided(decide: Decide, request: IncomingRequest, stages: readonly Stage[] = []): Handler {
  try {
    return decide(request);
  } catch (error) {
    if (!(error instanceof ProxyError) || error.kind !== "no_route") throw error;
    throw stoppedBy(stages, request).failure ?? error;
  }
}

/** What the first stage that does not pass it on has against it, and what it answers itself. */
function stoppedBy(stages: readonly Stage[], request: IncomingRequest): Pick<Outcome, "failure" | "answer"> {
  for (const stage of stages) {
    const failure = stage.refuses?.(request);
    const answer = stage.answers?.(request);
    if (failure !== undefined || answer !== undefined) return { failure, answer };
  }
  return {};
}

/** Nobody's password is looked at: whether one is there is all. */
function ofRelay(relay: RelayParts, request: IncomingRequest, checksUser: boolean): Outcome {
  const { origins, access } = relay;
  const sample = { of: (scheme: "http" | "https", authority: string) => origins.sample(scheme, authority) };
  const decision = createRelayDecision({ ...relay, origins: sample });
  if (!decision.admit(request)) return { by: "page", request };
  if (checksUser) access.checkCredentials(request);
  if (isForProxy(request)) return { by: "proxy", request, answer: answerOf(OPTIONS_HANDLER, request) };
  const course = decision.courseOf(request);
  return { by: course.backend === relay.parents ? "parent" : "straight", course, request };
}

/** What a handler answers by itself, at once. */
function answerOf(handler: Handler, request: IncomingRequest): Response | undefined {
  let answer: Response | undefined;
  handler(request, {
    onAnswer: (_, response) => answer = response,
    onFailed: (_, error) => {
      throw error;
    },
  });
  return answer;
}
