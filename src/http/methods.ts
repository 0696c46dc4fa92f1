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
