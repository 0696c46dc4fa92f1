import { clientsIn } from "../config/values/trusted-proxy.ts";
import { ProxyError } from "../base/errors.ts";
import type { MaintenanceConfig } from "../config/sections/maintenance.ts";
import type { AnswerEdit } from "../message/exchange.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
import type { Stage } from "../message/stage.ts";
import { WholeResponse } from "../message/whole-response.ts";

/** Answers in place of who would, but to clients that are let through: with a page of its own, or the frontend's error page. */
export function maintenanceStage(config: MaintenanceConfig): Stage {
  const { status, allow, retryAfter } = config;
  const allows = clientsIn(allow);
  const page = pageOf(config);
  const sayWhen = compileRetryAfter(retryAfter);
  const refuses = ({ exchange }: IncomingRequest) =>
    allows(exchange.client)
      ? undefined
      : new ProxyError("maintenance", "Switched off for maintenance", { status });
  return {
    words: `maintenance: ${status}${allow.length === 0 ? "" : ", some clients are let through"}`,
    refuses,
    answers: (request) => refuses(request) === undefined ? undefined : page?.(),
    around: (next) => (request, taker) => {
      const { exchange } = request;
      const refusal = refuses(request);
      if (refusal === undefined) return next(request, taker);
      exchange.editAnswer(sayWhen);
      if (page === undefined) return taker.onFailed(exchange, refusal);
      exchange.fail(refusal);
      taker.onAnswer(exchange, page());
    },
  };
}

/** What makes the operator's own page; undefined where there is none. */
function pageOf({ status, body, file, contentType }: MaintenanceConfig): (() => Response) | undefined {
  const bytes = file?.bytes ?? (body === undefined ? undefined : new TextEncoder().encode(body));
  if (bytes === undefined) return undefined;
  const headers = new Headers({
    "Content-Type": contentType ?? file?.type ?? "text/plain; charset=utf-8",
    "Content-Length": String(bytes.length),
    "Cache-Control": "no-store",
  });
  return () => new WholeResponse(bytes, { status, headers });
}

/** In place of the moment after which a 503 of ours may be asked again otherwise. */
function compileRetryAfter(ms: number | undefined): AnswerEdit {
  const seconds = ms === undefined ? undefined : String(Math.ceil(ms / 1000));
  return (fields) => {
    fields.removeWhere(({ lower }) => lower === "retry-after");
    if (seconds !== undefined) fields.append("Retry-After", seconds);
  };
}
