import type { AllowedOrigin, CorsConfig } from "../config/sections/cors.ts";
import type { FieldName } from "../http/field-name.ts";
import { Fields } from "../http/fields.ts";
import { addVary } from "../http/vary.ts";
import type { AnswerEdit } from "../message/exchange.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
import type { Stage } from "../message/stage.ts";
import { WholeResponse } from "../message/whole-response.ts";

/** Origins whose fields are remembered ready: browsers name few, but anybody can name many. */
const MAX_EDITS = 64;
/** What a host below a domain is: labels, and nothing else that a URL may hold. */
const LABELS = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/;

/**
 * Lets pages of other origins read answers, errors as well, and answers what browsers ask before (CORS, Fetch standard §3.2).
 * What a server says of this itself is taken out: two answers to one question are none.
 */
export function corsStage(config: CorsConfig): Stage {
  const { methods, headers, maxAge, credentials } = config;
  const any = config.origins.includes("*");
  const allows = compileOrigins(config.origins);
  const lines: readonly (readonly [string, string])[] = [
    ...(credentials ? [["Access-Control-Allow-Credentials", "true"] as const] : []),
    ...(config.expose.length > 0
      ? [["Access-Control-Expose-Headers", config.expose.join(", ")] as const]
      : []),
  ];
  const toAny = compileEdit([["Access-Control-Allow-Origin", "*"], ...lines], { varies: false });
  const toNone = compileEdit([], { varies: true });
  const edits = new Map<string, AnswerEdit>();

  function editFor(origin: string | undefined): AnswerEdit {
    if (any) return toAny;
    if (origin === undefined || !allows(origin)) return toNone;
    let edit = edits.get(origin);
    if (edit === undefined) {
      edit = compileEdit([["Access-Control-Allow-Origin", origin], ...lines], { varies: true });
      if (edits.size < MAX_EDITS) edits.set(origin, edit);
    }
    return edit;
  }

  /** What a browser is told that asks before it sends a request; undefined for any other request. */
  function answers({ method, head }: IncomingRequest): Response | undefined {
    const origin = head.fields.get("origin");
    if (method !== "OPTIONS" || origin === undefined || !head.fields.has("access-control-request-method")) {
      return undefined;
    }
    const told = new Fields();
    editFor(origin)(told, 204);
    if (any || allows(origin)) {
      const allowed = headers?.join(", ") ?? head.fields.get("access-control-request-headers") ?? "";
      told.append("Access-Control-Allow-Methods", methods.join(", "));
      if (allowed !== "") told.append("Access-Control-Allow-Headers", allowed);
      told.append("Access-Control-Max-Age", String(Math.floor(maxAge / 1000)));
    }
    if (headers === undefined) addVary(told, "Access-Control-Request-Headers");
    return new WholeResponse(null, { status: 204, headers: told.toHeaders() });
  }

  return {
    words: `cors: ${config.origins.map(formatOrigin).join(" ")}${credentials ? " with credentials" : ""}`,
    answers,
    around: (next) => (request, taker) => {
      const { exchange, head } = request;
      const preflight = answers(request);
      if (preflight !== undefined) return taker.onAnswer(exchange, preflight);
      exchange.editAnswer(editFor(head.fields.get("origin")));
      next(request, taker);
    },
  };
}

/** Whether pages of an origin, as a browser gives it, may read answers. */
function compileOrigins(origins: CorsConfig["origins"]): (origin: string) => boolean {
  const whole = new Set<string>();
  const domains: (AllowedOrigin & { below: string })[] = [];
  for (const origin of origins) {
    if (typeof origin === "string") whole.add(origin); // `null` is what browsers send of pages without an origin
    else if (origin.below === undefined) whole.add(origin.start);
    else domains.push({ start: origin.start, below: origin.below });
  }
  return (origin) =>
    whole.has(origin) ||
    domains.some(({ start, below }) =>
      origin.length > start.length + below.length && origin.startsWith(start) && origin.endsWith(below) &&
      LABELS.test(origin.slice(start.length, -below.length))
    );
}

function compileEdit(
  lines: readonly (readonly [string, string])[],
  { varies }: { varies: boolean },
): AnswerEdit {
  return (fields) => {
    fields.removeWhere(isOfCors);
    for (const [name, value] of lines) fields.append(name, value);
    if (varies) addVary(fields, "Origin");
  };
}

function isOfCors({ lower }: FieldName): boolean {
  return lower.startsWith("access-control-");
}

function formatOrigin(origin: CorsConfig["origins"][number]): string {
  if (typeof origin === "string") return origin;
  return origin.below === undefined ? origin.start : `${origin.start}*${origin.below}`;
}
