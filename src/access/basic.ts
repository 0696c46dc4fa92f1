import { ProxyError } from "../base/errors.ts";
import type { BasicConfig } from "../config/sections/auth.ts";
import type { StageParts } from "../message/stage.ts";
import type { AuthGranted, AuthMethod, AuthRefused } from "./auth-method.ts";
import { Authenticator } from "./authenticator.ts";
import { hasScheme } from "./authorization.ts";
import { basicChallenge, parseCredentials } from "./credentials.ts";

/** Names and passwords (RFC 7617), checked as a relay does: at a bounded cost, however much is guessed. */
export function basicMethod(
  { users, realm }: BasicConfig,
  { kept, at }: Pick<StageParts, "kept" | "at">,
): AuthMethod {
  const now = () => performance.now();
  // One queue for the process: a second one would take as much of the machine again.
  const first = kept.take("auth: passwords", undefined, () => new Authenticator({ users: {}, now }));
  const authenticator = new Authenticator({ users, now, before: first, place: at });
  return {
    words: `basic for ${Object.keys(users).length} users`,
    challenge: basicChallenge(realm),
    sets: [],
    presents: ({ head }) => hasScheme(head.fields, "basic"),
    async check({ head, exchange }): Promise<AuthGranted | AuthRefused> {
      const credentials = parseCredentials(head.fields.get("authorization") ?? "");
      const verdict = credentials && await authenticator.check(credentials, exchange.client);
      exchange.passwordVerdict = verdict;
      if (verdict === "right" || verdict === "remembered") return { user: credentials!.user, lines: [] };
      if (verdict === "busy") {
        return { error: new ProxyError("queue_full", "Too many passwords are being checked") };
      }
      return { error: new ProxyError("unauthorized", "No valid credentials") };
    },
  };
}
