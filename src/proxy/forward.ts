import { ProxyError, type ProxyErrorKind, toProxyError } from "../base/errors.ts";
import type { Backend } from "../backend/backend.ts";
import type { Server } from "../backend/server.ts";
import { includesStatus } from "../config/values/statuses.ts";
import type { Fields } from "../http/fields.ts";
import { declaredLength } from "../http/framing.ts";
import { maySendAgain } from "../http/methods.ts";
import type { BodySource } from "../message/body.ts";
import { DISCARD } from "../message/discard.ts";
import { BytesSource } from "../message/body-bytes.ts";
import { StreamSource } from "../message/body-stream.ts";
import { ReplayableBody } from "../message/replay.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
import type { Answer } from "../upstream/contract.ts";
import { attempt, type AttemptResult, type Outgoing } from "./attempt.ts";
import { type IdentityPolicy, schemeOf } from "./identity.ts";
import { type Instead, letGo, type OnStatus } from "./on-status.ts";
import { mayRepeat } from "./repeat.ts";
import { requestedUpgrade } from "./request-head.ts";
import type { Mirror } from "./mirror.ts";
import type { Shape } from "./shape.ts";
import { toClientResponse } from "./client-response.ts";
import { eitherDrops } from "./trailers.ts";

/** Where a request goes, and what becomes of it on the way. */
export interface Course {
  readonly backend: Backend;
  readonly policy: IdentityPolicy;
  /** What a route changes of requests and answers. */
  readonly shape?: Shape | undefined;
  /** Gets copies of requests. */
  readonly mirror?: Mirror | undefined;
  /** What is done in place of sending answers on, by their status. */
  readonly onStatus?: OnStatus | undefined;
  /** Where the servers are proxies: the target as they are to see it (RFC 9112 §3.2). */
  readonly relayTarget?: ((request: IncomingRequest) => string) | undefined;
}

/**
 * Sends `request` to a server of `backend`, and to others where that one fails and the request may be repeated;
 * resolves with the answer, its body still to come. Rejects with a ProxyError.
 */
export async function forward(
  request: IncomingRequest,
  course: Course,
  outgoing = prepare(request, course),
): Promise<Response> {
  const { exchange } = request;
  const { backend } = course;
  exchange.backend = backend.name;
  backend.retryBudget.request(exchange.startedAt);
  let stays = backend.stay(outgoing.fields, outgoing.upgrade !== undefined);
  let tried: Set<Server> | undefined;
  let last: ProxyError | undefined;
  /** Where it failed last, which may be its own fault. */
  let doubted: { server: Server; reason: ProxyErrorKind | number } | undefined;
  let moves = 0;
  for (;;) {
    const server = tried === undefined && stays !== undefined
      ? stays
      : backend.pick(tried, backend.hashKey?.(request));
    if (server === undefined) return fail(request, course, outgoing, last ?? noServer(backend));
    exchange.server = server.name;
    try {
      const sent = await attempt(request, server, outgoing, server === stays);
      if (sent === undefined) {
        if (++moves > MAX_MOVES) throw new ProxyError("queue_timeout", `No place was left ${moves} times`);
        if (server === stays) stays = backend.stay(outgoing.fields, outgoing.upgrade !== undefined);
        continue;
      }
      const { status } = sent.answer.head;
      const repeats = (includesStatus(backend.config.retries.statuses, status) ||
        (server !== stays && server.wantsProof(status))) &&
        mayRepeat(request, { backend, server, tried, outgoing, error: undefined });
      if (!repeats) {
        doubted?.server.outdone(status, doubted.reason);
        const instead = course.onStatus?.of(status, request, outgoing);
        if (instead !== undefined) {
          const error = new ProxyError("upstream_invalid", `The server answered ${status}`);
          letGo(sent, outgoing);
          exchange.note(server.name, String(status));
          return doInstead(instead, request, { course, outgoing, status, error });
        }
        return accept(request, { ...sent, server, course, outgoing, moves: server !== stays });
      }
      last = new ProxyError("upstream_invalid", `The server answered ${status}`);
      if (status >= 500) {
        server.passive.asksForProof(Math.random());
        doubted = { server, reason: status };
      }
      sent.drop(last);
      exchange.note(server.name, String(status));
    } catch (thrown) {
      const error = last = toProxyError(thrown);
      const repeats = mayRepeat(request, { backend, server, tried, outgoing, error });
      if (!repeats) return fail(request, course, outgoing, error);
      exchange.note(server.name, error.kind);
      if (error.sent && error.blames) doubted = { server, reason: error.kind };
    }
    (tried ??= new Set()).add(server);
    outgoing.waitingSince = undefined;
  }
}

/** Times that a request which waits goes from one queue to another. */
const MAX_MOVES = 100;

/** What becomes of a request that no server answered: what the route does about it, else it fails. */
async function fail(
  request: IncomingRequest,
  course: Course,
  outgoing: Outgoing,
  error: ProxyError,
): Promise<Response> {
  const { exchange } = request;
  const instead = course.onStatus?.of(error, request, outgoing);
  if (instead === undefined) throw giveUp(outgoing, error);
  if (instead.kind === "answer") exchange.fail(error);
  else exchange.note(error.kind === "no_server" ? course.backend.name : exchange.server!, error.kind);
  return await doInstead(instead, request, { course, outgoing, status: error.status, error });
}

/** Does what a route asks for in place of an answer that was let go, or of a failure. Once: what comes of it counts. */
async function doInstead(
  instead: Instead,
  request: IncomingRequest,
  { course, outgoing, status, error }: {
    course: Course;
    outgoing: Outgoing;
    status: number;
    error: ProxyError;
  },
): Promise<Response> {
  if (instead.kind === "answer") {
    giveUp(outgoing, error);
    if (request.exchange.reason === "ok") request.exchange.retry = undefined;
    return instead.answer(request, status);
  }
  const { backend } = instead;
  const other: Course = { ...course, backend, mirror: undefined, onStatus: undefined };
  request.exchange.server = undefined;
  request.exchange.retry = undefined;
  return await forward(request, other, {
    ...outgoing,
    rewritesHost: rewritesHost(other),
    via: viaOf(other),
    waitingSince: undefined,
    attemptsBefore: request.exchange.attempts,
  });
}

/** Nobody wants the body any more. */
function giveUp({ replay, body }: Outgoing, error: ProxyError): ProxyError {
  replay?.commit();
  body?.cancel(error);
  return error;
}

function noServer({ name, servers, available }: Backend): ProxyError {
  const up = `${available.length} of ${servers.length} servers are available`;
  return new ProxyError("no_server", `Cannot forward to backend "${name}": ${up}`);
}

/** The answer becomes the client's: nothing is repeated any more. */
function accept(
  request: IncomingRequest,
  { answer, onTunnelDone, server, course, outgoing, moves }: AttemptResult & {
    server: Server;
    course: Course;
    outgoing: Outgoing;
    /** Whether the client did not stay with this server before. */
    moves: boolean;
  },
): Response {
  const { backend, policy, shape } = course;
  outgoing.replay?.commit();
  const cookie = moves
    ? backend.stickiness?.cookieFor(server, schemeOf(request, policy) === "https")
    : undefined;
  shape?.rewrite?.(answer.head.fields, request, server);
  const edit = shape?.answer;
  return toClientResponse(withoutBody(answer, request, outgoing), request.exchange, {
    via: policy.via,
    tunnelIdleMs: backend.config.timeouts.tunnelIdle,
    tunnels: server.tunnels,
    heartbeatMs: shape?.heartbeatMs,
    relays: backend.config.protocol === "proxy",
    edit: edit === undefined && cookie === undefined ? undefined : (fields) => {
      edit?.(fields, request);
      if (cookie !== undefined) fields.append("Set-Cookie", cookie);
    },
    dropsTrailer: eitherDrops(shape?.dropsTrailer, server.dropsTrailer),
    onTunnelDone,
  });
}

/** A client that asked by HEAD takes no body, though a route may have had one asked for. */
function withoutBody(answer: Answer, { method }: IncomingRequest, outgoing: Outgoing): Answer {
  if (method !== "HEAD" || outgoing.method === "HEAD" || answer.body === null) return answer;
  answer.body.cancel(new ProxyError("client_closed", "An answer to HEAD has no body"));
  return { ...answer, body: null };
}

/** A HEAD stays one where a route asks for GET: its answer is the same but for the body. */
function methodOf({ method }: IncomingRequest, own: string | undefined): string {
  return own === undefined || (own === "GET" && method === "HEAD") ? method : own;
}

function prepare(request: IncomingRequest, course: Course): Outgoing {
  const { policy, shape, mirror } = course;
  const { retries } = course.backend.config;
  const fields = request.takeFields();
  const whole = bodyOf(request, fields, shape?.body);
  const upgrade = requestedUpgrade(request, fields, whole);
  const source = mirror === undefined || upgrade !== undefined ? whole : mirror.tap(request, whole);
  const method = methodOf(request, shape?.method);
  const repeatable = maySendAgain(method) || (retries.idempotencyKey && fields.has("idempotency-key"));
  const keeps = repeatable || retries.staleConnection || course.onStatus?.asksBackends === true;
  const replay = source !== null && keeps ? new ReplayableBody(source) : undefined;
  return {
    method,
    target: course.relayTarget?.(request) ?? shape?.target?.(request.target) ?? request.target,
    fields,
    body: replay ?? source,
    replay,
    repeatable,
    resendsStale: retries.staleConnection,
    bodyStarted: false,
    heard: false,
    upgrade,
    policy,
    edits: shape?.request,
    prefix: shape?.prefix?.(request.target),
    rewritesHost: rewritesHost(course),
    via: viaOf(course),
    waitingSince: undefined,
    attemptsBefore: 0,
    responseMs: shape?.responseMs,
    idleMs: shape?.idleMs,
    expectation: request.exchange.awaitsContinue && shape?.body === undefined
      ? course.backend.config.timeouts
      : undefined,
    straight: course.relayTarget === undefined,
  };
}

function rewritesHost({ backend, relayTarget }: Course): boolean {
  return relayTarget === undefined && backend.config.hostHeader === "rewrite";
}

function viaOf({ backend, policy }: Course): string | false {
  return backend.config.via ?? policy.via;
}

/** The body to send: the client's, or the one that stands in its place. */
function bodyOf(request: IncomingRequest, fields: Fields, own: Uint8Array | undefined): BodySource | null {
  if (own !== undefined && request.bodyUsed) return new BytesSource(own); // an app has read the client's
  const taken = request.takeBody();
  const source = taken instanceof ReadableStream ? new StreamSource(taken, declaredLength(fields)) : taken;
  if (own === undefined) return source;
  source?.start(DISCARD); // read all the same, so that the connection can be used again
  return new BytesSource(own);
}
