import { Buffer } from "node:buffer";
import { ProxyError, type ProxyErrorKind, toProxyError } from "../base/errors.ts";
import type { ForwardAuthConfig } from "../config/sections/auth-forward.ts";
import type { Fields } from "../http/fields.ts";
import { BytesSource } from "../message/body-bytes.ts";
import { asResponse, ForwardedResponse } from "../message/forwarded-response.ts";
import type { FieldLine, IncomingRequest } from "../message/incoming-request.ts";
import type { InquiryAnswer } from "../message/inquiry.ts";
import type { StageParts } from "../message/stage.ts";
import type { AuthGranted, AuthMethod, AuthRefused } from "./auth-method.ts";

/** Answers that are for the client, and what the log says of them. Redirects lead to where it can log in. */
const FOR_CLIENTS: ReadonlyMap<number, ProxyErrorKind> = new Map([
  ...[301, 302, 303, 307, 308, 401].map((status) => [status, "unauthorized"] as const),
  [403, "access_denied"],
]);

/** Fields that tell a loop, so that no request is asked about without end. */
const OF_LOOPS = ["via", "cdn-loop"];

/** Has another server say whether requests may pass; where it does not say so, they may not. */
export function forwardAuthMethod(
  { url, backend, path = "/", copyRequestHeaders, copyResponseHeaders, timeout, maxAnswer }:
    ForwardAuthConfig,
  { inquirer, schemeOf }: Pick<StageParts, "inquirer" | "schemeOf">,
): AuthMethod {
  const inquire = inquirer(backend === undefined ? { origin: url!.origin } : { backend });
  const target = url?.target ?? path;
  const shown = new Set([...copyRequestHeaders.map((name) => name.toLowerCase()), ...OF_LOOPS]);
  const copied = copyResponseHeaders.map((name) => [name, name.toLowerCase()] as const);

  function grant({ fields }: InquiryAnswer): AuthGranted {
    const lines = copied.flatMap(([name, lower]) =>
      valuesOf(fields, lower).map((value): FieldLine => [name, value])
    );
    const [, first] = copied[0] ?? [];
    const user = lines.find(([name]) => name.toLowerCase() === first)?.[1];
    return { user: user === undefined ? undefined : textOf(user).slice(0, 255), lines };
  }

  async function check(request: IncomingRequest): Promise<AuthGranted | AuthRefused> {
    const { exchange } = request;
    let answer;
    try {
      answer = await inquire({
        target,
        lines: [...whatIsAsked(request, schemeOf(request)), ...linesOf(request.head.fields, shown)],
        timeoutMs: timeout,
        maxBytes: maxAnswer,
        client: exchange.client,
        signal: exchange.signal,
      });
    } catch (error) {
      return { error: unavailable(`The auth server failed: ${toProxyError(error).message}`, error) };
    }
    const { status } = answer;
    if (status >= 200 && status < 300) return grant(answer);
    const kind = FOR_CLIENTS.get(status);
    if (kind === undefined) return { error: unavailable(`The auth server answered ${status}`) };
    return {
      error: new ProxyError(kind, `The auth server answered ${status}`),
      answer: toAnswer(answer),
    };
  }

  return {
    words: `forward to ${backend ?? url!.origin}`,
    challenge: undefined,
    sets: copyResponseHeaders,
    presents: () => true,
    check,
  };
}

/** What is asked about, in the words that other proxies use; whatever the client says under these names is not believed. */
function whatIsAsked({ exchange, method, target }: IncomingRequest, scheme: string): FieldLine[] {
  return [
    ["X-Forwarded-Method", method],
    ["X-Forwarded-Proto", scheme],
    ["X-Forwarded-Host", exchange.reportedHost ?? exchange.authority],
    ["X-Forwarded-Uri", target],
    ["X-Forwarded-For", exchange.client || "unknown"],
  ];
}

function linesOf(fields: Fields, names: ReadonlySet<string>): FieldLine[] {
  const lines: FieldLine[] = [];
  for (let i = 0; i < fields.size; i++) {
    if (names.has(fields.kinds[i]!.lower)) lines.push([fields.name(i), fields.value(i)]);
  }
  return lines;
}

function valuesOf(fields: Fields, lower: string): string[] {
  return linesOf(fields, new Set([lower])).map(([, value]) => value);
}

/** What the bytes of a field say, for the log: UTF-8, as most write it, where it is. */
function textOf(value: string): string {
  const text = Buffer.from(value, "latin1").toString("utf8");
  return text.includes("\ufffd") ? value : text;
}

/** The answer of the auth server as it is, not to be kept for others. */
function toAnswer({ status, reason, fields, body }: InquiryAnswer): Response {
  if (!fields.has("cache-control")) fields.append("Cache-Control", "no-store");
  return asResponse(new ForwardedResponse({ status, reason, fields }, new BytesSource(body)));
}

function unavailable(message: string, cause?: unknown): ProxyError {
  return new ProxyError("auth_unavailable", message, { cause });
}
