import type { Backend } from "../backend/backend.ts";
import type { Server } from "../backend/server.ts";
import type { ProxyError } from "../base/errors.ts";
import type { NoRetry } from "../message/exchange.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
import type { Outgoing } from "./attempt.ts";

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
 * Whether another server may be asked: the request may be sent again, its body is whole, a server is left, and number, time
 * and budget allow it. Why not is noted for the log.
 */
export function mayRepeat(request: IncomingRequest, failed: FailedAttempt): boolean {
  const { exchange } = request;
  if (exchange.aborted !== undefined) return false;
  // What is not the server's fault would go no better elsewhere.
  if (failed.error !== undefined && !failed.error.retryable(true)) return false;
  exchange.retry = obstacle(request, failed);
  return exchange.retry === undefined;
}

/** What stands in the way. Asks for the budget last, as that counts the retry. */
function obstacle({ exchange }: IncomingRequest, failed: FailedAttempt): NoRetry | undefined {
  const { backend, server, tried, outgoing, error } = failed;
  const { attempts, deadline } = backend.config.retries;
  if (!outgoing.repeatable && error?.retryable(false) !== true) return "not_idempotent";
  if (outgoing.heard) return "answered";
  if (exchange.attempts - outgoing.attemptsBefore >= attempts) return "attempts";
  if (outgoing.body !== null && outgoing.bodyStarted && outgoing.replay?.replayable !== true) return "body";
  if (!backend.hasOther(new Set(tried).add(server))) return "no_server";
  const now = performance.now();
  if (deadline > 0 && now - exchange.startedAt >= deadline) return "deadline";
  return backend.retryBudget.take(now) ? undefined : "budget";
}
