/** One request, or what passes for one, as an attacker sends it. The canary is sent right behind it. */
export interface Shape {
  readonly name: string;
  /** Latin1 text: each character is a byte. */
  readonly bytes: string;
  /**
   * What must become of it:
   * - a status: it is refused with that, and neither it nor the canary reaches a server;
   * - `forwarded`: it reaches a server as one request, and the canary as another;
   * - `last`: it reaches a server as one request, and then the connection closes, so that the canary does not;
   * - `swallowed`: it is the sound beginning of a request that never ends, so that the canary is part of its body.
   */
  readonly expect: number | "forwarded" | "last" | "swallowed";
  /** Sound requests in `bytes` ahead of the one that is judged; they are forwarded. 0 where it is not said. */
  readonly ahead?: number;
  /** The head is sound: a server may see it and what is sound of the body, but never a complete message. */
  readonly inBody?: true;
  /** Body that the server must get. */
  readonly body?: string;
  /** Text that must be in what the server gets. */
  readonly sees?: string;
  /** Text that must not be in what the server gets. */
  readonly hides?: string;
}

/** A message of `startLine`, `lines` and `body`, with CRLF between them. */
export function message(startLine: string, lines: readonly string[], body = ""): string {
  return [startLine, ...lines, "", body].join("\r\n");
}

/** A GET with a Host and `lines`. */
export function get(...lines: string[]): string {
  return message("GET /shape HTTP/1.1", ["Host: a.test", ...lines]);
}

/** A POST with a Host, `lines` and `body`. */
export function post(lines: readonly string[], body: string): string {
  return message("POST /shape HTTP/1.1", ["Host: a.test", ...lines], body);
}

/** A POST with `Transfer-Encoding: chunked` and the chunks as they stand in `body`. */
export function chunks(body: string, ...lines: string[]): string {
  return post(["Transfer-Encoding: chunked", ...lines], body);
}
