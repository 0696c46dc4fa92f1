import type { Hono } from "hono";
import { type Log, SILENT_LOG } from "../base/log.ts";
import type { Backend } from "../backend/backend.ts";
import type { FrontendConfig } from "../config/sections/frontend.ts";
import { type RelayConfig, relaySchema } from "../config/sections/relay.ts";
import type { Config } from "../config/schema.ts";
import { IpSet } from "../http/ip.ts";
import type { NameResolver } from "../net/resolver.ts";
import type { ErrorAnswers } from "../proxy/error-answer.ts";
import type { IdentityPolicy } from "../proxy/identity.ts";
import { Access } from "../relay/access.ts";
import { createRelayApp } from "../relay/app.ts";
import type { RelayParts } from "../relay/decision.ts";
import { Authenticator } from "../access/authenticator.ts";
import { CheckedResolver } from "../relay/checked-resolver.ts";
import { compileDomainPolicy } from "../relay/domain-policy.ts";
import { compileDeniedDomains, compileDomains } from "../relay/domains.ts";
import { Origins } from "../relay/origins.ts";
import { pacFile } from "../relay/pac.ts";
import { isPublic } from "../relay/private-addresses.ts";
import { originPattern } from "./origin-pattern.ts";

export interface RelayFrontendParts {
  readonly config: Config;
  readonly parents: Backend | undefined;
  readonly identity: IdentityPolicy;
  readonly errors: ErrorAnswers;
  readonly resolver: NameResolver;
  readonly log: Log;
  /** Who checked its users by the config before. */
  readonly usersBefore: Authenticator | undefined;
}

/** What a relay allows where its config says nothing. */
export const DEFAULT_RELAY: RelayConfig = relaySchema.parse({});

/** The app of a frontend with `mode = "relay"`, and what it holds open. */
export function createRelayFrontend(
  { relay = DEFAULT_RELAY }: FrontendConfig,
  { config, parents, identity, errors, resolver, log, usersBefore }: RelayFrontendParts,
): { app: Hono; relay: RelayParts; users: Authenticator | undefined } {
  const { domainPolicy, deny, pac, pacAddress } = relay;
  const matches = compileDomains(domainPolicy.domains);
  const denies = compileDeniedDomains(deny);
  const open = new IpSet(relay.allowPrivate);
  const allowsAddress = (address: string) => (isPublic(address) || open.has(address)) && !denies(address);
  const users = Object.keys(relay.users).length === 0
    ? undefined
    : new Authenticator({ users: relay.users, now: () => performance.now(), before: usersBefore });
  const origins = new Origins(originPattern(config), {
    limits: config.limits,
    resolver: new CheckedResolver(resolver, allowsAddress),
    log: quieter(log),
  });
  const relayParts: RelayParts = {
    identity,
    errors,
    access: new Access({
      clients: new IpSet(relay.allowClients.flatMap((entry) => entry === "unix" ? [] : entry)),
      allowsUnix: relay.allowClients.includes("unix"),
      users,
      connectPorts: relay.connectPorts === "all" ? undefined : new Set(relay.connectPorts),
      denies,
      allowsAddress,
    }),
    parents,
    routeOf: compileDomainPolicy({ mode: domainPolicy.mode, matches }),
    origins,
    pac: pac
      ? (authority) =>
        pacFile({ policy: domainPolicy.mode, patterns: domainPolicy.domains, proxy: pacAddress ?? authority })
      : undefined,
  };
  return { app: createRelayApp(relayParts), relay: relayParts, users };
}

/** Access lines tell what becomes of the names that clients ask for: in the rest of the log they are only of the level debug. */
function quieter(log: Log): Log {
  const debug: Log["debug"] = (event, fields) => log.debug(event, fields);
  return { ...SILENT_LOG, debug, info: debug, warn: debug };
}
