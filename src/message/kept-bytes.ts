const NOTHING = new Uint8Array(0);

/**
 * Bytes that are kept, in one piece of memory that doubles as it fills. Pieces of their own would cost a hundred times
 * what is in small ones, and a client may send its body by the byte.
 */
export class KeptBytes {
  #memory: Uint8Array = NOTHING;
  #size = 0;

  /** Number of bytes kept. */
  get size(): number {
    return this.#size;
  }

  /** All of them; valid until the next `add`. */
  get bytes(): Uint8Array {
    return this.#memory.subarray(0, this.#size);
  }

  /** Adds a copy of `chunk`: whoever read it uses its memory again. */
  add(chunk: Uint8Array): void {
    const size = this.#size + chunk.length;
    if (size > this.#memory.length) {
      const grown = new Uint8Array(Math.max(size, 2 * this.#memory.length));
      grown.set(this.bytes);
      this.#memory = grown;
    }
    this.#memory.set(chunk, this.#size);
    this.#size = size;
  }
}
