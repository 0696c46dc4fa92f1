import type { Condition, ConditionTest } from "../config/condition/condition.ts";
import type { FrontendConfig } from "../config/sections/frontend.ts";
import { hostForMatching } from "../http/authority.ts";
import { formatIpBlock } from "../http/ip.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
import { compileCondition, conditionParts, readerOf } from "../proxy/condition.ts";
import type { Taken } from "../proxy/decision.ts";
import type { IdentityPolicy } from "../proxy/identity.ts";
import { pathReader } from "../proxy/path-reader.ts";
import { nameOfRoute, nameOfRule, toRouteRule } from "../proxy/route-names.ts";
import { Router } from "../proxy/router.ts";

/** A rule or a route that did not take a request. */
export interface PassedOver {
  readonly kind: "rule" | "route";
  /** From 1. */
  readonly number: number;
  readonly name: string;
  readonly why: string;
}

/** Rules and routes that are told of; of ten thousand the first say enough. */
const MAX_TOLD = 50;

/** Those that were asked before `taken`, or lost to it, and why; `more` is how many are left out. */
export function passedOver(
  request: IncomingRequest,
  { config, identity }: { config: FrontendConfig; identity: IdentityPolicy },
  taken: Taken | undefined,
): { told: readonly PassedOver[]; more: number } {
  const { rules, routes } = config;
  const paths = pathReader(config.normalize);
  const parts = conditionParts(identity, paths);
  const asked = taken?.kind === "rule" ? rules.slice(0, taken.index) : rules;
  const told: PassedOver[] = [];
  for (const [i, rule] of asked.slice(0, MAX_TOLD).entries()) {
    const why = rule.if === undefined ? "" : falsePart(rule.if.condition, request, parts, false);
    told.push({ kind: "rule", number: i + 1, name: nameOfRule(rule), why });
  }
  if (taken?.kind === "rule") return { told, more: asked.length - told.length };
  let more = asked.length - told.length;
  for (const [i, route] of routes.entries()) {
    if (taken?.kind === "route" && taken.index === i) continue;
    if (told.length >= MAX_TOLD) {
      more++;
      continue;
    }
    const takes = (rule: typeof route) =>
      new Router([toRouteRule(rule, paths, true)]).find(request.head.authority, paths.ofRequest(request)) ===
        true;
    const why = takes(route)
      ? taken?.kind === "route" ? `less specific than ${nameOfRoute(routes[taken.index]!)}` : "it takes it"
      : takes({ ...route, pathPrefix: "/", prefixMatch: "segment" })
      ? `the path is ${quote(paths.ofRequest(request))}`
      : `the host is ${quote(hostForMatching(request.head.authority))}`;
    told.push({ kind: "route", number: i + 1, name: nameOfRoute(route), why });
  }
  return { told, more };
}

type Parts = ReturnType<typeof conditionParts>;

/** The first part of `condition` that decides it, with the value that it saw; `negated` where a "!" stands before it. */
function falsePart(
  condition: Condition,
  request: IncomingRequest,
  parts: Parts,
  negated: boolean,
): string {
  switch (condition.kind) {
    case "not":
      return falsePart(condition.term, request, parts, !negated);
    case "all":
    case "any": {
      // Of "all" one false part is enough; of "any" each of them is to blame.
      const decides = (term: Condition) => compileCondition(term, parts)(request) === negated;
      const terms = condition.terms.filter(decides);
      const one = (condition.kind === "all") !== negated;
      const told = one ? terms.slice(0, 1) : terms;
      return told.map((term) => falsePart(term, request, parts, negated)).join("; ");
    }
    default: {
      const test = formatTest(condition, negated);
      return `${test} is false: ${seen(condition, request, parts)}`;
    }
  }
}

/** What `test` looked at. */
function seen(test: ConditionTest, request: IncomingRequest, parts: Parts): string {
  if (test.kind === "inside") return `src is ${request.exchange.client || "a unix socket"}`;
  const subject = test.subject === "path_prefix" ? "path" : test.subject;
  const read = readerOf({ ...test, subject } as typeof test, parts);
  const found = read(request);
  const name = formatSubject({ ...test, subject });
  if (found === undefined || (typeof found === "object" && found.length === 0)) return `${name} is not there`;
  if (SECRET.test(test.argument) || subject === "cookie") return `${name} is there`;
  return `${name} is ${typeof found === "string" ? quote(found) : found.map(quote).join(", ")}`;
}

/** Fields whose value nobody is to see. */
const SECRET = /authorization|cookie|token|secret|api-?key|password/i;

function formatTest(test: ConditionTest, negated: boolean): string {
  if (test.kind === "inside") {
    return `src ${negated ? "not " : ""}in [${test.blocks.map(formatIpBlock).join(", ")}]`;
  }
  const subject = formatSubject(test);
  if (test.kind === "present") return `${negated ? "!" : ""}${subject}`;
  if (test.kind === "matches") {
    return `${negated ? "!(" : ""}${subject} ~ ${test.pattern}${negated ? ")" : ""}`;
  }
  const { values } = test;
  if (values.length === 1) return `${subject} ${negated ? "!=" : "=="} ${values[0]}`;
  return `${subject} ${negated ? "not " : ""}in [${values.join(", ")}]`;
}

function formatSubject(
  { subject, argument, ...test }: { subject: string; argument: string; every?: boolean },
) {
  const name = argument === "" ? subject : `${subject}(${argument})`;
  return test.every === true ? `all(${name})` : name;
}

function quote(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}
