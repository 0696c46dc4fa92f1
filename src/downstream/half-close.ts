import type { Reception } from "./reception.ts";

/** What was received of a request whose client finishes sending, and after it. */
export interface Received {
  /** Whether a part of the request was not read. */
  readonly incomplete: boolean;
  /** Whether bytes were received that nobody has read: the rest of it, or further requests. */
  readonly hasUnread: boolean;
}

/** Interim answers that a client which finished sending gets before it is believed to listen. */
const MAX_PROBES = 2;

/**
 * A client that has finished sending. It may wait for its answers, or have gone away: the two look alike until
 * something is sent to it, which the second answers with a reset.
 */
export class HalfClose {
  readonly #policy: Reception["halfClose"];
  #probes = 0;

  constructor(policy: Reception["halfClose"]) {
    this.#policy = policy;
  }

  /** Whether a client that waits for the head of its answer counts as gone at once; `minorVersion` is its own. */
  goneWaiting(received: Received, minorVersion: 0 | 1): boolean {
    // HTTP/1.0 has no interim answer to probe it with.
    return this.goneReading(received) || (minorVersion === 0 && !received.hasUnread);
  }

  /** Whether a client to which an answer flows counts as gone at once. Otherwise the writing finds out. */
  goneReading({ incomplete, hasUnread }: Received): boolean {
    return this.#policy === "abort" || (incomplete && !hasUnread);
  }

  /** Whether one more probe is to be sent, which counts as sent. */
  mayProbe(): boolean {
    return this.#probes++ < MAX_PROBES;
  }
}
