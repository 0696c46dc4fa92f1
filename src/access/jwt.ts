import { createHash } from "node:crypto";
import { ProxyError } from "../base/errors.ts";
import type { JwtConfig } from "../config/sections/auth-jwt.ts";
import { cookieValues } from "../http/cookie.ts";
import type { FieldLine, IncomingRequest } from "../message/incoming-request.ts";
import type { StageParts } from "../message/stage.ts";
import type { AuthGranted, AuthMethod, AuthRefused } from "./auth-method.ts";
import { bearerChallenge, bearerToken, hasScheme } from "./authorization.ts";
import { claimOf, compileClaims, toFieldValue } from "./claims.ts";
import { createKeySource } from "./key-source.ts";
import type { Claims, KeySet } from "./key-set.ts";
import { VerifiedTokens } from "./verified-tokens.ts";

/** Letters of a token that is looked at. */
const MAX_TOKEN = 8192;
/** Letters of a user's name in the log. */
const MAX_USER = 255;
/** Three parts (RFC 7515 §3.1): what has five is encrypted, and for somebody else. */
const FORM = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** Tokens that somebody has signed who is believed (RFC 7519). */
export function jwtMethod(
  config: JwtConfig,
  parts: Pick<StageParts, "inquirer" | "kept" | "log">,
): AuthMethod {
  const { from, realm, leeway } = config;
  const source = createKeySource(config, parts);
  const missing = compileClaims(config.claims);
  const fields = Object.entries(config.headers);
  const verified = new VerifiedTokens();

  /** What a good token says of its client. */
  function judge(claims: Claims): AuthGranted | AuthRefused {
    const lacks = missing(claims);
    if (lacks !== undefined) {
      return {
        error: new ProxyError("access_denied", `The token does not say what it must: ${lacks}`),
        challenge: bearerChallenge(realm, "insufficient_scope"),
      };
    }
    const lines: FieldLine[] = [];
    for (const [name, claim] of fields) {
      try {
        const value = toFieldValue(claimOf(claims, claim));
        if (value !== undefined) lines.push([name, value]);
      } catch (error) {
        const message = `The token has a ${claim} that no field can say: ${(error as Error).message}`;
        return { error: new ProxyError("access_denied", message) };
      }
    }
    return { user: userOf(claims), lines };
  }

  async function verify(token: string, hash: string, known: KeySet | Promise<KeySet>) {
    let keys = await known;
    const { verifyToken } = await import("./verify-token.ts");
    let result = await verifyToken(token, keys, config);
    if (!result.ok && result.unknownKey) {
      const newer = await source.newer(keys);
      if (newer !== undefined) result = await verifyToken(token, keys = newer, config);
    }
    if (!result.ok) return refused(result.why);
    const found = judge(result.claims);
    verified.add(hash, { found, keys, until: result.expires + leeway });
    return found;
  }

  function refused(why: string): AuthRefused {
    return {
      error: new ProxyError("unauthorized", `No valid token: ${why}`),
      challenge: bearerChallenge(realm, "invalid_token"),
    };
  }

  return {
    words: `jwt (${config.algorithms.join(" ")}) ${source.words}`,
    challenge: bearerChallenge(realm),
    sets: fields.map(([name]) => name),
    presents: (request) =>
      from === "header"
        ? hasScheme(request.head.fields, "bearer")
        : cookieOf(request, from.cookie).length > 0,
    fits: (request) => tokenOf(request, from) !== undefined,
    check(request) {
      const token = tokenOf(request, from);
      if (token === undefined || token.length > MAX_TOKEN) return refused("none of that form");
      const hash = createHash("sha256").update(token).digest("base64");
      const keys = source.keys();
      const known = keys instanceof Promise ? undefined : verified.get(hash, keys, Date.now());
      return known ?? verify(token, hash, keys);
    },
  };
}

function tokenOf(request: IncomingRequest, from: JwtConfig["from"]): string | undefined {
  if (from === "header") return signed(bearerToken(request.head.fields));
  const values = cookieOf(request, from.cookie);
  // Of several a server might believe another one than was looked at here.
  return values.length === 1 ? signed(values[0]) : undefined;
}

function signed(token: string | undefined): string | undefined {
  return token !== undefined && FORM.test(token) ? token : undefined;
}

function cookieOf({ head }: IncomingRequest, name: string): readonly string[] {
  return cookieValues(head.fields, new Set([name])).get(name) ?? [];
}

function userOf({ sub }: Claims): string | undefined {
  return typeof sub === "string" ? sub.replace(/\p{Cc}/gu, "?").slice(0, MAX_USER) : undefined;
}
