import { Fields } from "../http/fields.ts";
import { StreamSource } from "../message/body-stream.ts";
import { Exchange, type Peer } from "../message/exchange.ts";
import { IncomingRequest } from "../message/request.ts";

const UNKNOWN_PEER: Omit<Peer, "secure"> = { address: "", port: 0 };

/** A Request of somebody else's server as one of ours, so that the same app serves it. */
export function fromNative(request: Request): IncomingRequest {
  const url = new URL(request.url);
  const fields = Fields.from(request.headers);
  const length = fields.get("content-length");
  const known = request.body !== null && length !== undefined && /^\d{1,15}$/.test(length)
    ? Number(length)
    : undefined;
  const path = url.pathname + url.search;
  const exchange = new Exchange({ ...UNKNOWN_PEER, secure: url.protocol === "https:" }, {
    method: request.method,
    target: path,
    authority: url.host,
    minorVersion: 1,
    startedAt: performance.now(),
  }, { inform() {} });
  request.signal.addEventListener("abort", () => exchange.abort("client_closed", "The request was aborted"), {
    once: true,
  });
  return new IncomingRequest(
    {
      method: request.method,
      target: { form: "origin", path, authority: undefined, scheme: undefined },
      minorVersion: 1,
      fields,
      framing: request.body === null ? { kind: "length", length: 0 } : { kind: "chunked" },
      authority: url.host,
    },
    exchange,
    request.body === null ? null : new StreamSource(request.body, known),
  );
}
