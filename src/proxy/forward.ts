import { ProxyError, toProxyError } from "../base/errors.ts";
import type { Backend } from "../backend/backend.ts";
import type { Server } from "../backend/server.ts";
import { includesStatus } from "../config/statuses.ts";
import { declaredLength } from "../http/framing.ts";
import { isIdempotent } from "../http/methods.ts";
import type { BodySource } from "../message/body.ts";
import { StreamSource } from "../message/body-stream.ts";
import { ReplayableBody } from "../message/replay.ts";
import type { IncomingRequest } from "../message/request.ts";
import type { Answer } from "../upstream/contract.ts";
import { attempt, type Outgoing } from "./attempt.ts";
import type { IdentityPolicy } from "./identity.ts";
import { requestedUpgrade } from "./request.ts";
import { toClientResponse } from "./response.ts";

/**
 * Sends `request` to a server of `backend`, and to others where that one fails and the request may be repeated;
 * resolves with the answer, its body still to come. Rejects with a ProxyError.
 */
export async function forward(
  request: IncomingRequest,
  backend: Backend,
  policy: IdentityPolicy,
): Promise<Response> {
  const { exchange } = request;
  exchange.backend = backend.name;
  backend.retryBudget.request(exchange.startedAt);
  const outgoing = prepare(request, { backend, policy });
  let tried: Set<Server> | undefined;
  let last: ProxyError | undefined;
  for (;;) {
    const server = backend.pick(tried);
    if (server === undefined) throw last ?? noServer(backend);
    exchange.server = server.name;
    try {
      const sent = await attempt(request, server, outgoing);
      const { status } = sent.answer.head;
      const repeats = includesStatus(backend.config.retries.statuses, status) &&
        mayRepeat(request, { backend, server, tried, outgoing, sentStatus: status });
      if (!repeats) return accept(request, { ...sent, backend, outgoing, via: policy.via });
      last = new ProxyError("upstream_invalid", `The server answered ${status}`);
      sent.drop(last);
      exchange.note(server.name, String(status));
    } catch (thrown) {
      const error = last = toProxyError(thrown);
      const repeats = error.retryable(isIdempotent(request.method)) &&
        mayRepeat(request, { backend, server, tried, outgoing });
      if (!repeats) {
        outgoing.replay?.commit();
        outgoing.replay?.cancel(error);
        throw error;
      }
      exchange.note(server.name, error.kind);
    }
    (tried ??= new Set()).add(server);
  }
}

interface Repeating {
  readonly backend: Backend;
  /** The server that failed, and those before it. */
  readonly server: Server;
  readonly tried: ReadonlySet<Server> | undefined;
  readonly outgoing: Outgoing;
  /** Status of an answer that is to be dropped. */
  readonly sentStatus?: number;
}

/** Whether another server may be asked: one is left, the body is whole, and number, time and budget allow it. */
function mayRepeat(
  { method, exchange }: IncomingRequest,
  { backend, server, tried, outgoing, sentStatus }: Repeating,
): boolean {
  const { attempts, deadline } = backend.config.retries;
  if (sentStatus !== undefined && !isIdempotent(method)) return false;
  if (outgoing.heard || exchange.aborted !== undefined || exchange.attempts >= attempts) return false;
  if (outgoing.body !== null && outgoing.bodyStarted && outgoing.replay?.replayable !== true) return false;
  if (!backend.available.some((other) => other !== server && tried?.has(other) !== true)) return false;
  const now = performance.now();
  if (deadline > 0 && now - exchange.startedAt >= deadline) return false;
  return backend.retryBudget.take(now);
}

function noServer({ name, servers, available }: Backend): ProxyError {
  const up = `${available.length} of ${servers.length} servers are available`;
  return new ProxyError("no_server", `Cannot forward to backend "${name}": ${up}`);
}

/** The answer becomes the client's: nothing is repeated any more. */
function accept(
  { exchange }: IncomingRequest,
  parts: {
    answer: Answer;
    onTunnelDone: () => void;
    backend: Backend;
    outgoing: Outgoing;
    via: string;
  },
): Response {
  parts.outgoing.replay?.commit();
  return toClientResponse(parts.answer, exchange, {
    via: parts.via,
    tunnelIdleMs: parts.backend.config.timeouts.tunnelIdle,
    onTunnelDone: parts.onTunnelDone,
  });
}

function prepare(
  request: IncomingRequest,
  { backend, policy }: { backend: Backend; policy: IdentityPolicy },
): Outgoing {
  const fields = request.takeFields();
  const taken = request.takeBody();
  const source: BodySource | null = taken instanceof ReadableStream
    ? new StreamSource(taken, declaredLength(fields))
    : taken;
  const replay = source !== null && isIdempotent(request.method) ? new ReplayableBody(source) : undefined;
  return {
    fields,
    body: replay ?? source,
    replay,
    bodyStarted: false,
    heard: false,
    upgrade: requestedUpgrade(request, fields, source),
    rewritesHost: backend.config.hostHeader === "rewrite",
    policy,
  };
}
