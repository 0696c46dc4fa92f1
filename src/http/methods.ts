/** Methods whose repetition has the effect of one request (RFC 9110 §9.2.2; QUERY: RFC 10008 §2). */
const IDEMPOTENT: ReadonlySet<string> = new Set([
  "GET",
  "HEAD",
  "PUT",
  "DELETE",
  "OPTIONS",
  "TRACE",
  "QUERY",
]);

/**
 * Whether a request with `method` may go to another server once it was sent: the idempotent ones, and CONNECT, as a tunnel
 * that was not opened has carried nothing.
 */
export function maySendAgain(method: string): boolean {
  return method === "CONNECT" || isIdempotent(method);
}

/** Whether a request with `method` may be sent again. Methods are case-sensitive (RFC 9110 §9.1). */
export function isIdempotent(method: string): boolean {
  return IDEMPOTENT.has(method);
}

/** Methods that are not meant to change anything (RFC 9110 §9.2.1; RFC 4918, 3253, 5323 and 10008). */
const SAFE: ReadonlySet<string> = new Set([
  "GET",
  "HEAD",
  "OPTIONS",
  "TRACE",
  "PROPFIND",
  "REPORT",
  "SEARCH",
  "QUERY",
]);

/** Whether a request with `method` is not meant to change anything. */
export function isSafe(method: string): boolean {
  return SAFE.has(method);
}
