/** Reason phrases of the statuses that the proxy itself may send (RFC 9110 §15, RFC 6585, RFC 5842 §7.2). */
const PHRASES: Readonly<Record<number, string>> = {
  100: "Continue",
  101: "Switching Protocols",
  103: "Early Hints",
  200: "OK",
  204: "No Content",
  400: "Bad Request",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  413: "Content Too Large",
  414: "URI Too Long",
  417: "Expectation Failed",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
  505: "HTTP Version Not Supported",
  508: "Loop Detected",
};

/** The usual phrase for `status`, or an empty one, which RFC 9112 §4 allows. */
export function reasonPhrase(status: number): string {
  return PHRASES[status] ?? "";
}
