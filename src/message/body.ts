import type { ProxyError } from "../base/errors.ts";
import type { Fields } from "../http/fields.ts";
import type { PieceSink } from "../http1/body-reader.ts";

/**
 * Where a body comes from: a connection that reads it, or a stream somebody made. A source is started once, by
 * the one who wants the body; then it pushes into the sink.
 */
export interface BodySource {
  /** Length in bytes where it is known in advance. */
  readonly length: number | undefined;
  /** Whether trailer fields that came with it get lost, as in a web-standard stream. */
  readonly losesTrailers?: boolean | undefined;
  /** Delivers to `sink` from now on; what is there already is delivered before this returns. */
  start(sink: BodySink): void;
  /** Goes on after the sink's `write` returned false. */
  resume(): void;
  /** The rest is not wanted; nothing is delivered any more. `reason` says why, for whoever produces the body. */
  cancel(reason: ProxyError): void;
}

/** Where a body goes. Exactly one of `end` and `fail` closes it, unless the sink cancels the source. */
export interface BodySink extends PieceSink {
  /** The source has nothing more for now: what was held back must go out. Answers like `write`. */
  flush(): boolean;
  /**
   * A chunk that was read from a socket has been delivered whole, and nobody else needs it: its memory may be
   * given back as soon as what was made of it is out. May come after `end`.
   */
  release?(chunk: Uint8Array): void;
  /** The body is complete. */
  end(trailers: Fields | undefined): void;
  /** The body broke off: what it goes into must not look complete. */
  fail(error: ProxyError): void;
}
