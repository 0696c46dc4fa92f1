import { TICK } from "../base/tick.ts";
import type { Output } from "../http1/output.ts";
import { formatTraceparent, type TraceParent } from "../http/trace-context.ts";
import type { AttemptEnd, AttemptSpan, ExchangeTrace } from "../message/trace.ts";
import type { SpanSink } from "./span.ts";
import { methodAttributes, methodName, shortened, targetShown } from "./span-values.ts";
import { nextSpanId } from "./span-ids.ts";

/** Where the spans of a recorded trace go, and what they show. */
export interface Recording {
  readonly sink: SpanSink;
  /** Whether URLs are shown with their query. */
  readonly showsQuery: boolean;
  /** What came in tracestate. */
  readonly state: string | undefined;
  /** What has to be added to `performance.now()` for ms since 1970: one for all spans, so that they fit together. */
  readonly epochMs: number;
}

/** The trace of one exchange, which is recorded, or goes on with a client's. */
export class Trace implements ExchangeTrace {
  readonly traceId: string;
  /** Of the request's span. */
  readonly spanId: string;
  /** The client's span; undefined where the trace begins here. */
  readonly clientSpanId: string | undefined;
  readonly flags: number;
  /** Undefined where it is only passed on. */
  readonly recording: Recording | undefined;
  /** The span that servers are told of. */
  #senderId: string;
  #attempts = 0;

  /** Takes a part of `own`, whose span was sent by the client's. */
  constructor(own: TraceParent, clientSpanId: string | undefined, recording: Recording | undefined) {
    this.traceId = own.traceId;
    this.spanId = this.#senderId = own.spanId;
    this.flags = own.flags;
    this.clientSpanId = clientSpanId;
    this.recording = recording;
  }

  get goesOn(): boolean {
    return this.clientSpanId !== undefined;
  }

  get recorded(): boolean {
    return this.recording !== undefined;
  }

  writeTraceparent(output: Output): void {
    output.text("traceparent: ");
    output.text(formatTraceparent({ traceId: this.traceId, spanId: this.#senderId, flags: this.flags }));
    output.text("\r\n");
  }

  beginAttempt(): AttemptSpan | undefined {
    const { recording } = this;
    if (recording === undefined) return undefined;
    this.#senderId = nextSpanId();
    return new RecordedAttempt(this, recording, { id: this.#senderId, resends: this.#attempts++ });
  }

  shadow(): Trace {
    return new Trace(this, this.clientSpanId, this.recording);
  }
}

/** An attempt whose span is recorded. */
class RecordedAttempt implements AttemptSpan {
  readonly #trace: Trace;
  readonly #recording: Recording;
  readonly #id: string;
  /** Attempts before it. */
  readonly #resends: number;
  readonly #startedAt = TICK.now();

  constructor(trace: Trace, recording: Recording, { id, resends }: { id: string; resends: number }) {
    this.#trace = trace;
    this.#recording = recording;
    this.#id = id;
    this.#resends = resends;
  }

  end(attempt: AttemptEnd): void {
    const { sink, showsQuery, state, epochMs } = this.#recording;
    const { traceId, spanId, flags } = this.#trace;
    const { server, backend, method, target, status, error } = attempt;
    const { host, port, socketPath } = server.destination;
    const url = targetShown(target, showsQuery);
    const failed = error !== undefined || (status !== undefined && status >= 400);
    sink.add({
      traceId,
      id: this.#id,
      parentId: spanId,
      isParentRemote: false,
      state,
      flags,
      name: methodName(method),
      kind: "client",
      startMs: epochMs + this.#startedAt,
      endMs: epochMs + TICK.now(),
      attributes: {
        ...methodAttributes(method),
        "url.full": method === "CONNECT" ? undefined : url.startsWith("/") ? server.name + url : url,
        "server.address": socketPath ?? host,
        "server.port": socketPath === undefined ? port : undefined,
        "http.response.status_code": status,
        "error.type": error?.kind ?? (failed ? String(status) : undefined),
        "http.request.resend_count": this.#resends > 0 ? this.#resends : undefined,
        "sluice.backend": backend,
        "sluice.server": server.name,
      },
      failed,
      message: error === undefined ? undefined : shortened(error.message),
    });
  }
}
