import { ProxyError, toProxyError } from "../base/errors.ts";
import { reasonPhrase } from "../http/status.ts";

/**
 * The answer to a request that failed: the status of its kind, and the kind as the only word about it. What
 * went wrong inside is for the log; the client does not get it.
 */
export function answerFailure(error: unknown): Response {
  const failure: ProxyError = toProxyError(error);
  // 499 is for the log: that client is gone, whatever is made for it is thrown away.
  const status = failure.status === 499 ? 400 : failure.status;
  const headers = new Headers({ "Content-Type": "text/plain; charset=utf-8" });
  if (failure.kind === "method_not_allowed") {
    headers.set("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
  }
  // A client that breaks the protocol here may see the end of its request elsewhere than we do.
  if (failure.side === "downstream") headers.set("Connection", "close");
  if (status === 503) headers.set("Retry-After", "1");
  const text = `${status} ${reasonPhrase(status)}: ${failure.kind}\n`;
  headers.set("Content-Length", String(text.length));
  return new Response(text, { status, statusText: reasonPhrase(status), headers });
}
