import { ProxyError } from "../base/errors.ts";
import type { Backend } from "../backend/backend.ts";
import type { OnStatusConfig } from "../config/sections/on-status.ts";
import { parseStatuses } from "../config/values/statuses.ts";
import { maySendAgain } from "../http/methods.ts";
import type { BodySource } from "../message/body.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
import type { ReplayableBody } from "../message/replay.ts";
import type { IdentityPolicy } from "./identity.ts";
import { compileRedirect } from "./redirect.ts";
import { compileRespond } from "./respond.ts";

/** What is done in place of sending an answer on. */
export type Instead =
  | { readonly kind: "backend"; readonly backend: Backend }
  | { readonly kind: "answer"; readonly answer: (request: IncomingRequest, status: number) => Response };

/** What says whether a request may go to another backend. */
export interface SentSoFar {
  readonly method: string;
  readonly body: BodySource | null;
  /** The body where it can be started again. */
  readonly replay: ReplayableBody | undefined;
  /** Whether a part of the body may have been sent. */
  readonly bodyStarted: boolean;
  /** Whether a byte of an answer came to an attempt that failed. */
  readonly heard: boolean;
}

/** What a route does with answers by their status. */
export interface OnStatus {
  /** Whether a request may be sent to another backend, so that its body has to be kept. */
  readonly asksBackends: boolean;
  /** What is done in place of an answer of this status, or of such a failure, where it can be done. */
  of(outcome: number | ProxyError, request: IncomingRequest, outgoing: SentSoFar): Instead | undefined;
}

/** Works out what is done for each status; of several ranges that hold it the narrowest counts. */
export function compileOnStatus(
  config: OnStatusConfig,
  { backends, identity }: { backends: ReadonlyMap<string, Backend>; identity: IdentityPolicy },
): OnStatus {
  const ranges = Object.entries(config).map(([written, { backend, redirect, respond }]) => {
    const instead: Instead = backend !== undefined ? { kind: "backend", backend: backends.get(backend)! } : {
      kind: "answer",
      answer: redirect !== undefined
        ? compileRedirect(redirect, identity)
        : unstored(compileRespond(respond!, identity)),
    };
    return { ...parseStatuses(written)!, instead };
  });
  ranges.sort((a, b) => (b.to - b.from) - (a.to - a.from));
  const byStatus = new Map<number, Instead>();
  for (const { from, to, instead } of ranges) {
    for (let status = from; status <= to; status++) byStatus.set(status, instead);
  }
  return {
    asksBackends: ranges.some(({ instead }) => instead.kind === "backend"),
    of(outcome, request, outgoing) {
      if (typeof outcome !== "number" && !countsAsAnswer(outcome)) return undefined;
      const instead = byStatus.get(typeof outcome === "number" ? outcome : outcome.status);
      if (instead === undefined || request.exchange.aborted !== undefined) return undefined;
      return instead.kind === "answer" || mayAskOther(outgoing, outcome) ? instead : undefined;
    },
  };
}

/** What stands for a failure is not to be kept for later (RFC 9110 §15.1), unless the operator says so. */
function unstored(answer: (request: IncomingRequest, status: number) => Response) {
  return (request: IncomingRequest, status: number) => {
    const response = answer(request, status);
    if (response.status >= 400 && !response.headers.has("Cache-Control")) {
      response.headers.set("Cache-Control", "no-store");
    }
    return response;
  };
}

/**
 * Whether `outgoing` may go to another backend after an answer or a failure. Its body must still be there from the beginning,
 * no attempt may have broken off in its answer, and the request must have had no effect, or be one whose repetition has
 * none (RFC 9110 §9.2.2). By 4xx and 501 a server says that it did not do what it was asked.
 */
function mayAskOther(
  { method, body, bodyStarted, replay, heard }: SentSoFar,
  outcome: number | ProxyError,
): boolean {
  if (heard) return false;
  if (body !== null && bodyStarted && replay?.replayable !== true) return false;
  if (maySendAgain(method)) return true;
  return typeof outcome === "number" ? outcome < 500 || outcome === 501 : !outcome.sent;
}

/** Whether a failure counts as an answer of its status: one on the way to a server, not the client's or our own end. */
function countsAsAnswer({ side, kind }: ProxyError): boolean {
  return side !== "downstream" && kind !== "shutdown" && kind !== "internal_error";
}
