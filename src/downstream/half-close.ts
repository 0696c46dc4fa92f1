/** What is known of the current request when its client finishes sending. */
export interface RequestState {
  /** Whether a part of it was not read. */
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
  #probes = 0;

  /** Whether the client is `gone`, or may still listen. */
  verdict(answering: boolean, { incomplete, hasUnread }: RequestState): "gone" | "listening" {
    // While an answer flows, or while a request is cut short, going quiet means going away.
    return answering || (incomplete && !hasUnread) ? "gone" : "listening";
  }

  /** Whether one more probe is to be sent, which counts as sent. */
  mayProbe(): boolean {
    return this.#probes++ < MAX_PROBES;
  }
}
