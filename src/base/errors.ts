/** Who is to blame for a failure. Only `upstream` counts against a server's health. */
export type Side = "downstream" | "upstream" | "proxy";

interface Row {
  readonly side: Side;
  /** Status of the error answer, while nothing was answered yet. */
  readonly status: number;
  /** Whether the request may have reached a server, so that only an idempotent one may be tried again. */
  readonly sent: boolean;
  /** Error type for the field Proxy-Status (RFC 9209 §2.3). */
  readonly type: string;
}

/** The one table that turns a failure into what the client sees and what the attempt loop may do. */
const TABLE = {
  bad_request: { side: "downstream", status: 400, sent: false, type: "http_request_error" },
  target_too_long: { side: "downstream", status: 414, sent: false, type: "http_request_error" },
  body_too_large: { side: "downstream", status: 413, sent: true, type: "http_request_error" },
  headers_too_large: { side: "downstream", status: 431, sent: false, type: "http_request_error" },
  coding_unsupported: { side: "downstream", status: 501, sent: false, type: "http_request_error" },
  version_unsupported: { side: "downstream", status: 505, sent: false, type: "http_protocol_error" },
  expectation_failed: { side: "downstream", status: 417, sent: false, type: "http_request_error" },
  method_not_allowed: { side: "downstream", status: 405, sent: false, type: "http_request_denied" },
  request_timeout: { side: "downstream", status: 408, sent: false, type: "http_request_error" },
  body_timeout: { side: "downstream", status: 408, sent: true, type: "http_request_error" },
  client_closed: { side: "downstream", status: 499, sent: true, type: "http_request_error" },
  client_stalled: { side: "downstream", status: 499, sent: true, type: "http_request_error" },
  client_connection_limit: { side: "downstream", status: 429, sent: false, type: "http_request_denied" },
  access_denied: { side: "proxy", status: 403, sent: false, type: "http_request_denied" },
  rate_limited: { side: "proxy", status: 429, sent: false, type: "http_request_denied" },
  concurrency_limited: { side: "proxy", status: 429, sent: false, type: "http_request_denied" },
  limit_unknown: { side: "proxy", status: 503, sent: false, type: "http_request_denied" },
  unauthorized: { side: "proxy", status: 401, sent: false, type: "http_request_denied" },
  auth_unavailable: { side: "proxy", status: 503, sent: false, type: "destination_unavailable" },
  authentication_required: { side: "proxy", status: 407, sent: false, type: "http_request_denied" },
  maintenance: { side: "proxy", status: 503, sent: false, type: "proxy_internal_response" },
  fault_injected: { side: "proxy", status: 503, sent: false, type: "proxy_internal_response" },
  no_route: { side: "proxy", status: 404, sent: false, type: "destination_not_found" },
  not_cached: { side: "proxy", status: 504, sent: false, type: "destination_unavailable" },
  loop_detected: { side: "proxy", status: 508, sent: false, type: "proxy_loop_detected" },
  no_server: { side: "proxy", status: 503, sent: false, type: "destination_unavailable" },
  queue_full: { side: "proxy", status: 503, sent: false, type: "connection_limit_reached" },
  queue_timeout: { side: "proxy", status: 503, sent: false, type: "connection_limit_reached" },
  circuit_open: { side: "proxy", status: 503, sent: false, type: "destination_unavailable" },
  connection_limit: { side: "proxy", status: 503, sent: false, type: "connection_limit_reached" },
  out_of_files: { side: "proxy", status: 503, sent: false, type: "connection_limit_reached" },
  shutdown: { side: "proxy", status: 503, sent: true, type: "proxy_internal_response" },
  internal_error: { side: "proxy", status: 500, sent: true, type: "proxy_internal_error" },
  middleware_failed: { side: "proxy", status: 500, sent: true, type: "proxy_internal_error" },
  // The limit is ours: no other server would say less, and this one may be well.
  answer_head_too_large: {
    side: "proxy",
    status: 502,
    sent: true,
    type: "http_response_header_section_size",
  },
  answer_body_too_large: { side: "proxy", status: 502, sent: true, type: "http_response_body_size" },
  name_not_resolved: { side: "upstream", status: 502, sent: false, type: "dns_error" },
  connect_refused: { side: "upstream", status: 502, sent: false, type: "connection_refused" },
  connect_failed: { side: "upstream", status: 502, sent: false, type: "destination_unavailable" },
  connect_timeout: { side: "upstream", status: 504, sent: false, type: "connection_timeout" },
  tls_failed: { side: "upstream", status: 502, sent: false, type: "tls_protocol_error" },
  upstream_reset: { side: "upstream", status: 502, sent: true, type: "connection_terminated" },
  upstream_invalid: { side: "upstream", status: 502, sent: true, type: "http_protocol_error" },
  response_timeout: { side: "upstream", status: 504, sent: true, type: "http_response_timeout" },
  upstream_stalled: { side: "upstream", status: 504, sent: true, type: "connection_read_timeout" },
} as const satisfies Record<string, Row>;

/** Why a request failed: one word, the same in the access log, the metrics and the error answer. */
export type ProxyErrorKind = keyof typeof TABLE;

/** Status that each kind is answered with. */
export function statusOf(kind: ProxyErrorKind): number {
  return TABLE[kind].status;
}

/** Who is to blame for a failure of this kind. */
export function sideOf(kind: ProxyErrorKind): Side {
  return TABLE[kind].side;
}

/** Error type of a kind in the field Proxy-Status (RFC 9209 §2.3). */
export function proxyStatusOf(kind: ProxyErrorKind): string {
  return TABLE[kind].type;
}

/** Every kind there is. */
export const PROXY_ERROR_KINDS: readonly ProxyErrorKind[] = Object.keys(TABLE) as ProxyErrorKind[];

/** How a request ended: `ok`, or the kind of its failure. A closed list. */
export type OutcomeReason = "ok" | ProxyErrorKind;

/** What is known of a failure besides its kind. */
export interface ProxyErrorOptions extends ErrorOptions {
  /** False where it says nothing about the server's health, although its side is the server's. */
  readonly blames?: boolean;
  /** Status of the error answer, in place of the usual one of its kind. */
  readonly status?: number | undefined;
}

/** The only error that the way of a request throws on purpose; everything else counts as `internal_error`. */
export class ProxyError extends Error {
  readonly kind: ProxyErrorKind;
  /** Whether it may count against a server's health. */
  readonly blames: boolean;
  readonly #status: number | undefined;

  constructor(kind: ProxyErrorKind, message: string, options?: ProxyErrorOptions) {
    super(message, options);
    this.name = "ProxyError";
    this.kind = kind;
    this.blames = options?.blames ?? true;
    this.#status = options?.status;
  }

  get side(): Side {
    return TABLE[this.kind].side;
  }

  /** Status of the error answer. 499 is for the log alone: that client is gone. */
  get status(): number {
    return this.#status ?? statusOf(this.kind);
  }

  get sent(): boolean {
    return TABLE[this.kind].sent;
  }

  /**
   * Whether another attempt may be made. A request that may have reached a server is repeated only when its
   * method is idempotent (RFC 9110 §9.2.2).
   */
  retryable(idempotent: boolean): boolean {
    const row: Row = TABLE[this.kind];
    return row.side === "upstream" && (!row.sent || idempotent);
  }
}

/** `error` as a ProxyError: itself, or an `internal_error` with it as the cause. */
export function toProxyError(error: unknown): ProxyError {
  if (error instanceof ProxyError) return error;
  return new ProxyError("internal_error", error instanceof Error ? error.message : String(error), {
    cause: error,
  });
}
