import { ProxyError, toProxyError } from "../base/errors.ts";
import type { Server } from "../backend/server.ts";
import { Fields } from "../http/fields.ts";
import { NO_BODY } from "../http/framing.ts";
import type { ResponseHead } from "../http1/response-decoder.ts";
import type { BodySource } from "../message/body.ts";
import type { ReplayableBody } from "../message/replay.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
import type { UpstreamConnection } from "../upstream/connection.ts";
import type { Answer, OutgoingRequest } from "../upstream/contract.ts";
import type { IdentityPolicy } from "./identity.ts";
import type { RequestEdits } from "./shape.ts";
import { type ExpectationTimes, watchExpectation } from "./expectation.ts";
import { requestHead } from "./request-head.ts";
import { droppedTrailers } from "./trailers.ts";

/** What is sent, whichever server gets it. */
export interface Outgoing {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly fields: Fields;
  readonly body: BodySource | null;
  /** The body where it can be started again. */
  readonly replay: ReplayableBody | undefined;
  /** Whether it may be sent again though a server may have got it: its method is idempotent, or the operator takes it for that. */
  readonly repeatable: boolean;
  /** Whether it may be sent again where a connection that was used before dies without a byte of an answer. */
  readonly resendsStale: boolean;
  /** Whether a part of the body may have been sent. */
  bodyStarted: boolean;
  /** Whether a byte of an answer came to an attempt that failed: nothing is repeated any more. */
  heard: boolean;
  /** The protocols to ask for, or undefined. */
  readonly upgrade: string | undefined;
  /** Whether servers see their own Host. */
  readonly rewritesHost: boolean;
  readonly policy: IdentityPolicy;
  /** What a route changes of the fields. */
  readonly edits: RequestEdits | undefined;
  /** What was taken off the front of the client's path, or undefined. */
  readonly prefix: string | undefined;
  /** What Via calls this proxy; false where none is sent. */
  readonly via: string | false;
  /** Attempts that were made before, for another backend: they are not this one's. */
  readonly attemptsBefore: number;
  /** When this attempt began to want a connection, of this server or of others before; undefined until it does. */
  waitingSince: number | undefined;
  /** Time to the head of the answer, in ms, where a route has its own. */
  readonly responseMs: number | undefined;
  /** Silence that ends an answer or a body under way, in ms, where a route has its own. */
  readonly idleMs: number | undefined;
  /** How long a server may leave the client waiting that asks first whether to send its body; undefined for all others. */
  readonly expectation: ExpectationTimes | undefined;
  /** Whether the server itself is where a tunnel leads: then nothing is sent, a connection is all. */
  readonly straight: boolean;
}

/** An answer, and what its owner may do with it. */
export interface AttemptResult {
  readonly answer: Answer;
  /** Lets go of an answer that nobody wants, now. */
  drop(error: ProxyError): void;
  /** To be called when the tunnel that the answer opened is over. */
  readonly onTunnelDone: () => void;
}

/** A request to one server. */
interface SentRequest extends OutgoingRequest {
  /** Gives the connection up that it is on. */
  abort: ((error: ProxyError) => void) | undefined;
  onHead(status: number, switched: boolean): void;
}

/** Connections that may turn out to be dead before one attempt fails. */
const MAX_STALE = 3;

/**
 * One attempt on one server. A connection may die while it is unused, and the server's close crosses our
 * request on its way; that is nobody's failure, so a request that may be repeated goes out once more on another
 * connection (RFC 9112 §9.3.1), as long as no byte of an answer came.
 *
 * Resolves with undefined, and it was none, where the request waited for a connection and is to choose a server again:
 * this one is out or, unless the client `stays` with it, another one has room. Rejects with a ProxyError.
 */
export async function attempt(
  request: IncomingRequest,
  server: Server,
  parts: Outgoing,
  stays: boolean,
): Promise<AttemptResult | undefined> {
  const { exchange } = request;
  exchange.attempts++;
  exchange.headAt = 0;
  const outgoing = toServer(request, server, parts);
  server.inFlight++;
  const sure = parts.repeatable && (parts.body === null || parts.replay?.fits === true);
  try {
    for (let stale = 0;; stale++) {
      // A first dead connection hints at more of them in the pool: after it, a new one is opened.
      // A tunnel gets one of its own.
      const reuses = stale === 0 && parts.method !== "CONNECT";
      const idle = reuses ? (sure ? server.pool.takeIdle() : await server.pool.takeSure()) : undefined;
      const connection = idle ??
        await server.pool.connect({
          signal: exchange.signal,
          mayLeave: !stays,
          since: parts.waitingSince ??= performance.now(),
          times: exchange,
        });
      if (connection === undefined) {
        exchange.attempts--;
        server.unpicked();
        outgoing.onDone();
        return undefined;
      }
      const { reused } = connection;
      const sentAt = performance.now();
      parts.bodyStarted = true;
      try {
        const answer = parts.straight && parts.method === "CONNECT"
          ? tunnelOver(connection)
          : await send(request, connection, outgoing, parts.expectation);
        exchange.headAt = server.answered(answer.head, sentAt);
        exchange.headMs = exchange.headAt - sentAt;
        outgoing.onHead(answer.head.status, answer.tunnel !== undefined);
        return {
          answer,
          onTunnelDone: () => outgoing.onDone(),
          drop(error) {
            outgoing.onDone(); // first, so that the break is not held against the server
            answer.body?.cancel(error);
            answer.tunnel?.socket.destroy();
          },
        };
      } catch (error) {
        // A tunnel that was not opened carried nothing, whatever was said instead.
        if (connection.answering && parts.method !== "CONNECT") parts.heard = true;
        const unheard = reused && !connection.answering && stale < MAX_STALE && canSendAgain(parts);
        const reset = error instanceof ProxyError && error.kind === "upstream_reset" &&
          error.retryable(parts.repeatable || parts.resendsStale);
        if (!unheard || !reset) throw error;
      }
    }
  } catch (error) {
    outgoing.onDone(toProxyError(error));
    throw error;
  }
}

function send(
  { exchange }: IncomingRequest,
  connection: UpstreamConnection,
  outgoing: SentRequest,
  expectation: ExpectationTimes | undefined,
): Promise<Answer> {
  if (exchange.aborted !== undefined) {
    connection.release();
    throw exchange.aborted;
  }
  const fail = exchange.onAbort = outgoing.abort = (error: ProxyError) => connection.fail(error);
  const answer = connection.send(outgoing);
  if (expectation !== undefined) watchExpectation(exchange, outgoing, { times: expectation, answer, fail });
  return answer;
}

/** What is answered to a CONNECT that needs no other proxy. */
function tunnelOver(connection: UpstreamConnection): Answer {
  const head: ResponseHead = {
    status: 200,
    reason: "Connection Established",
    minorVersion: 1,
    fields: new Fields(),
    framing: NO_BODY,
  };
  return { head, body: null, tunnel: connection.takeOver() };
}

function canSendAgain({ body, replay }: Outgoing): boolean {
  return body === null || replay?.replayable === true;
}

function toServer(
  request: IncomingRequest,
  server: Server,
  parts: Outgoing,
): SentRequest {
  const { exchange } = request;
  const { method, body, upgrade, responseMs, idleMs } = parts;
  const own = parts.rewritesHost || exchange.authority === "";
  const host = own ? server.authority : exchange.authority;
  let open = true;
  let status = 0;
  let failed = false;
  const report = () => {
    if (!open && !failed && status > 0) server.finished(status, exchange.client);
  };
  const sent: SentRequest = {
    abort: undefined,
    // A short answer is over before anybody hears of its head.
    onHead(its, switched) {
      // A tunnel may last for days, and its end says nothing about the server.
      if (switched) return server.finished(its, exchange.client);
      status = its;
      report();
    },
    method,
    head: requestHead(request, parts, {
      host,
      basePath: server.basePath,
      authorization: server.authorization,
    }),
    responseMs,
    idleMs,
    body,
    chunked: body !== null && body.length === undefined,
    dropsTrailer: body === null ? undefined : parts.edits?.dropsTrailer ?? droppedTrailers(parts.policy),
    upgrade,
    onInformational: (head) => exchange.inform(head.status, head.reason, head.fields),
    onDone(error) {
      if (!open) return;
      open = false;
      failed = error !== undefined;
      if (error !== undefined) server.failed(error, exchange.client);
      report();
      exchange.ignoreAbort(sent.abort);
      server.release();
    },
  };
  return sent;
}
