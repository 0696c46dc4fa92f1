import { Buffer } from "node:buffer";
import { ProxyError } from "../base/errors.ts";
import { formatDuration } from "../base/units.ts";
import { announceEventStream } from "../http/event-stream.ts";
import { ROLE } from "../http/field-name.ts";
import type { Fields } from "../http/fields.ts";
import { nominatedNames } from "../http/hop-by-hop.ts";
import { announcedTrailers, fieldLine } from "../http1/encode.ts";
import { isWebSocket } from "../http/websocket-frames.ts";
import type { BodySource } from "../message/body.ts";
import type { Exchange } from "../message/exchange.ts";
import { HeartbeatBody } from "../message/heartbeat.ts";
import { type AnswerExtras, asResponse, ForwardedResponse } from "../message/forwarded-response.ts";
import type { UpstreamTunnel } from "../message/tunnel.ts";
import { joinTunnel, type TunnelEnding } from "../wire/tunnel.ts";
import type { Answer } from "../upstream/contract.ts";
import type { Attempt } from "./attempt.ts";
import type { Course } from "./course.ts";
import type { IdentityPolicy } from "./identity.ts";
import { eitherDrops } from "./trailers.ts";

/** What becomes of an answer on its way to the client. */
export interface AnswerContext {
  /** The course of its request. */
  readonly course: Course;
  /** What is changed of its fields. */
  readonly edit: ((fields: Fields) => void) | undefined;
}

/** The answer to `attempt` as a Response for the client: its end-to-end fields, and its body untouched. */
export function toClientResponse(attempt: Attempt, { course, edit }: AnswerContext): Response {
  const { exchange } = attempt;
  const answer = attempt.answer!;
  const { head } = answer;
  const { fields } = head;
  const { backend, policy, shape } = course;
  // A server's wish for credentials is for the client where the server is a proxy as we are.
  const relays = backend.config.protocol === "proxy";
  const nominated = fields.mayHaveHopByHop ? nominatedNames(fields.connection) : undefined;
  const dropsTrailer = eitherDrops(shape?.dropsTrailer, attempt.server.dropsTrailer);
  const unsettled = course.unsettled !== undefined && nominated === undefined && edit === undefined &&
      dropsTrailer === undefined && answer.tunnel === undefined && head.status !== 407
    ? course.unsettled[head.minorVersion]
    : undefined;
  if (unsettled !== undefined) {
    exchange.answer = head;
    return asResponse(new ForwardedResponse(head, bodyOf(answer, shape), unsettled));
  }
  const upgrade = answer.tunnel === undefined ? undefined : fields.get("upgrade");
  if (fields.mayHaveHopByHop) removeHopByHop(fields, nominated, relays);
  if (policy.via !== false) fields.append("Via", (head.minorVersion === 1 ? "1.1 " : "1.0 ") + policy.via);
  edit?.(fields);
  if (relays && head.status === 407) exchange.detail = "The parent refuses our credentials";
  if (answer.tunnel !== undefined) {
    return tunnelResponse(attempt, answer.tunnel, { upgrade, idleMs: backend.config.timeouts.tunnelIdle });
  }
  exchange.answer = head;
  return asResponse(
    new ForwardedResponse(
      head,
      bodyOf(answer, shape),
      dropsTrailer === undefined ? undefined : { dropsTrailer },
    ),
  );
}

/** What was made ready by a policy: all routes of a frontend have it in common. */
const unsettledOf = new WeakMap<IdentityPolicy, NonNullable<Course["unsettled"]>>();

/** What a course does to the fields of answers that nobody looks at. */
export function unsettledBy(policy: IdentityPolicy): NonNullable<Course["unsettled"]> {
  let unsettled = unsettledOf.get(policy);
  if (unsettled === undefined) {
    unsettled = [extrasOf("1.0", policy), extrasOf("1.1", policy)];
    unsettledOf.set(policy, unsettled);
  }
  return unsettled;
}

function extrasOf(version: string, { via }: IdentityPolicy): AnswerExtras {
  const value = via === false ? undefined : `${version} ${via}`;
  const line = value === undefined ? "" : fieldLine("Via", value);
  return {
    unsettled: {
      lastLines: Buffer.from(line, "latin1"),
      settle(fields) {
        if (fields.mayHaveHopByHop) fields.removeWhere((kind) => kind.hopByHop);
        if (value !== undefined) fields.append("Via", value);
        return fields;
      },
    },
  };
}

/** The body to send. An event stream is announced as one, and may get something added. */
function bodyOf(answer: Answer, shape: Course["shape"]): BodySource | null {
  const isStream = announceEventStream(answer.head.fields);
  return isStream && shape?.heartbeatMs ? withHeartbeat(answer, shape.heartbeatMs) : answer.body;
}

/** An answer that opens a tunnel, which is over with that; others are with what their connection does. */
function tunnelResponse(
  attempt: Attempt,
  tunnel: NonNullable<Answer["tunnel"]>,
  { upgrade, idleMs }: { upgrade: string | undefined; idleMs: number },
): Response {
  const { exchange } = attempt;
  const { head } = attempt.answer!;
  const { fields } = head;
  fields.removeWhere((kind) => NOT_WITH_TUNNEL.has(kind.lower));
  if (head.status === 101) announceUpgrade(fields, upgrade);
  const websocket = isWebSocket(upgrade);
  const kind = head.status !== 101 ? "connect" : websocket ? "websocket" : "other";
  const drop = () => {
    tunnel.socket.destroy();
    attempt.onDone();
  };
  const join: UpstreamTunnel["join"] = (socket, early, onDone) => {
    const open = joinTunnel({ socket, early }, tunnel, {
      idleMs,
      websocket,
      onDone: ({ forth, back }, ending) => {
        noteEnding(exchange, ending, idleMs);
        onDone({ fromClient: forth, toClient: back });
        attempt.onDone();
        attempt.server.tunnels.delete(open);
      },
    });
    attempt.server.tunnels.add(open);
    return open;
  };
  exchange.answer = head;
  exchange.tunnel = { kind, join, drop };
  return asResponse(new ForwardedResponse(head, null, { tunnel: exchange.tunnel }));
}

/** The body of an event stream, to which something can be added: it has no length, and no coding hides its lines. */
function withHeartbeat({ head, body }: Answer, ms: number): BodySource | null {
  const coding = head.fields.get("content-encoding");
  const isPlain = coding === undefined || coding.toLowerCase() === "identity";
  return body === null || body.length !== undefined || head.status !== 200 || !isPlain
    ? body
    : new HeartbeatBody(body, ms);
}

function removeHopByHop(fields: Fields, nominated: ReadonlySet<string> | undefined, relays: boolean): void {
  if (nominated !== undefined && fields.mayHave(ROLE.trailer)) {
    // They are none that go through, in a head or in a trailer.
    fields.mapValues(
      ROLE.trailer,
      (value) => announcedTrailers(value, ({ lower }) => nominated.has(lower)) ?? "",
    );
  }
  fields.removeWhere((kind) =>
    (kind.hopByHop && !(relays && kind.lower === "proxy-authenticate")) || nominated?.has(kind.lower) === true
  );
}

/** What would speak of an HTTP message or connection that is none any more. */
const NOT_WITH_TUNNEL: ReadonlySet<string> = new Set(["alt-svc", "content-length", "trailer"]);

function announceUpgrade(fields: Fields, upgrade: string | undefined): void {
  fields.append("Connection", "Upgrade");
  if (upgrade !== undefined) fields.append("Upgrade", upgrade);
}

/** Writes down how a tunnel ended. Its handshake is what counts for the health of the server. */
function noteEnding(exchange: Exchange, ending: TunnelEnding, idleMs: number): void {
  if (ending === "idle") exchange.detail ??= `Nothing moved for tunnel_idle (${formatDuration(idleMs)})`;
  else if (ending === "first_broke") {
    exchange.fail(new ProxyError("client_closed", "The client broke the tunnel"));
  } else if (ending === "second_broke") {
    exchange.fail(new ProxyError("upstream_reset", "The server broke the tunnel"));
  } else if (ending === "left") {
    exchange.fail(new ProxyError("shutdown", "The proxy or the server was about to go away"));
  }
}
