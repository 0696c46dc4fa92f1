import { ProxyError } from "../base/errors.ts";
import { formatDuration } from "../base/units.ts";
import { announceEventStream } from "../http/event-stream.ts";
import { ROLE } from "../http/field-name.ts";
import type { Fields } from "../http/fields.ts";
import { connectionOf, nominatedNames } from "../http/hop-by-hop.ts";
import { announcedTrailers, type DropsField } from "../http1/encode.ts";
import { isWebSocket } from "../http/websocket-frames.ts";
import type { BodySource } from "../message/body.ts";
import type { Exchange } from "../message/exchange.ts";
import { HeartbeatBody } from "../message/heartbeat.ts";
import { asResponse, ForwardedResponse } from "../message/forwarded-response.ts";
import type { UpstreamTunnel } from "../message/tunnel.ts";
import { joinTunnel, type TunnelEnding } from "../wire/tunnel.ts";
import type { Answer } from "../upstream/contract.ts";
import type { Attempt } from "./attempt.ts";

/** What makes an answer ready for the client. */
export interface AnswerContext {
  /** Name of this proxy in Via; false where none is sent. */
  readonly via: string | false;
  /** Silence that ends a tunnel, in ms. */
  readonly tunnelIdleMs: number;
  /** Whether a server's wish for credentials is for the client: then the server is a proxy as we are. */
  readonly relays: boolean;
  /** Silence of an event stream, in ms, in which the client gets a comment; undefined or 0 for none. */
  readonly heartbeatMs?: number | undefined;
  /** What a route changes of the fields. */
  readonly edit: ((fields: Fields) => void) | undefined;
  /** Which trailer fields it leaves out. */
  readonly dropsTrailer: DropsField | undefined;
  /** Whose answer it is. It is over with a tunnel; others are with what their connection does. */
  readonly attempt: Attempt;
}

/** An answer of a server as a Response for the client: its end-to-end fields, and its body untouched. */
export function toClientResponse(answer: Answer, exchange: Exchange, context: AnswerContext): Response {
  const { head, tunnel } = answer;
  const { fields } = head;
  const upgrade = tunnel === undefined ? undefined : fields.get("upgrade");
  if (fields.mayHaveHopByHop) removeHopByHop(fields, context.relays);
  if (context.via !== false) fields.append("Via", (head.minorVersion === 1 ? "1.1 " : "1.0 ") + context.via);
  context.edit?.(fields);
  if (context.relays && head.status === 407) exchange.detail = "The parent refuses our credentials";
  if (tunnel === undefined) {
    const isStream = announceEventStream(fields);
    const body = isStream && context.heartbeatMs ? withHeartbeat(answer, context.heartbeatMs) : answer.body;
    exchange.answer = { status: head.status, fields };
    const { status, reason } = head;
    return asResponse(
      new ForwardedResponse({ status, reason, fields, body, dropsTrailer: context.dropsTrailer }),
    );
  }
  fields.removeWhere((kind) => NOT_WITH_TUNNEL.has(kind.lower));
  if (head.status === 101) announceUpgrade(fields, upgrade);
  const drop = () => {
    tunnel.socket.destroy();
    context.attempt.onDone();
  };
  exchange.onFinished = drop;
  const join: UpstreamTunnel["join"] = (socket, early, onDone) => {
    const open = joinTunnel({ socket, early }, tunnel, {
      idleMs: context.tunnelIdleMs,
      websocket: isWebSocket(upgrade),
      onDone: ({ forth, back }, ending) => {
        noteEnding(exchange, ending, context.tunnelIdleMs);
        onDone({ fromClient: forth, toClient: back });
        context.attempt.onDone();
        context.attempt.server.tunnels.delete(open);
      },
    });
    context.attempt.server.tunnels.add(open);
    return open;
  };
  return asResponse(
    new ForwardedResponse({
      status: head.status,
      reason: head.reason,
      fields,
      body: null,
      tunnel: { join, drop },
    }),
  );
}

/** The body of an event stream, to which something can be added: it has no length, and no coding hides its lines. */
function withHeartbeat({ head, body }: Answer, ms: number): BodySource | null {
  const coding = head.fields.get("content-encoding");
  const isPlain = coding === undefined || coding.toLowerCase() === "identity";
  return body === null || body.length !== undefined || head.status !== 200 || !isPlain
    ? body
    : new HeartbeatBody(body, ms);
}

function removeHopByHop(fields: Fields, relays: boolean): void {
  const nominated = nominatedNames(connectionOf(fields));
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
