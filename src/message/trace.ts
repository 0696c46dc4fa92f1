import type { ProxyError } from "../base/errors.ts";
import type { Output } from "../http1/output.ts";

/** The part of a trace that an exchange is. */
export interface ExchangeTrace {
  readonly traceId: string;
  /** Whether the client's trace goes on here; else it begins here, and what the client said of one is not passed on. */
  readonly goesOn: boolean;
  /** Whether its spans are sent to a collector. */
  readonly recorded: boolean;
  /** Writes the line of traceparent for a server: it names the attempt under way, where that is recorded. */
  writeTraceparent(output: Output): void;
  /** An attempt begins, which traceparent names from now on; undefined where nobody records it. */
  beginAttempt(): AttemptSpan | undefined;
  /** The same trace for a copy of the request, whose attempts are made beside this one's. */
  shadow(): ExchangeTrace;
}

/** What is recorded of one attempt. */
export interface AttemptSpan {
  /** It is over: called once, or never where it turned out to be none. */
  end(attempt: AttemptEnd): void;
}

/** An attempt that is over. */
export interface AttemptEnd {
  readonly server: TracedServer;
  /** Name of the backend. */
  readonly backend: string;
  readonly method: string;
  /** What was asked for: the path and the query, or more where the server is a proxy. */
  readonly target: string;
  /** Status of the server's answer; undefined where there was none. */
  readonly status: number | undefined;
  /** How it failed, which it may have with an answer. */
  readonly error: ProxyError | undefined;
}

/** What is told of a server. */
export interface TracedServer {
  /** Its URL. */
  readonly name: string;
  readonly destination: {
    readonly host: string;
    readonly port: number;
    readonly socketPath?: string | undefined;
  };
}
