/** An answer as a server sends it that is broken, or that lies. */
export interface HostileAnswer {
  readonly name: string;
  /** Latin1 text: each character is a byte. */
  readonly bytes: string;
  /** What the server does when the bytes are out; without it, it waits. */
  readonly then?: "close" | "reset";
  /** Method of the request that it answers; GET where it is not said. */
  readonly method?: "HEAD";
  /** Body that the client gets of a sound answer with something behind it; `ok` where it is not said. */
  readonly body?: string;
  /** The word for it in the access log; `upstream_invalid` where it is not said. */
  readonly reason?: "upstream_reset" | "answer_head_too_large";
}

const OK = "HTTP/1.1 200 OK";

/** A head of `lines` behind a status line of 200, and what follows. */
export function ok(lines: readonly string[], rest = ""): string {
  return [OK, ...lines, "", rest].join("\r\n");
}

/** A whole answer that only somebody who reads past the end of another would take for one. */
export const POISON = ok(["Content-Length: 6", "X-Poison: 1"], "poison");
