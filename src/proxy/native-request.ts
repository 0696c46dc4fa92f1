import { Fields } from "../http/fields.ts";
import { StreamSource } from "../message/body-stream.ts";
import { Exchange, type Peer } from "../message/exchange.ts";
import { reconcile } from "../message/merged-headers.ts";
import { IncomingRequest } from "../message/incoming-request.ts";

/** Where a program does not say who asks. */
const UNKNOWN_CLIENT = "unknown";

/** Requests of somebody else's server, to find their exchange again when they fail. */
const exchanges = new WeakMap<Request, Exchange>();

/** A Request of somebody else's server as one of ours, so that the same app serves it; `client` is who asks. */
export function fromNative(request: Request, client?: string): IncomingRequest {
  const url = new URL(request.url);
  const fields = Fields.from(request.headers);
  const length = fields.get("content-length");
  const known = request.body !== null && length !== undefined && /^\d{1,15}$/.test(length)
    ? Number(length)
    : undefined;
  const exchange = nativeExchange(request, fields, client);
  const abort = () => exchange.abort("client_closed", "The request was aborted");
  if (request.signal.aborted) abort();
  else request.signal.addEventListener("abort", abort, { once: true });
  return new IncomingRequest(
    {
      method: request.method,
      target: { form: "origin", path: exchange.target, authority: undefined, scheme: undefined },
      minorVersion: 1,
      fields,
      framing: request.body === null ? { kind: "length", length: 0 } : { kind: "chunked" },
      authority: url.host,
    },
    exchange,
    request.body === null ? null : new StreamSource(request.body, known),
  );
}

/** The exchange of a Request of somebody else's server: nobody knows its peer but who has it, nor when it began. */
export function nativeExchange(
  request: Request,
  fields = Fields.from(request.headers),
  client = UNKNOWN_CLIENT,
): Exchange {
  const known = exchanges.get(request);
  if (known !== undefined) return known;
  const url = new URL(request.url);
  const peer: Peer = { address: client, port: 0, secure: url.protocol === "https:", handsOver: false };
  const exchange = new Exchange(peer, {
    method: request.method,
    target: url.pathname + url.search,
    authority: url.host,
    minorVersion: 1,
    startedAt: performance.now(),
    fields,
  }, { inform() {} });
  exchanges.set(request, exchange);
  return exchange;
}

/**
 * What a middleware put in place of `original`: a Request of the same exchange, with its own method, URL, fields
 * and body. Fields that are still the client's keep their form. The body may have another length than the
 * client's, so it goes out in chunks.
 */
export function fromReplacement(request: Request, original: IncomingRequest): IncomingRequest {
  const fields = reconcile(original.head.fields, request.headers);
  fields.removeWhere((kind) => kind.lower === "content-length");
  const url = request.url === original.url ? undefined : new URL(request.url);
  const target = url === undefined
    ? original.head.target
    : { form: "origin", path: url.pathname + url.search, authority: undefined, scheme: undefined } as const;
  const head = { ...original.head, method: request.method, target, fields };
  return new IncomingRequest(
    head,
    original.exchange,
    request.body && new StreamSource(request.body, undefined),
  );
}
