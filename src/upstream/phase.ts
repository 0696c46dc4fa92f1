/**
 * Where a connection to a server stands.
 *
 * | phase    | event                               | next    | what is done                                 |
 * | -------- | ----------------------------------- | ------- | -------------------------------------------- |
 * | idle     | a request is sent                   | asked   | it goes out, its body as it comes            |
 * | idle     | bytes, an end, or unused for long   | gone    | closed; the pool hears of it                 |
 * | asked    | an interim answer                   | asked   | passed on                                    |
 * | asked    | a head with a body after it        | headed  | the request hears of its answer              |
 * | asked    | a head without a body               | idle    | as well, and all of it is over               |
 * | asked    | a head without a body               | gone    | as well; closed, where it may not be kept    |
 * | asked    | a 101, or 2xx to CONNECT            | gone    | the socket is handed over to be a tunnel     |
 * | headed   | somebody takes the body             | flowing | what came is passed on                       |
 * | flowing  | there is no room for more           | held    | nothing is read                              |
 * | held     | there is room again                 | flowing | reading goes on                              |
 * | flowing  | the body is whole                   | idle    | goes back to the pool, if it may             |
 * | flowing  | the body is whole                   | gone    | closed, where it may not                     |
 * | any      | a break, a time that ran out        | gone    | the request hears of it, and who has the body |
 *
 * Independent of it: whether the server has finished sending (`#ended`) and how the connection broke (`#break`), as what
 * came before is read first; and whether the answer had to wait here (`#heldUp`).
 */
export type UpstreamPhase =
  /** Nothing is asked for. */
  | "idle"
  /** No head of an answer has come. */
  | "asked"
  /** The head was given on; nobody takes the body yet. */
  | "headed"
  /** The body goes to whoever takes it. */
  | "flowing"
  /** Whoever takes the body has no room. */
  | "held"
  | "gone";
