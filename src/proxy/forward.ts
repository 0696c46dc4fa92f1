import { ProxyError, type ProxyErrorKind, toProxyError } from "../base/errors.ts";
import type { Backend } from "../backend/backend.ts";
import type { Server } from "../backend/server.ts";
import { includesStatus } from "../config/values/statuses.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
import type { Answer } from "../upstream/contract.ts";
import { Attempt } from "./attempt.ts";
import { toClientResponse } from "./client-response.ts";
import type { Course } from "./course.ts";
import { schemeOf } from "./identity.ts";
import { type Instead, letGo } from "./on-status.ts";
import type { Outgoing } from "./outgoing.ts";
import { prepare, rewritesHost, viaOf } from "./prepare.ts";
import { claimRepeat } from "./repeat.ts";
import { eitherDrops } from "./trailers.ts";

/** Times that a request which waits goes from one queue to another. */
const MAX_MOVES = 100;

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
  backend.retryBudget.countRequest(exchange.startedAt);
  let sticky = backend.stickyServer(outgoing.fields, outgoing.upgrade !== undefined);
  let tried: Set<Server> | undefined;
  let last: ProxyError | undefined;
  /** Where it failed last, which may be its own fault. */
  let doubted: { server: Server; reason: ProxyErrorKind | number } | undefined;
  let moves = 0;
  for (;;) {
    const server = tried === undefined && sticky !== undefined
      ? sticky
      : backend.pick(tried, backend.hashKey?.(request));
    if (server === undefined) return fail(request, course, outgoing, last ?? noServer(backend));
    exchange.server = server.name;
    const attempt = new Attempt(server, request, outgoing);
    try {
      const answer = await attempt.run(server !== sticky);
      if (answer === undefined) {
        if (++moves > MAX_MOVES) throw new ProxyError("queue_timeout", `No place was left ${moves} times`);
        if (server === sticky) {
          sticky = backend.stickyServer(outgoing.fields, outgoing.upgrade !== undefined);
        }
        continue;
      }
      const { status } = answer.head;
      const repeats = (includesStatus(backend.config.retries.statuses, status) ||
        (server !== sticky && server.wantsProof(status))) &&
        claimRepeat(request, { backend, server, tried, outgoing, error: undefined });
      if (!repeats) {
        doubted?.server.outdone(status, doubted.reason);
        const instead = course.onStatus?.of(status, request, outgoing);
        if (instead !== undefined) {
          const error = new ProxyError("upstream_invalid", `The server answered ${status}`);
          letGo(attempt, outgoing);
          exchange.note(server.name, String(status));
          return doInstead(instead, request, { course, outgoing, status, error });
        }
        return accept(request, attempt, { course, outgoing, binds: server !== sticky });
      }
      last = new ProxyError("upstream_invalid", `The server answered ${status}`);
      if (status >= 500) {
        server.passive.asksForProof(Math.random());
        doubted = { server, reason: status };
      }
      attempt.drop(last);
      exchange.note(server.name, String(status));
    } catch (thrown) {
      const error = last = toProxyError(thrown);
      const repeats = claimRepeat(request, { backend, server, tried, outgoing, error });
      if (!repeats) return fail(request, course, outgoing, error);
      exchange.note(server.name, error.kind);
      if (error.sent && error.blames) doubted = { server, reason: error.kind };
    }
    (tried ??= new Set()).add(server);
    outgoing.waitingSince = undefined;
  }
}

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
  attempt: Attempt,
  { course, outgoing, binds }: {
    course: Course;
    outgoing: Outgoing;
    /** Whether the client, where clients stay with a server, stays with this one from now on. */
    binds: boolean;
  },
): Response {
  const { backend, policy, shape } = course;
  const { server } = attempt;
  const answer = attempt.answer!;
  outgoing.replay?.commit();
  const cookie = binds
    ? backend.stickiness?.cookieFor(server, schemeOf(request, policy) === "https")
    : undefined;
  shape?.rewrite?.(answer.head.fields, request, server);
  const edit = shape?.answer;
  return toClientResponse(withoutBody(answer, request, outgoing), request.exchange, {
    via: policy.via,
    tunnelIdleMs: backend.config.timeouts.tunnelIdle,
    heartbeatMs: shape?.heartbeatMs,
    relays: backend.config.protocol === "proxy",
    edit: edit === undefined && cookie === undefined ? undefined : (fields) => {
      edit?.(fields, request);
      if (cookie !== undefined) fields.append("Set-Cookie", cookie);
    },
    dropsTrailer: eitherDrops(shape?.dropsTrailer, server.dropsTrailer),
    attempt,
  });
}

/** A client that asked by HEAD takes no body, though a route may have had one asked for. */
function withoutBody(answer: Answer, { method }: IncomingRequest, outgoing: Outgoing): Answer {
  if (method !== "HEAD" || outgoing.method === "HEAD" || answer.body === null) return answer;
  answer.body.cancel(new ProxyError("client_closed", "An answer to HEAD has no body"));
  return { ...answer, body: null };
}
