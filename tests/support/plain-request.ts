import { Fields } from "../../src/http/fields.ts";
import { NO_BODY } from "../../src/http/framing.ts";
import { Exchange } from "../../src/message/exchange.ts";
import { IncomingRequest } from "../../src/message/incoming-request.ts";

/** A request for `/` of a client at 192.0.2.1, with these field lines, each `name: value`. */
export function plainRequest(method: string, ...lines: readonly string[]): IncomingRequest {
  const fields = new Fields();
  for (const line of lines) fields.append(...line.split(/: (.*)/s, 2) as [string, string]);
  const authority = "a.example";
  const described = { method, target: "/", authority, minorVersion: 1, startedAt: 0, fields } as const;
  const exchange = new Exchange({ address: "192.0.2.1", port: 1, secure: false }, described, { inform() {} });
  const target = { form: "origin", path: "/", authority: undefined, scheme: undefined } as const;
  const head = { method, target, minorVersion: 1, fields, framing: NO_BODY, authority } as const;
  return new IncomingRequest(head, exchange, null);
}
