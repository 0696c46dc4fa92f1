import type { ProxyError } from "../base/errors.ts";
import type { BodySink, BodySource } from "../message/body.ts";

/** What a body asks of the connection that reads it. */
export interface AnswerReader {
  startBody(): void;
  resumeBody(): void;
  /** The rest is not wanted, so the connection cannot be used again. */
  fail(reason: ProxyError): void;
}

/**
 * The body of one answer. The connection goes on to other exchanges, so it lets go of the body when that is
 * complete; whoever still holds the body then cannot reach the connection any more.
 */
export class AnswerBody implements BodySource {
  readonly length: number | undefined;
  /** Where the body goes, once somebody wants it. */
  sink: BodySink | undefined;
  #reader: AnswerReader | undefined;
  #failure: ProxyError | undefined;

  constructor(length: number | undefined, reader: AnswerReader) {
    this.length = length;
    this.#reader = reader;
  }

  start(sink: BodySink): void {
    this.sink = sink;
    if (this.#failure !== undefined) sink.fail(this.#failure);
    else this.#reader?.startBody();
  }

  resume(): void {
    this.#reader?.resumeBody();
  }

  cancel(reason: ProxyError): void {
    this.sink = undefined;
    this.#reader?.fail(reason);
  }

  /** For the connection: the body is complete. */
  end(): void {
    this.#reader = undefined;
  }

  /** For the connection: the body broke off; the sink learns it now or when it starts. */
  fail(error: ProxyError): void {
    this.#reader = undefined;
    this.#failure = error;
    this.sink?.fail(error);
  }
}
