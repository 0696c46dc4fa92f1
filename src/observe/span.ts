/** Who has done what a span is about: the request is what the proxy serves, an attempt what it asks of a server. */
export type SpanKind = "server" | "client";

/** A step of a trace that is over. */
export interface Span {
  readonly traceId: string;
  readonly id: string;
  /** The step that it is a part of; undefined where the trace begins with it. */
  readonly parentId: string | undefined;
  /** Whether that was in another program. */
  readonly isParentRemote: boolean;
  /** What came in tracestate. */
  readonly state: string | undefined;
  /** Flags of traceparent. */
  readonly flags: number;
  /** From a closed list: what is told of one request only stands in the attributes. */
  readonly name: string;
  readonly kind: SpanKind;
  /** In ms since 1970. */
  readonly startMs: number;
  readonly endMs: number;
  /** Those that are undefined are left out. */
  readonly attributes: Readonly<Record<string, string | number | undefined>>;
  readonly failed: boolean;
  /** How it failed, in words. */
  readonly message: string | undefined;
}

/** Who takes spans that are over. */
export interface SpanSink {
  add(span: Span): void;
}
