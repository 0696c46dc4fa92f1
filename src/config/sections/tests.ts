import { z } from "zod";
import { normalIp } from "../../http/ip.ts";
import { refuseValue } from "../problems/wording.ts";
import { choice, list, parsed, text, token, wants, wholeNumber } from "../values/value-types.ts";
import type { Frozen } from "../freeze.ts";
import { section } from "./section.ts";
import { writtenAs } from "../values/written.ts";

const MAX_TESTS = 1000;
const FROM_FORM = 'an address such as "192.0.2.7", or "unix"';
const METHOD_FORM = "a method in capitals";
const URL_FORM = 'an address such as "http://a.example/x", or host:port with method = "CONNECT"';

/** Header values by name; `false` where there is to be none. */
const headers = z.record(z.string(), z.union([z.string(), z.literal(false)]), wants("a table of headers"));

/** A request, and what is to become of it: asked of every config before it is taken over. */
const testSchema = section({
  /** What messages call it; its method and URL where there is none. @example "pictures come from static" */
  name: text("a name").exactOptional(),
  /** Method of the request. */
  method: token(METHOD_FORM).prefault("GET"),
  /** Where the request goes; its port, or `frontend`, says to which frontend. */
  url: parsed(URL_FORM, (url) => {
    if (/^https?:\/\/[^\s/]+[^\s]*$/i.test(url) || /^[^\s/]+:\d+$/.test(url)) return url;
    throw new RangeError(refuseValue(url, URL_FORM));
  }, /^(?:[hH][tT][tT][pP][sS]?:\/\/[^\s/]+[^\s]*|[^\s/]+:\d+)$/),
  /** Headers of the request. @example { X-Beta = "1" } */
  headers: z.record(z.string(), z.string(), wants("a table of headers")).prefault({}),
  /** Address of the client. */
  from: parsed(FROM_FORM, (address) => {
    if (address === "unix" || normalIp(address) !== undefined) return address;
    throw new RangeError(refuseValue(address, FROM_FORM));
  }, /^(?:unix|[\da-fA-F:.]+(?:%.+)?)$/).prefault("127.0.0.1"),
  /** Name of the frontend that gets the request. @example "web" */
  frontend: text("the name of a frontend").exactOptional(),
  /** What is to become of it; at least one of these. */
  expect: writtenAs(
    section({
      /** Condition, or number from 1, of the rule that takes it. @example 1 */
      rule: z.union([wholeNumber(1), z.string()], wants("the number of a rule, or its condition"))
        .exactOptional(),
      /**
       * Host and prefix (`a.example/api`), or number from 1, of the route that takes it.
       * @example "api.example.com/v1"
       */
      route: z.union([wholeNumber(1), z.string()], wants("the number of a route, or its host and prefix"))
        .exactOptional(),
      /** Who takes it where that is neither a rule nor a route. @example "default" */
      by: choice(["default", "page", "proxy", "parent", "straight", "nobody"]).exactOptional(),
      /** Name of the backend that answers it. @example "app" */
      backend: text("the name of a backend").exactOptional(),
      /** Status of what the proxy itself answers. @example 302 */
      status: wholeNumber(100, 599).exactOptional(),
      /** Location of a redirect. @example "https://example.com/" */
      location: text("an address").exactOptional(),
      /** Path and query that the server gets. @example "/v1/users?page=2" */
      target: text("a path").exactOptional(),
      /**
       * Headers that the server gets, or those of the proxy's own answer.
       * @example { X-Forwarded-Proto = "http", Cookie = false }
       */
      headers: headers.exactOptional(),
    }).refine((expected) => Object.keys(expected).length > 0, wants("something that is expected")),
    { rules: [{ minProperties: 1 }] },
  ),
});

/** Tests of the config itself. */
export const testsSchema = list(testSchema, "a list of tests").max(MAX_TESTS, wants("up to 1000 tests"));

export type ConfigTest = Frozen<z.output<typeof testSchema>>;
