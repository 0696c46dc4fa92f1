import { type LoggedRequest, NO_BACKEND, readRequestLine, type Uncompared } from "./logged-request.ts";

/**
 * `client:port [time] frontend backend/server timers status bytes cookie cookie termination connections queues {captured}
 * "request`: `option httplog`, whatever syslog put before it. A line that was cut has no quote at its end.
 */
const LINE =
  /(\S+):\d+ \[[^\]]*\] (\S+?)~? ([^\s/]+)\/(\S+) \+?-?\d+(?:\/\+?-?\d+)+ (-?\d+) \+?\d+ \S+ \S+ \S{4} [\d/+]+ \d+\/\d+ (?:\{[^}]*\} ){0,2}"([^"]*)("?)/;

/** Reads a line of HAProxy's HTTP log. */
export function readHaproxyLine(line: string): LoggedRequest | Uncompared {
  const found = LINE.exec(line);
  if (found === null) return "unreadable";
  const [, client, frontend, backend, server, status, quoted, end] = found;
  if (end === "") return "cut";
  const request = readRequestLine(unescaped(quoted!));
  if (request === undefined) return "no_request";
  return {
    ...request,
    peer: client!.startsWith("unix") ? "unix" : client!.replace(/^::ffff:(?=\d+\.)/, ""),
    headers: [],
    bodyBytes: 0,
    recorded: {
      status: Number(status),
      // A frontend that answers by itself is called its own backend.
      backend: server === "<NOSRV>" && backend === frontend ? NO_BACKEND : backend,
    },
  };
}

/** HAProxy writes quotes, braces, `#` and everything outside ASCII as `#22`. */
function unescaped(text: string): string {
  return text.includes("#")
    ? text.replace(/#([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
    : text;
}
