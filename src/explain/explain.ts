import { formatDuration, formatSize } from "../base/units.ts";
import { toProxyError } from "../base/errors.ts";
import type { FrontendConfig } from "../config/sections/frontend.ts";
import { describePorts } from "../config/sections/relay.ts";
import type { Course } from "../proxy/course.ts";
import { formatHedgeTime } from "../config/values/hedge-time.ts";
import type { Exchange } from "../message/exchange.ts";
import { RequestTraces } from "../observe/request-traces.ts";
import type { IdentityPolicy } from "../proxy/identity.ts";
import { hostForMatching } from "../http/authority.ts";
import { type CandidateFacts, candidatesOf } from "./candidates.ts";
import { chooseFrontend } from "./choose-frontend.ts";
import { type DescribedRequest, headOf, peerOf } from "./described-request.ts";
import { type Explained, type ExplainedFrontend, type Outcome, outcomeOf, refused } from "./outcome.ts";
import { headFor, type HeadLines, toLines } from "./sent.ts";
import { type PassedOver, passedOver } from "./why-not.ts";

/** What becomes of one request, for people and programs: its keys are those of the JSON. */
export interface Explanation {
  readonly request: { readonly method: string; readonly url: string; readonly client: string };
  readonly frontend: { readonly name: string; readonly mode: string; readonly chosen: string };
  /** Who takes it. */
  readonly by: string;
  /** What was asked before it, or lost to it. */
  readonly passed_over: readonly PassedOver[];
  readonly more_passed_over: number;
  /** What the proxy itself answers. */
  readonly answer?: { readonly status: number; readonly headers: readonly (readonly [string, string])[] };
  /** Why it is refused. */
  readonly refused?: { readonly reason: string; readonly detail: string };
  readonly sent?: Sent;
  /** What is checked, and what holds, in words. */
  readonly rules: readonly string[];
}

/** A request that goes on. */
interface Sent {
  readonly backend: string;
  readonly policy: string;
  readonly key?: string;
  readonly sticky?: string;
  /** Whether the server whose head is shown is the one that gets it. */
  readonly sure: boolean;
  readonly server?: string;
  readonly candidates: readonly CandidateFacts[];
  readonly before: HeadLines;
  readonly after: HeadLines;
}

/** What is explained: a proxy that runs, or what would be one. */
export interface ExplainedProxy extends Explained {
  readonly frontends: readonly (ExplainedFrontend & { readonly identity: IdentityPolicy })[];
}

/** What `explainRequest` can be told besides the request. */
export interface ExplainOptions {
  /** Name of the frontend; without it the port and the host of the URL say which. */
  readonly frontend?: string | undefined;
}

/**
 * What would become of `asked`, by the functions that serve requests. Sends nothing, and changes nothing.
 * @throws {RangeError} where it is not clear which frontend is meant, or `from` is no address.
 */
export function explainRequest(
  explained: ExplainedProxy,
  asked: DescribedRequest,
  options: ExplainOptions = {},
): Explanation {
  const peer = peerOf(asked);
  const { frontend, chosen } = chooseFrontend(explained.frontends, asked, options.frontend);
  const head = headOf(asked, frontend.config.mode);
  const first = outcomeOf(explained, frontend, head, { from: asked.from });
  if (first.request !== undefined) traceRequest(first.request.exchange, frontend, explained);
  const { sent, outcome } = send(first, frontend, head);
  const { taken, request, answer, failure } = outcome;
  const over = request === undefined || frontend.relay !== undefined || outcome.by === "page"
    ? { told: [], more: 0 }
    : passedOver(request, frontend, taken);
  return {
    request: { method: asked.method, url: asked.url, client: request?.exchange.client ?? peer },
    frontend: { name: frontend.config.name, mode: frontend.config.mode, chosen },
    by: outcome.by,
    passed_over: over.told,
    more_passed_over: over.more,
    ...(answer && { answer: { status: answer.status, headers: [...answer.headers].map(maskId) } }),
    ...(failure && { refused: { reason: failure.kind, detail: failure.message } }),
    ...(sent && { sent }),
    rules: [
      ...clientRules(frontend.config, explained),
      ...relayRules(frontend, outcome),
      // What a frontend asks for holds for what nothing takes, but not for what it answers itself.
      ...(taken?.stages ?? (failure && frontend.stages) ?? []).map(({ words }) => words),
      ...(outcome.course ? courseRules(outcome.course, outcome) : []),
    ],
  };
}

/** Servers hear of a trace where there are some; what is made up of it for this question is left out again. */
function traceRequest(
  exchange: Exchange,
  { config: { name }, identity }: ExplainedProxy["frontends"][number],
  { config: { tracing } }: Explained,
): void {
  if (tracing === undefined) return;
  new RequestTraces(tracing, { frontend: name, sink: { add() {} }, ...identity }).begin(exchange);
}

/** The id of an error answer is made up for this question. */
function maskId([name, value]: [string, string]): readonly [string, string] {
  return [name, name === "x-request-id" ? "…" : value];
}

function send(
  outcome: Outcome,
  frontend: ExplainedFrontend,
  head: string,
): { sent: Sent | undefined; outcome: Outcome } {
  const { course, request } = outcome;
  if (course === undefined || request === undefined) return { sent: undefined, outcome };
  const { backend } = course;
  const { first, ...candidates } = candidatesOf(backend, request);
  try {
    const after = first === undefined ? [] : headFor(first, request, course);
    const sent: Sent = {
      backend: backend.name,
      policy: candidates.policy,
      ...(candidates.key !== undefined && { key: candidates.key }),
      ...(candidates.sticky !== undefined && { sticky: candidates.sticky }),
      sure: candidates.sure,
      ...(first && { server: first.name }),
      candidates: candidates.servers,
      before: toLines(head),
      after: after.map((line) => withoutNames(line, request.exchange)),
    };
    return { sent, outcome };
  } catch (error) {
    return { sent: undefined, outcome: refused(toProxyError(error), frontend, request, outcome.by) };
  } finally {
    if (outcome.by === "straight") backend.close();
  }
}

/** Ids that another request would not get. */
function withoutNames(line: string, { trace }: Exchange): string {
  if (trace !== undefined && /^traceparent: /.test(line) && line.includes(trace.traceId)) {
    return "traceparent: …";
  }
  return line.replace(/^(X-Request-Id: ).*/i, "$1…");
}

function clientRules(config: FrontendConfig, { config: { limits } }: Explained): string[] {
  const { timeouts, trustedProxies, maxConnections } = config;
  return [
    `client timeouts: headers ${formatDuration(timeouts.requestHeaders)}, body idle ${
      formatDuration(timeouts.bodyIdle)
    }, write idle ${formatDuration(timeouts.writeIdle)}`,
    `client limits: headers ${formatSize(limits.headerSize)} in ${limits.headerCount} fields, target ${
      formatSize(limits.targetSize)
    }, body ${limits.bodySize === undefined ? "unlimited" : formatSize(limits.bodySize)}` +
    (maxConnections === 0 ? "" : `, ${maxConnections} connections`),
    `trusted proxies: ${
      trustedProxies === undefined ? "none, X-Forwarded-For is kept" : trustedProxies.length || "none"
    }`,
  ];
}

function relayRules({ config, relay }: ExplainedFrontend, { request }: Outcome): string[] {
  if (relay === undefined) return [];
  const settings = config.relay;
  const open = settings?.allowPrivate ?? [];
  const lines = [
    `domain policy: ${settings?.domainPolicy.mode ?? "off"}`,
    `users: ${
      Object.keys(settings?.users ?? {}).length || "not asked for"
    }; passwords are not looked at here`,
    `tunnels to ports: ${settings === undefined ? 443 : describePorts(settings)}`,
    `private addresses: ${
      open.length === 0 ? "refused where it goes straight" : `${open.length} blocks open`
    }`,
  ];
  if (request === undefined || relay.parents === undefined) return lines;
  const host = hostForMatching(request.head.authority);
  return [...lines, `way for ${host}: ${relay.routeOf(host)}`];
}

function courseRules({ backend, shape, mirror, onStatus }: Course, { taken }: Outcome): string[] {
  const { timeouts, retries, ejection, healthCheck } = backend.config;
  const response = shape?.responseMs ?? timeouts.response;
  const idle = shape?.idleMs ?? timeouts.idle;
  const split = taken?.action.split;
  return [
    `server timeouts: connect ${formatDuration(timeouts.connect)}, response ${orOff(response)}, idle ${
      orOff(idle)
    }, queue ${formatDuration(timeouts.queue)}`,
    `retries: ${retries.attempts - 1 || "off"}${retries.attempts > 1 ? `, budget ${retries.budget}` : ""}${
      retries.hedge === false ? "" : `, hedged after ${formatHedgeTime(retries.hedge)}`
    }`,
    `health: ${healthCheck === undefined ? "no probes" : "probed"}, ejection ${
      ejection.enabled ? "on" : "off"
    }`,
    ...(split === undefined ? [] : [
      `split: ${Object.entries(split).map(([name, share]) => `${name} ${share}`).join(", ")}` +
      (taken?.action.splitOn === "random" ? " (by chance: another request may go elsewhere)" : ""),
    ]),
    ...(mirror === undefined ? [] : [`mirror: ${taken?.action.mirror?.backend}`]),
    ...(onStatus === undefined ? [] : [`on_status: ${Object.keys(taken?.action.onStatus ?? {}).join(", ")}`]),
  ];
}

function orOff(ms: number): string {
  return ms === 0 ? "off" : formatDuration(ms);
}
