import type { Steps } from "../net/steps.ts";

/**
 * Where a client's connection stands.
 *
 * | phase     | event                              | next      | what is done                                   |
 * | --------- | ---------------------------------- | --------- | ---------------------------------------------- |
 * | idle      | some bytes of a head               | head      | the wait for its end begins                    |
 * | idle      | no request in time, or a drain     | gone      | closed without a word                          |
 * | idle      | as well, but an answer is going out| lingering | goodbye                                        |
 * | idle      | long unused                        | (resting) | `RestingConnection` keeps the socket alone     |
 * | idle      | the client has ended               | lingering | goodbye                                        |
 * | idle,head | a whole head                       | serving   | an exchange begins and is served               |
 * | idle,head | what cannot be read, or comes late | serving   | an exchange begins and is answered by an error |
 * | serving   | an answer, or a failure            | answering | the head goes out, the body is started         |
 * | serving   | an answer that opens a tunnel      | tunnel    | the socket is handed over                      |
 * | answering | the answer is out, and more may be | idle      | the next request is read                       |
 * | answering | the answer is out, and was the last| lingering | goodbye                                        |
 * | answering | the answer broke off               | gone      | the socket is reset                            |
 * | lingering | the client is silent, or too long  | gone      | closed                                         |
 * | any       | the socket broke, or is to be cut  | gone      | an exchange under way is aborted and reported  |
 *
 * Two facts are independent of it: the connection is `closing` (it ends after the exchange under way), and the client has
 * finished sending (`HalfClose`). An exchange is there while `serving` or `answering`, and at no other time.
 */
export type Phase =
  /** Between two requests, or before the first. */
  | "idle"
  /** Inside the head of a request. */
  | "head"
  /** A request has no answer yet. */
  | "serving"
  /** The head of its answer was written. */
  | "answering"
  /** The socket is a tunnel's. */
  | "tunnel"
  /** The last answer is out, and only its arrival is waited for. */
  | "lingering"
  | "gone";

/** Those in which a connection is open. */
const OPEN = [
  "idle",
  "head",
  "serving",
  "answering",
  "tunnel",
  "lingering",
] as const satisfies readonly Phase[];

/** Connections that are looked at in one step. */
const STEP = 1000;

/** How many of `connections` stand in each phase; those that go meanwhile do not count. */
export function* countPhases(
  connections: readonly { readonly phase: Phase }[],
): Steps<ReadonlyMap<Phase, number>> {
  const counts = new Map<Phase, number>(OPEN.map((phase) => [phase, 0]));
  for (let i = 0; i < connections.length; i++) {
    const { phase } = connections[i]!;
    if (phase !== "gone") counts.set(phase, counts.get(phase)! + 1);
    if (i % STEP === STEP - 1) yield;
  }
  return counts;
}
