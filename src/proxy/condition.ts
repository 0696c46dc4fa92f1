import type { Condition, ConditionTest } from "../config/condition/condition.ts";
import { hostForMatching } from "../http/authority.ts";
import { cookieValues } from "../http/cookie.ts";
import { fieldName, ROLE } from "../http/field-name.ts";
import type { Fields } from "../http/fields.ts";
import { IpSet } from "../http/ip.ts";
import { NamedValues } from "../http/named-values.ts";
import { queryValues } from "../http/query.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
import type { IdentityPolicy } from "./identity.ts";
import type { PathReader } from "./path-reader.ts";

/** Whether a request meets a condition. */
export type Predicate = (request: IncomingRequest) => boolean;

/** What the conditions of one frontend are compiled with. */
export interface ConditionParts {
  readonly policy: IdentityPolicy;
  /** How conditions see paths. */
  readonly paths: PathReader;
  /** Parameters of targets that conditions ask for. */
  readonly query: NamedValues<string>;
  readonly cookies: NamedValues<Fields>;
}

/** Parts for conditions that are asked about the same requests. */
export function conditionParts(policy: IdentityPolicy, paths: PathReader): ConditionParts {
  return { policy, paths, query: new NamedValues(queryValues), cookies: new NamedValues(cookieValues) };
}

/** The condition of a rule that has none. */
export function always(): boolean {
  return true;
}

/** Makes a function of `condition`, once; what does not depend on the request is worked out here. */
export function compileCondition(condition: Condition, parts: ConditionParts): Predicate {
  switch (condition.kind) {
    case "not": {
      const term = compileCondition(condition.term, parts);
      return (request) => !term(request);
    }
    case "all": {
      const terms = condition.terms.map((term) => compileCondition(term, parts));
      return (request) => terms.every((term) => term(request));
    }
    case "any": {
      const terms = condition.terms.map((term) => compileCondition(term, parts));
      return (request) => terms.some((term) => term(request));
    }
    default:
      return compileTest(condition, parts);
  }
}

/** What is looked at in a request: none, one or, of parameters and cookies, several; without any every comparison is false. */
type Reader = (request: IncomingRequest) => string | undefined | readonly string[];

function compileTest(test: ConditionTest, parts: ConditionParts): Predicate {
  if (test.kind === "inside") {
    const blocks = new IpSet(test.blocks);
    return ({ exchange }) => blocks.has(exchange.client);
  }
  if (test.kind === "equals" && test.subject === "path_prefix") {
    return startsWithAny(test.values.map(parts.paths.ofConfig), parts.paths);
  }
  const read = readerOf(test, parts);
  if (test.kind === "present") {
    return (request) => {
      const found = read(request);
      return typeof found === "object" ? found.length > 0 : found !== undefined;
    };
  }
  const fits = test.kind === "matches" ? matcherOf(test) : comparerOf(test, parts.paths);
  return (request) => {
    const found = read(request);
    if (typeof found !== "object") return found !== undefined && fits(found);
    return test.every === true ? found.length > 0 && found.every(fits) : found.some(fits);
  };
}

function matcherOf({ subject, pattern }: ConditionTest & { kind: "matches" }): (text: string) => boolean {
  const compiled = new RegExp(pattern, subject === "host" ? "i" : "");
  return (text) => compiled.test(text);
}

function comparerOf(
  test: ConditionTest & { kind: "equals" },
  paths: PathReader,
): (text: string) => boolean {
  if (test.subject === "path") {
    const exact = new Set(test.values.map(paths.ofConfig));
    return (path) => exact.has(path);
  }
  const isWildcard = (value: string) => test.subject === "host" && value.startsWith("*.");
  const exact = new Set(test.values.filter((value) => !isWildcard(value)));
  const suffixes = test.values.filter(isWildcard).map((value) => value.slice(1));
  return (text) =>
    exact.has(text) || suffixes.some((suffix) => text.endsWith(suffix) && text.length > suffix.length);
}

/** What a test looks at, as it sees it. */
export function readerOf(
  { subject, argument }: Exclude<ConditionTest, { kind: "inside" }>,
  { policy, paths, query, cookies }: ConditionParts,
): Reader {
  switch (subject) {
    case "host":
      return ({ head }) => head.authority === "" ? undefined : hostForMatching(head.authority);
    case "path":
      return paths.ofRequest;
    case "method":
      return ({ method }) => method;
    case "header":
      return headerReader(argument, policy);
    case "query": {
      const read = query.ask(argument);
      return ({ target }) => read(target);
    }
    case "cookie": {
      const read = cookies.ask(argument);
      return ({ head }) => read(head.fields);
    }
    default:
      throw new TypeError(`Nothing reads "${subject}"`);
  }
}

/**
 * What a header says. What this proxy itself tells servers about the client reads as it tells it; what others may not
 * say about the client, or not under this name, is not there.
 */
function headerReader(name: string, policy: IdentityPolicy): Reader {
  const { role, alias } = fieldName(name);
  if (role === ROLE.realIp) return ({ exchange }) => exchange.client;
  if (role === ROLE.requestId) return ({ exchange }) => exchange.requestId;
  if (alias && policy.aliases !== "keep") return () => undefined;
  const believedIn = role === ROLE.forwarded
    ? "forwarded"
    : name.startsWith("x-forwarded-")
    ? "x-forwarded-for"
    : undefined;
  return ({ head, exchange }) =>
    believedIn === undefined || (exchange.peerTrusted && policy.clientHeader === believedIn)
      ? head.fields.get(name)
      : undefined;
}

/** `/api` takes `/api` and what is below it, not `/apix`; `/api/` only what is below it. */
function startsWithAny(prefixes: readonly string[], { ofRequest }: PathReader): Predicate {
  const rests = prefixes.map((prefix) => ({ prefix, below: prefix.endsWith("/") ? prefix : `${prefix}/` }));
  return (request) => {
    const path = ofRequest(request);
    return rests.some(({ prefix, below }) => path === prefix || path.startsWith(below));
  };
}
