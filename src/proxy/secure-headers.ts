import type { SecureHeadersConfig } from "../config/sections/secure-headers.ts";
import type { Fields } from "../http/fields.ts";
import type { AnswerEdit } from "../message/exchange.ts";
import type { Stage, StageParts } from "../message/stage.ts";

const STRICT_TRANSPORT_SECURITY = "Strict-Transport-Security";

/** Each key with its field and, where there is one, the usual value: those of Hono's `secureHeaders`. */
const FIELDS: readonly (readonly [key: keyof SecureHeadersConfig, name: string, usual?: string])[] = [
  ["contentSecurityPolicy", "Content-Security-Policy"],
  ["contentSecurityPolicyReportOnly", "Content-Security-Policy-Report-Only"],
  ["crossOriginEmbedderPolicy", "Cross-Origin-Embedder-Policy", "require-corp"],
  ["crossOriginOpenerPolicy", "Cross-Origin-Opener-Policy", "same-origin"],
  ["crossOriginResourcePolicy", "Cross-Origin-Resource-Policy", "same-origin"],
  ["originAgentCluster", "Origin-Agent-Cluster", "?1"],
  ["permissionsPolicy", "Permissions-Policy"],
  ["referrerPolicy", "Referrer-Policy", "no-referrer"],
  ["strictTransportSecurity", STRICT_TRANSPORT_SECURITY, "max-age=15552000; includeSubDomains"],
  ["xContentTypeOptions", "X-Content-Type-Options", "nosniff"],
  ["xDnsPrefetchControl", "X-DNS-Prefetch-Control", "off"],
  ["xDownloadOptions", "X-Download-Options", "noopen"],
  ["xFrameOptions", "X-Frame-Options", "SAMEORIGIN"],
  ["xPermittedCrossDomainPolicies", "X-Permitted-Cross-Domain-Policies", "none"],
  ["xXssProtection", "X-XSS-Protection", "0"],
];

/** Adds fields to every answer that tell browsers what not to do with it, and takes those out that tell of the server. */
export function secureHeadersStage(config: SecureHeadersConfig, { schemeOf }: StageParts): Stage {
  const lines = FIELDS.flatMap(([key, name, usual]): [string, string][] => {
    const value = config[key];
    if (value === undefined || value === false) return [];
    return [[name, value === true ? usual! : String(value)]];
  });
  const removed = [
    ...(config.removePoweredBy ? ["x-powered-by"] : []),
    ...(config.removeServer ? ["server"] : []),
  ];
  const { overwrite } = config;
  const onHttps = compileEdit(lines, { removed, overwrite });
  // RFC 6797 §7.2: it is not sent where nothing keeps it from being changed on the way.
  const isStrict = lines.some(([name]) => name === STRICT_TRANSPORT_SECURITY);
  const onHttp = compileEdit(lines.filter(([name]) => name !== STRICT_TRANSPORT_SECURITY), {
    removed: isStrict ? [...removed, STRICT_TRANSPORT_SECURITY.toLowerCase()] : removed,
    overwrite,
  });
  return {
    words: `secure_headers: ${lines.map(([name]) => name).join(", ") || "none"}`,
    around: (next) => (request, taker) => {
      request.exchange.editAnswer(schemeOf(request) === "https" ? onHttps : onHttp);
      next(request, taker);
    },
  };
}

function compileEdit(
  lines: readonly [string, string][],
  { removed, overwrite }: { removed: readonly string[]; overwrite: boolean },
): AnswerEdit {
  const named = lines.map(([name, value]) => ({ name, value, lower: name.toLowerCase() }));
  const goes = new Set([...removed, ...(overwrite ? named.map(({ lower }) => lower) : [])]);
  return (fields: Fields) => {
    if (goes.size > 0) fields.removeWhere(({ lower }) => goes.has(lower));
    for (const { name, value, lower } of named) {
      if (overwrite || !fields.has(lower)) fields.append(name, value);
    }
  };
}
