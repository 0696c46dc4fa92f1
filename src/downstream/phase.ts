/** Where a client's connection stands. */
export type Phase =
  /** Between two requests, or inside the head of one. */
  | "idle"
  /** A request has no answer yet. */
  | "asked"
  /** The head of its answer was written. */
  | "answering"
  /** The socket is a tunnel's. */
  | "handed_over"
  /** The last answer is out, and only its arrival is waited for. */
  | "lingering"
  | "closed";
