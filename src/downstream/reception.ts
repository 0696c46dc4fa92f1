import type { ProxyError } from "../base/errors.ts";
import type { AnswerTaker } from "../message/answer-taker.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
import type { Exchange } from "../message/exchange.ts";
import type { OpenTunnel, TunnelKind } from "../message/tunnel.ts";
import type { CodecLimits } from "../http/head-limits.ts";

/** What one client may send. */
export interface IntakeLimits extends CodecLimits {
  /** Body of one request, in bytes; undefined for no limit. */
  readonly bodySize?: number | undefined;
  /** Whether Host counts for nothing where the target names the host, as in a proxy. */
  readonly ignoresHost?: boolean;
}

/** Waits of a client's connection in milliseconds; 0 waits for ever. */
export interface DownstreamTimeouts {
  /** From the first byte of a request (or from accepting the connection) to the end of its head. */
  readonly requestHeaders: number;
  /** Between two pieces of a request body that is wanted. */
  readonly bodyIdle: number;
  /** Bytes per second that a body must bring on average; 0 is off. */
  readonly bodyRate: number;
  /** Between two pieces of an answer that the client takes. */
  readonly writeIdle: number;
  /** Unused between two requests. */
  readonly keepAlive: number;
  /** Of silence after a last answer, before the connection closes: who still sends may not have read it. */
  readonly linger: number;
  /** For a client that goes on sending after a last answer. */
  readonly lingerLimit: number;
}

/** Why a client is turned away: as many are connected as may be, or as may be of its own, or there are no files for more. */
export type Refusal = "connection_limit" | "client_connection_limit" | "out_of_files";

/** Where connections come in. */
export interface Entrance {
  /** Who serves them: a reload changes it, and nothing else does. A request stays with who served it when it began. */
  readonly reception: Reception;
}

/** Who serves the connections that come in at an entrance, and within which bounds. None of it changes. */
export interface Reception {
  readonly limits: IntakeLimits;
  /** Connections at a time; 0 is no limit. */
  readonly maxConnections: number;
  /** Whether many clients come from an address, as from a proxy in front, so that no bound for one holds for it. */
  standsForMany?(address: string): boolean;
  readonly timeouts: DownstreamTimeouts;
  /** What a client that finishes sending gets: the answers to what it has sent, or nothing, as if it had left. */
  readonly halfClose: "answer" | "abort";
  /** Whether `onExchange` looks at the fields that were sent: they are not kept for nothing. */
  readonly keepsSentFields: boolean;
  /** Has a request answered, at once or later. What it throws, and what the taker learns, becomes a `failureAnswer`. */
  serve(request: IncomingRequest, taker: AnswerTaker): void;
  /** The answer to a request that could not be read or served. */
  failureAnswer(error: ProxyError, exchange: Exchange): Response;
  /** A client has connected. */
  onAccepted(): void;
  /** A client was turned away. */
  onRefused(refusal: Refusal): void;
  /** An exchange begins. */
  onBegun(): void;
  /** One has become a tunnel, which `onTunnelOver` ends, right before the exchange is over. */
  onTunnel(tunnel: OpenTunnel, kind: TunnelKind): void;
  onTunnelOver(tunnel: OpenTunnel, kind: TunnelKind): void;
  /** An exchange is over: everything about it is known. */
  onExchange(exchange: Exchange): void;
}
