import { ProxyError } from "../base/errors.ts";
import { formatSize } from "../base/units.ts";
import type { FrontendConfig } from "../config/sections/frontend.ts";
import { toForwarded } from "../message/answer-form.ts";
import type { BodySource } from "../message/body.ts";
import { asResponse } from "../message/forwarded-response.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
import { LimitedBody } from "../message/limited-body.ts";
import type { Stage } from "../message/stage.ts";
import { WholeResponse } from "../message/whole-response.ts";

/** Answers 413 to requests whose body is larger than `limit`: at once where they say so, else at the byte that is too many. */
export function requestLimitStage(limit: number): Stage {
  const tooLarge = () =>
    new ProxyError(
      "body_too_large",
      `The request body is larger than request_body_limit (${formatSize(limit)})`,
    );
  const refuses = ({ bodyLength = 0 }: IncomingRequest) => bodyLength > limit ? tooLarge() : undefined;
  const wrap = (body: BodySource) => new LimitedBody(body, limit, tooLarge);
  return {
    words: `request_body_limit: ${formatSize(limit)}`,
    refuses,
    around: (next) => (request, taker) => {
      const refusal = refuses(request);
      if (refusal !== undefined) return taker.onFailed(request.exchange, refusal);
      if (request.bodyLength === undefined) request.wrapBody(wrap);
      next(request, taker);
    },
  };
}

/** Answers 502 in place of answers whose body is larger than `limit` and says so; another one is cut, so that the client can tell. */
export function responseLimitStage(limit: number): Stage {
  const tooLarge = () =>
    new ProxyError(
      "answer_body_too_large",
      `The answer is larger than response_body_limit (${formatSize(limit)})`,
    );
  const wrap = (body: BodySource) => new LimitedBody(body, limit, tooLarge);
  return {
    words: `response_body_limit: ${formatSize(limit)}`,
    around: (next) => (request, taker) =>
      next(request, {
        onAnswer(exchange, response) {
          if (response instanceof WholeResponse) return taker.onAnswer(exchange, response); // of our own
          const answer = toForwarded(response, exchange);
          const { bodyLength } = answer;
          if (bodyLength !== undefined && bodyLength > limit) {
            const error = tooLarge();
            answer.drop(error);
            return taker.onFailed(exchange, error);
          }
          // A length that is known is kept to by whoever reads the body.
          if (bodyLength === undefined) answer.wrapBody(wrap);
          taker.onAnswer(exchange, asResponse(answer));
        },
        onFailed: (exchange, error) => taker.onFailed(exchange, error),
      }),
  };
}

/**
 * The largest body of a request that may come to a frontend, where others may have `bodySize` at most: what its rules and
 * routes allow is known only once it is clear which of them takes it.
 */
export function largestBody(
  { requestBodyLimit, rules, routes }: FrontendConfig,
  bodySize: number | undefined,
): number | undefined {
  if (bodySize === undefined) return undefined;
  let most = Math.max(bodySize, requestBodyLimit ?? 0);
  for (const list of [rules, routes]) {
    for (const action of list) most = Math.max(most, action.requestBodyLimit || 0);
  }
  return most;
}

/** The same limit where it has to be kept to by stages, as some of a frontend's requests may have more; else undefined. */
export function bodySizeOfStages(config: FrontendConfig, bodySize: number | undefined): number | undefined {
  return largestBody(config, bodySize) === bodySize ? undefined : bodySize;
}
