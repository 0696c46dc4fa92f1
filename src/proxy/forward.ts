import { ProxyError, toProxyError } from "../base/errors.ts";
import type { Backend } from "../backend/backend.ts";
import type { Server } from "../backend/server.ts";
import { isIdempotent } from "../http/methods.ts";
import type { BodySource } from "../message/body.ts";
import { StreamSource } from "../message/body-stream.ts";
import type { IncomingRequest } from "../message/request.ts";
import type { UpstreamConnection } from "../upstream/connection.ts";
import type { Answer, OutgoingRequest } from "../upstream/contract.ts";
import { declaredLength } from "../http/framing.ts";
import type { IdentityPolicy } from "./identity.ts";
import { requestedUpgrade, requestHead } from "./request.ts";
import { toClientResponse } from "./response.ts";

/**
 * Sends `request` to a server of `backend` and resolves with the answer, its body still to come.
 * Rejects with a ProxyError.
 */
export async function forward(
  request: IncomingRequest,
  backend: Backend,
  policy: IdentityPolicy,
): Promise<Response> {
  const { exchange } = request;
  exchange.backend = backend.name;
  const server = backend.pick();
  if (server === undefined) {
    throw new ProxyError("no_server", `Cannot forward to backend "${backend.name}": no server`);
  }
  exchange.server = server.name;
  const outgoing = prepare(request, { backend, server, policy });
  server.inFlight++;
  try {
    const answer = await attempt(request, server, outgoing);
    return toClientResponse(answer, exchange, {
      via: policy.via,
      tunnelIdleMs: backend.tunnelIdleMs,
      onTunnelDone: () => outgoing.onDone(),
    });
  } catch (error) {
    outgoing.onDone(toProxyError(error));
    throw error;
  }
}

/** Connections that may turn out to be dead before one attempt fails. */
const MAX_STALE = 3;

/**
 * One attempt on one server. A connection may die while it is unused, and the server's close crosses our
 * request on its way; that is nobody's failure, so a request that may be repeated goes out once more on another
 * connection (RFC 9112 §9.3.1), as long as no byte of an answer came.
 */
async function attempt(request: IncomingRequest, server: Server, outgoing: OutgoingRequest): Promise<Answer> {
  const { exchange } = request;
  exchange.attempts++;
  const idempotent = isIdempotent(request.method);
  for (let stale = 0;; stale++) {
    // A first dead connection hints at more of them in the pool: after it, a new one is opened.
    const connection = (stale === 0 ? server.pool.takeIdle() : undefined) ??
      await server.pool.connect(exchange.signal);
    const { reused } = connection;
    const sentAt = performance.now();
    try {
      const answer = await send(request, connection, outgoing);
      server.answered(answer.head.status, sentAt);
      return answer;
    } catch (error) {
      const unheard = reused && !connection.answering && outgoing.body === null && stale < MAX_STALE;
      const reset = error instanceof ProxyError && error.kind === "upstream_reset" &&
        error.retryable(idempotent);
      if (!unheard || !reset) throw error;
    }
  }
}

function send(
  request: IncomingRequest,
  connection: UpstreamConnection,
  outgoing: OutgoingRequest,
): Promise<Answer> {
  const { exchange } = request;
  if (exchange.aborted !== undefined) {
    connection.release();
    throw exchange.aborted;
  }
  exchange.onAbort = (error) => connection.fail(error);
  return connection.send(outgoing);
}

function prepare(
  request: IncomingRequest,
  { backend, server, policy }: { backend: Backend; server: Server; policy: IdentityPolicy },
): OutgoingRequest {
  const { exchange } = request;
  const fields = request.takeFields();
  const taken = request.takeBody();
  const body: BodySource | null = taken instanceof ReadableStream
    ? new StreamSource(taken, declaredLength(fields))
    : taken;
  const upgrade = requestedUpgrade(request, fields, body);
  const own = backend.hostHeader === "rewrite" || exchange.authority === "";
  const host = own ? server.authority : exchange.authority;
  let open = true;
  return {
    method: request.method,
    head: requestHead(request, { fields, body, policy, host, basePath: server.basePath, upgrade }),
    body,
    chunked: body !== null && body.length === undefined,
    upgrade,
    onInformational: (head) => exchange.inform(head.status, head.reason, head.fields),
    onDone(error) {
      if (!open) return;
      open = false;
      if (error !== undefined) server.failed(error);
      exchange.onAbort = undefined;
      server.inFlight--;
    },
  };
}
