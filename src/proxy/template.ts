import type { Placeholder, Template } from "../config/values/template.ts";
import { hostForMatching } from "../http/authority.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
import { type IdentityPolicy, schemeOf } from "./identity.ts";
import { pathOf, queryOf } from "../http/path.ts";

/** Makes a text of a request. */
export type Fill = (request: IncomingRequest) => string;

/** A function that fills `template`; each placeholder once, so that nothing a client sent is looked into again. */
export function compileTemplate({ texts, placeholders }: Template, policy: IdentityPolicy): Fill {
  const [first = "", ...rest] = texts;
  if (rest.length === 0) return () => first;
  const readers = placeholders.map((name) => READERS[name]);
  return (request) => {
    let text = first;
    for (let i = 0; i < rest.length; i++) text += readers[i]!(request, policy) + rest[i]!;
    return text;
  };
}

const READERS: Readonly<Record<Placeholder, (request: IncomingRequest, policy: IdentityPolicy) => string>> = {
  client: ({ exchange }) => exchange.client || "unknown",
  // What a client says of its port is right for the address that it came by, not for another scheme.
  host: ({ exchange }) => hostForMatching(exchange.reportedHost ?? exchange.authority) || "localhost",
  scheme: schemeOf,
  method: ({ method }) => method,
  path: ({ target }) => target === "*" ? "/" : pathOf(target),
  query: ({ target }) => queryOf(target),
  uri: ({ target }) => target === "*" ? "/" : target,
  request_id: ({ exchange }) => exchange.requestId,
};
