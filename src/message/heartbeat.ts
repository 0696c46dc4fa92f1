import { Deadline } from "../base/deadline.ts";
import type { ProxyError } from "../base/errors.ts";
import { EventBoundary } from "../http/event-stream.ts";
import type { Fields } from "../http/fields.ts";
import type { BodySink, BodySource } from "./body.ts";

/** A comment, and an empty line so that readers that look for whole events see one that says nothing. */
const COMMENT = new TextEncoder().encode(":\n\n");
/** A byte order mark, which counts at the very beginning of a stream alone. */
const MARK = [0xef, 0xbb, 0xbf];

/**
 * A stream of events with a comment in each `ms` of silence, so that nobody on the way takes it for dead. Comments stand
 * between two events only, and none is made for a client that takes nothing.
 */
export class HeartbeatBody implements BodySource, BodySink {
  readonly length = undefined;
  readonly #source: BodySource;
  readonly #ms: number;
  readonly #boundary = new EventBoundary();
  readonly #silence = new Deadline(() => this.#beat());
  #sink: BodySink | undefined;
  #blocked = false;
  #begun = false;
  /** Whether a comment went out before anything of the source's. */
  #cameFirst = false;

  constructor(source: BodySource, ms: number) {
    this.#source = source;
    this.#ms = ms;
  }

  start(sink: BodySink): void {
    this.#sink = sink;
    this.#silence.set(this.#ms);
    this.#source.start(this);
  }

  resume(): void {
    this.#blocked = false;
    this.#source.resume();
  }

  cancel(reason: ProxyError): void {
    this.#silence.dispose();
    this.#source.cancel(reason);
  }

  write(chunk: Uint8Array): boolean {
    this.#silence.set(this.#ms);
    this.#boundary.push(chunk);
    let piece = chunk;
    if (!this.#begun) {
      this.#begun = true;
      if (this.#cameFirst && MARK.every((byte, i) => chunk[i] === byte)) piece = chunk.subarray(MARK.length);
    }
    return this.#open(this.#sink!.write(piece));
  }

  flush(): boolean {
    return this.#open(this.#sink!.flush());
  }

  release(chunk: Uint8Array): void {
    this.#sink!.release?.(chunk);
  }

  end(trailers: Fields | undefined): void {
    this.#silence.dispose();
    this.#sink!.end(trailers);
  }

  fail(error: ProxyError): void {
    this.#silence.dispose();
    this.#sink!.fail(error);
  }

  #open(goesOn: boolean): boolean {
    this.#blocked = !goesOn;
    return goesOn;
  }

  #beat(): void {
    this.#silence.set(this.#ms); // first: what follows may end it
    if (this.#blocked || !this.#boundary.between) return;
    if (!this.#begun) this.#cameFirst = true;
    this.#open(this.#sink!.write(COMMENT));
    this.flush();
  }
}
