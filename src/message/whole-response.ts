import type { BodySource } from "./body.ts";
import { BytesSource } from "./body-bytes.ts";

/** A Response whose body is here: it goes out in one piece with its head, and no stream is made of it unless somebody asks. */
export class WholeResponse extends Response {
  readonly #bytes: Uint8Array<ArrayBuffer> | null;

  constructor(body: Uint8Array<ArrayBuffer> | string | null, init: ResponseInit) {
    const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
    super(bytes, init);
    this.#bytes = bytes;
  }

  /** The body to send. */
  takeBody(): BodySource | null {
    return this.#bytes === null ? null : new BytesSource(this.#bytes);
  }
}
