import type { HashSource } from "../config/sections/hash.ts";
import { cookieValues } from "../http/cookie.ts";
import { fieldName, ROLE } from "../http/field-name.ts";
import { networkOf } from "../http/ip.ts";
import { queryValues } from "../http/query.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";

/** The key of a request, or undefined where it has none. */
export type HashKey = (request: IncomingRequest) => string | undefined;

/** Makes a function of what the config names as the key. */
export function compileHashKey({ subject, argument }: HashSource): HashKey {
  const names = new Set([argument]);
  switch (subject) {
    case "client":
      return ({ exchange }) => networkOf(exchange.client) || undefined; // a unix socket has no address
    case "path":
      return ({ target }) => target.split("?", 1)[0];
    case "uri":
      return ({ target }) => target;
    case "header":
      // A host is the same in any case.
      if (fieldName(argument).role === ROLE.host) {
        return ({ exchange }) => exchange.authority.toLowerCase() || undefined;
      }
      // What servers get as X-Real-IP is our word, not the client's.
      if (fieldName(argument).role === ROLE.realIp) return ({ exchange }) => exchange.client || undefined;
      return ({ head }) => head.fields.get(argument);
    case "cookie":
      return ({ head }) => cookieValues(head.fields, names).get(argument)?.[0];
    case "query":
      return ({ target }) => queryValues(target, names).get(argument)?.[0];
  }
}
