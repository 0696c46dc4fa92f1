/**
 * What a probe found, in HAProxy's words: the layer at which it ended, and how. `L4OK` and `L7OK` are passes; `CON` is
 * a connection that failed, `TOUT` a time that ran out, `RSP` an answer that is none, `STS` one with another status
 * than expected (for the body as well).
 */
export type ProbeCode =
  | "L4OK"
  | "L4CON"
  | "L4TOUT"
  | "L6RSP"
  | "L6TOUT"
  | "L7OK"
  | "L7TOUT"
  | "L7RSP"
  | "L7STS";

/** One result of a probe. */
export interface ProbeResult {
  readonly code: ProbeCode;
  /** Status of the answer, where there was one. */
  readonly status?: number | undefined;
  /** In words, for the log. */
  readonly detail?: string | undefined;
}

/** A result, how long it took in ms, and when it came, in ms since 1970. */
export interface Probed extends ProbeResult {
  readonly ms: number;
  readonly at: number;
}

export function hasPassed({ code }: ProbeResult): boolean {
  return code === "L4OK" || code === "L7OK";
}
