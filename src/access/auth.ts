import { ProxyError } from "../base/errors.ts";
import { AUTH_METHODS, type AuthConfig, type AuthMethodConfig } from "../config/sections/auth.ts";
import type { AnswerTaker } from "../message/answer-taker.ts";
import type { Handler } from "../message/handler.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
import type { Stage, StageParts } from "../message/stage.ts";
import type { AuthGranted, AuthMethod, AuthRefused } from "./auth-method.ts";
import { basicMethod } from "./basic.ts";
import { bearerMethod } from "./bearer.ts";
import { forwardAuthMethod } from "./forward-auth.ts";
import { jwtMethod } from "./jwt.ts";
import { passesForOneOf } from "./own-fields.ts";

/** What makes each way of its section of the config. */
const MAKERS: {
  readonly [Key in keyof AuthMethodConfig]-?: (
    config: NonNullable<AuthMethodConfig[Key]>,
    parts: StageParts,
  ) => AuthMethod;
} = {
  basic: basicMethod,
  bearer: bearerMethod,
  jwt: jwtMethod,
  forward: forwardAuthMethod,
};

/** Lets requests through whose clients prove who they are. */
export function authStage(config: AuthConfig, parts: StageParts): Stage {
  const methods = (config.any ?? [config]).flatMap((method) => compileMethod(method, parts));
  const challenges = methods.flatMap(({ challenge }) => challenge ?? []);
  const own = [...methods.flatMap(({ sets }) => sets), ...(config.keepsCredentials ? [] : ["authorization"])];
  const drops = own.length === 0 ? undefined : passesForOneOf(own);
  const methodOf = (request: IncomingRequest) => {
    const presented = methods.filter((method) => method.presents(request));
    return presented.find(({ fits }) => fits?.(request) ?? true) ?? presented[0];
  };

  /** Goes on with what was found out of a request. */
  function settle(found: AuthGranted | AuthRefused, { next, request, taker }: Passing): void {
    const { exchange } = request;
    if ("error" in found) {
      const { error, challenge, answer } = found;
      if (answer === undefined) {
        return refuse(request, taker, { error, asks: challenge === undefined ? undefined : [challenge] });
      }
      exchange.fail(error);
      return taker.onAnswer(exchange, answer);
    }
    exchange.user = found.user;
    exchange.proven = true;
    if (drops !== undefined) request.setOwnFields(drops, found.lines);
    next(request, taker);
  }

  function refuse(
    { exchange }: IncomingRequest,
    taker: AnswerTaker,
    { error, asks = challenges }: { error: ProxyError; asks?: readonly string[] | undefined },
  ): void {
    if (error.kind === "unauthorized" || error.kind === "access_denied") {
      exchange.editAnswer((fields) => asks.forEach((asked) => fields.append("WWW-Authenticate", asked)));
    }
    taker.onFailed(exchange, error);
  }

  return {
    words: `auth: ${methods.map(({ words }) => words).join(", or ")}`,
    refuses: (request) => methodOf(request) === undefined ? noCredentials() : undefined,
    around: (next) => (request, taker) => {
      const method = methodOf(request);
      if (method === undefined) return refuse(request, taker, { error: noCredentials() });
      const passing = { next, request, taker };
      const found = method.check(request);
      if (found instanceof Promise) void settleLater(found, passing, settle);
      else settle(found, passing);
    },
  };
}

/** A request on its way through. */
interface Passing {
  readonly next: Handler;
  readonly request: IncomingRequest;
  readonly taker: AnswerTaker;
}

/** Goes on once it is `found` out, unless the client is gone by then. Never rejects. */
async function settleLater(
  found: Promise<AuthGranted | AuthRefused>,
  passing: Passing,
  settle: (found: AuthGranted | AuthRefused, passing: Passing) => void,
): Promise<void> {
  const { exchange } = passing.request;
  try {
    const result = await found;
    if (exchange.aborted !== undefined) throw exchange.aborted;
    settle(result, passing);
  } catch (error) {
    passing.taker.onFailed(exchange, error);
  }
}

function compileMethod(config: AuthMethodConfig, parts: StageParts): AuthMethod[] {
  return AUTH_METHODS.flatMap((key) => {
    const own = config[key];
    const make = MAKERS[key] as (config: typeof own, parts: StageParts) => AuthMethod;
    return own === undefined ? [] : make(own, parts);
  });
}

function noCredentials(): ProxyError {
  return new ProxyError("unauthorized", "No credentials");
}
