import type { TracingConfig } from "../config/sections/tracing.ts";
import { queryOf } from "../http/path.ts";
import { splitAuthority } from "../http/authority.ts";
import { RANDOM, SAMPLED, type TraceParent, traceparentOf } from "../http/trace-context.ts";
import { ROLE } from "../http/field-name.ts";
import type { Exchange, Peer } from "../message/exchange.ts";
import { BegunTrace } from "./begun-trace.ts";
import type { SpanSink } from "./span.ts";
import { methodAttributes, methodName, shortened, targetShown } from "./span-values.ts";
import { type Recording, Trace } from "./trace.ts";
import { nextSpanId } from "./span-ids.ts";

/** A tracestate that is longer stays out of spans; it is passed on all the same. */
const MAX_STATE = 512;
/** How many of an id's last bits are drawn by chance, whoever has made it (W3C Trace Context Level 2, §3.2.2.5.2). */
const RANDOM_BITS = 56;

/** What a frontend's traces are made by. */
export interface RequestTracesParts {
  /** Name of the frontend. */
  readonly frontend: string;
  readonly sink: SpanSink;
  /** The proxies in front that are trusted, by address, and whether a unix socket is. */
  readonly trusted: { has(address: string): boolean };
  readonly trustsUnix: boolean;
}

/** Begins the traces of one frontend's requests, or goes on with the clients', and records those that are sampled. */
export class RequestTraces {
  readonly #config: TracingConfig;
  readonly #parts: RequestTracesParts;
  /** The last digits of an id from which on its trace is sampled; undefined where none is. */
  readonly #threshold: Uint8Array | undefined;

  constructor(config: TracingConfig, parts: RequestTracesParts) {
    this.#config = config;
    this.#parts = parts;
    this.#threshold = thresholdOf(config.sampleRatio);
  }

  /** A request begins. */
  begin(exchange: Exchange): void {
    const { fields, peer } = exchange;
    const client = fields?.mayHave(ROLE.traceparent) === true && this.#believes(peer)
      ? traceparentOf(fields)
      : undefined;
    exchange.trace = client === undefined ? this.#beginTrace(exchange) : this.#goOn(client, exchange);
  }

  /** It is over at `now`, on the clock of `performance.now()`. */
  finish(exchange: Exchange, now: number): void {
    if (exchange.trace === undefined) this.begin(exchange); // it could not be read
    const { trace } = exchange;
    if (!(trace instanceof Trace) || trace.recording === undefined) return;
    const { epochMs, state, sink } = trace.recording;
    const { reason, status, detail } = exchange;
    const answeredBad = status >= 400 && status < 500; // the client's own doing
    const failed = status >= 500 || (reason !== "ok" && !answeredBad);
    const errorType = reason !== "ok" ? reason : failed ? String(status) : undefined;
    const route = exchange.route === undefined ? "" : " " + shortened(exchange.route.name);
    sink.add({
      traceId: trace.traceId,
      id: trace.spanId,
      parentId: trace.clientSpanId,
      isParentRemote: true,
      state,
      flags: trace.flags,
      name: methodName(exchange.method) + route,
      kind: "server",
      startMs: epochMs + exchange.startedAt,
      endMs: epochMs + now,
      attributes: this.#attributesOf(exchange, errorType),
      failed,
      message: failed && detail !== undefined ? shortened(detail) : undefined,
    });
  }

  #goOn({ traceId, spanId, flags }: TraceParent, exchange: Exchange): Trace {
    const recording = (flags & SAMPLED) === 0 ? undefined : this.#record(exchange, true);
    return new Trace({ traceId, spanId: nextSpanId(), flags }, spanId, recording);
  }

  /**
   * It is sampled by its id, so that all who go by it in this way decide alike: of what its end may be, a share is at the
   * threshold or above.
   */
  #beginTrace(exchange: Exchange): Trace | BegunTrace {
    const begun = new BegunTrace();
    if (this.#threshold === undefined || !begun.isFrom(this.#threshold)) return begun;
    const { traceId, spanId } = begun;
    return new Trace({ traceId, spanId, flags: SAMPLED | RANDOM }, undefined, this.#record(exchange, false));
  }

  #attributesOf(
    exchange: Exchange,
    errorType: string | undefined,
  ): Record<string, string | number | undefined> {
    const { peer, target, authority, fields, status } = exchange;
    const query = this.#config.showQuery ? shortened(queryOf(target)) : "";
    const userAgent = fields?.get("user-agent");
    const isTunnel = exchange.method === "CONNECT";
    const { host, port } = splitAuthority(shortened(authority));
    return {
      ...methodAttributes(exchange.method),
      "url.scheme": isTunnel ? undefined : exchange.reportedProto ?? (peer.secure ? "https" : "http"),
      "url.path": isTunnel ? undefined : targetShown(target, false),
      "url.query": query || undefined,
      "http.response.status_code": status || undefined,
      "error.type": errorType,
      "server.address": host || undefined,
      "server.port": port,
      "client.address": exchange.client || undefined,
      "network.peer.address": peer.address || undefined,
      "network.peer.port": peer.address === "" ? undefined : peer.port,
      "network.protocol.version": exchange.minorVersion === 1 ? "1.1" : "1.0",
      "user_agent.original": userAgent === undefined ? undefined : shortened(userAgent),
      "http.request.body.size": exchange.bytesIn,
      "http.response.body.size": exchange.bytesOut,
      "sluice.frontend": this.#parts.frontend,
      "sluice.route": exchange.route?.name,
      "sluice.backend": exchange.backend,
      "sluice.server": exchange.server,
      "sluice.attempts": exchange.attempts,
      "sluice.retry": exchange.retry,
      "sluice.request_id": exchange.requestId,
    };
  }

  #believes({ address, unix }: Peer): boolean {
    const { trusted, trustsUnix } = this.#parts;
    const { trust } = this.#config;
    if (trust !== "trusted_proxies") return trust === "all";
    return unix === true ? trustsUnix : trusted.has(address);
  }

  #record({ fields }: Exchange, goesOn: boolean): Recording {
    const state = goesOn && fields?.mayHave(ROLE.tracestate) === true ? fields.get("tracestate") : undefined;
    return {
      sink: this.#parts.sink,
      showsQuery: this.#config.showQuery,
      state: state !== undefined && state.length <= MAX_STATE ? state : undefined,
      epochMs: Date.now() - performance.now(),
    };
  }
}

/** What `ratio` of all ids have at their end, or more. */
function thresholdOf(ratio: number): Uint8Array | undefined {
  const threshold = BigInt(Math.floor((1 - ratio) * 2 ** RANDOM_BITS));
  if (threshold >= 1n << BigInt(RANDOM_BITS)) return undefined;
  return new TextEncoder().encode(threshold.toString(16).padStart(RANDOM_BITS / 4, "0"));
}
