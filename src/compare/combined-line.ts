import { type LoggedHeader, type LoggedRequest, readRequestLine, type Uncompared } from "./logged-request.ts";

/** `client - user [time] "request" status bytes`, and perhaps `"referer" "user agent"`. */
const LINE =
  /^(\S+) \S+ [^[]*\[[^\]]*\] "((?:[^"\\]|\\.)*)" (\d{3}) (?:\d+|-)(?: "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)")?/s;

/** Reads a line of nginx's `combined` log, or of the common log format. */
export function readCombinedLine(line: string): LoggedRequest | Uncompared {
  const found = LINE.exec(line);
  if (found === null) return "unreadable";
  const [, client, quoted, status, referer, agent] = found;
  const request = readRequestLine(unescaped(quoted!));
  if (request === undefined) return "no_request";
  const headers: LoggedHeader[] = [];
  if (agent !== undefined && agent !== "-") headers.push(["user-agent", unescaped(agent)]);
  if (referer !== undefined && referer !== "-") headers.push(["referer", unescaped(referer)]);
  return {
    ...request,
    peer: client === "unix:" ? "unix" : client!,
    headers,
    bodyBytes: 0,
    recorded: { status: Number(status) },
  };
}

/** nginx writes quotes, backslashes and everything outside ASCII as `\x22`. */
function unescaped(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replace(
    /\\(?:x([0-9A-Fa-f]{2})|(.))/gs,
    (_, hex?: string, plain?: string) => hex === undefined ? plain! : String.fromCharCode(parseInt(hex, 16)),
  );
}
