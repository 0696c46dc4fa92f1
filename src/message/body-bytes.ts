import type { BodySink, BodySource } from "./body.ts";

/** A body that is there already. */
export class BytesSource implements BodySource {
  readonly length: number;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.length = bytes.length;
  }

  start(sink: BodySink): void {
    if (this.length > 0) sink.write(this.#bytes);
    sink.end(undefined);
  }

  resume(): void {}

  cancel(): void {}
}
