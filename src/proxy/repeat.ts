import type { Backend } from "../backend/backend.ts";
import type { Server } from "../backend/server.ts";
import type { ProxyError } from "../base/errors.ts";
import type { Exchange, NoRetry } from "../message/exchange.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
import type { Outgoing } from "./outgoing.ts";

/** An attempt that failed. */
export interface FailedAttempt {
  readonly backend: Backend;
  /** The server that failed, and those before it. */
  readonly server: Server;
  readonly tried: ReadonlySet<Server> | undefined;
  readonly outgoing: Outgoing;
  /** How it failed; undefined where it is an answer that is to be dropped. */
  readonly error: ProxyError | undefined;
}

/**
 * Decides whether another server is asked, and counts that as a retry. Notes for the log why not, where that is for another
 * reason than the failure itself.
 */
export function claimRepeat({ exchange }: IncomingRequest, failed: FailedAttempt): boolean {
  if (exchange.aborted !== undefined) return false;
  // What is not the server's fault would go no better elsewhere.
  if (failed.error !== undefined && !failed.error.retryable(true)) return false;
  const now = performance.now();
  exchange.retry = obstacle(exchange, failed, now) ??
    (failed.backend.retryBudget.claimRetry(now) ? undefined : "budget");
  return exchange.retry === undefined;
}

/** The same for an attempt that is slow: whether another server is asked beside it. */
export function claimBeside({ exchange }: IncomingRequest, slow: FailedAttempt): boolean {
  if (exchange.aborted !== undefined) return false;
  const now = performance.now();
  return obstacle(exchange, slow, now) === undefined && slow.backend.retryBudget.claimRetry(now);
}

/** What stands in the way, besides the budget: the request may not be sent again, or not whole, or to nobody, or not now. */
function obstacle(exchange: Exchange, failed: FailedAttempt, now: number): NoRetry | undefined {
  const { backend, server, tried, outgoing, error } = failed;
  const { attempts, deadline } = backend.config.retries;
  if (!outgoing.repeatable && error?.retryable(false) !== true) return "not_idempotent";
  if (outgoing.heard) return "answered";
  if (exchange.attempts - outgoing.attemptsBefore >= attempts) return "attempts";
  if (outgoing.body !== null && outgoing.bodyStarted && outgoing.replay?.replayable !== true) return "body";
  if (!backend.hasOther(new Set(tried).add(server))) return "no_server";
  return deadline > 0 && now - exchange.startedAt >= deadline ? "deadline" : undefined;
}
