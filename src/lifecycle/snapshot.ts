import { isDeepStrictEqual } from "node:util";
import type { Hono } from "hono";
import { Kept } from "../base/kept.ts";
import type { Log } from "../base/log.ts";
import type { ProbeCount } from "../backend/availability.ts";
import { Backend } from "../backend/backend.ts";
import { CacheStore } from "../cache/store.ts";
import { keptStandings, type Standings } from "../backend/standing.ts";
import type { ActionConfig } from "../config/sections/action.ts";
import type { FrontendConfig } from "../config/sections/frontend.ts";
import type { Config } from "../config/schema.ts";
import { DEFAULT_NAME } from "../config/values/via.ts";
import { IpSet } from "../http/ip.ts";
import type { Handler } from "../message/handler.ts";
import type { InquiryPlace } from "../message/inquiry.ts";
import { behind, type Stage } from "../message/stage.ts";
import { StageMetrics } from "../message/stage-metrics.ts";
import { Resolver } from "../net/resolver.ts";
import { RouteTable, type RouteTraffic } from "../observe/route-traffic.ts";
import { createProxyApp, createProxyHandler } from "../proxy/app.ts";
import { AskedNames } from "../proxy/asked-names.ts";
import { bodySizeOfStages } from "../proxy/body-limits.ts";
import { always, compileCondition, conditionParts } from "../proxy/condition.ts";
import { createDecision, type Decide, noRoute, type OwnPage, type Taken } from "../proxy/decision.ts";
import { answerFailure, type ErrorAnswers } from "../proxy/error-answer.ts";
import { compileAction } from "../proxy/handler.ts";
import type { Authenticator } from "../access/authenticator.ts";
import type { RelayParts } from "../relay/decision.ts";
import { basicChallenge } from "../access/credentials.ts";
import { inquirer } from "../proxy/inquire.ts";
import { stageOrigin } from "./stage-origins.ts";
import { createRelayFrontend, DEFAULT_RELAY } from "./relay-frontend.ts";
import { type IdentityPolicy, schemeOf } from "../proxy/identity.ts";
import { OtherReadings } from "../proxy/other-readings.ts";
import { pathReader } from "../proxy/path-reader.ts";
import { stageCourseOf } from "../proxy/stage-course.ts";
import { leadsTo, nameOfRoute, nameOfRule, toRouteRule } from "../proxy/route-names.ts";
import { Router } from "../proxy/router.ts";
import { type FrontendParts, FrontendStages } from "../proxy/stages.ts";
import { atOnce, mapInSteps, type Steps } from "../net/steps.ts";

/** One frontend with the app that serves it. */
export interface Frontend {
  readonly config: FrontendConfig;
  readonly app: Hono;
  /** What serves the engine's requests without it, where they need nothing that it does. */
  readonly handle?: Handler;
  /** Who answers a request, and what each of those stands for; a relay has `relay` in their place. */
  readonly decide?: Decide;
  readonly taken?: ReadonlyMap<Handler, Taken>;
  /** What requests pass that nothing takes. */
  readonly stages?: readonly Stage[];
  readonly relay?: RelayParts;
  /** What of requests its rules and routes look at. */
  readonly asked: AskedNames;
  /** Whose word about clients is taken. */
  readonly identity: IdentityPolicy;
  readonly errors: ErrorAnswers;
  /** What is counted of its rules and routes; a relay has none. */
  readonly routes?: RouteTable | undefined;
  /** Who checks its users, where a relay has some. */
  readonly users?: Authenticator | undefined;
  /** Lets go of what only this frontend holds open. */
  close?(): void;
}

/** All running objects built from one valid config, without sockets. */
export interface Snapshot {
  readonly config: Config;
  readonly frontends: readonly Frontend[];
  readonly backends: ReadonlyMap<string, Backend>;
  /** By the names of backends: of those that are gone as well, which may come back. */
  readonly standings: ReadonlyMap<string, Standings>;
  /** Probes of all backends, from the first config on. */
  readonly probes: ProbeCount;
  /** What its stages keep through reloads, and what they show in the metrics. */
  readonly kept: Kept;
  readonly stageMetrics: StageMetrics;
  /** Where answers are kept; undefined where none are. */
  readonly cache: CacheStore | undefined;
}

/** Parts that the config does not hold. */
export interface SnapshotParts {
  /** Answers where frontends show metrics. */
  readonly metrics: OwnPage;
  /** Answers where they say whether they are to get requests. */
  readonly ready: () => Response;
  /** Answers where they say which servers get requests. */
  readonly health: () => Response;
  readonly log: Log;
  /** The snapshot that it follows: backends that are the same stay, servers that are the same keep their record. */
  readonly before?: Snapshot | undefined;
}

/** Builds everything that `config` describes; opens nothing. */
export function createSnapshot(config: Config, parts: SnapshotParts): Snapshot {
  return atOnce(buildSnapshot(config, parts));
}

/** The same in steps. */
export function* buildSnapshot(
  config: Config,
  { metrics, ready, health, log, before }: SnapshotParts,
): Steps<Snapshot> {
  const { limits } = config;
  const resolver = new Resolver(config.resolver);
  const sameParts = before !== undefined &&
    isDeepStrictEqual(backendParts(config), backendParts(before.config));
  const standings = keptStandings(Object.keys(config.backends), before?.standings);
  const probes = before?.probes ?? { all: 0, passed: 0 };
  const backends = new Map(
    yield* mapInSteps(Object.values(config.backends), (backend) => {
      const old = before?.backends.get(backend.name);
      const stays = old !== undefined && sameParts && isDeepStrictEqual(old.config, backend);
      if (stays) return [backend.name, old] as const;
      const parts = { limits, resolver, log, before: old, standings: standings.get(backend.name), probes };
      return [backend.name, new Backend(backend, parts)] as const;
    }),
  );
  const pagesOf = ({ readyPath, healthPath }: FrontendConfig) => {
    const pages = new Map<string, OwnPage>();
    if (config.metrics.enabled) pages.set(config.metrics.path, metrics);
    if (readyPath !== undefined) pages.set(readyPath, ready);
    if (healthPath !== undefined) pages.set(healthPath, health);
    return pages.size > 0 ? pages : undefined;
  };
  const kept = new Kept(before?.kept);
  const stageMetrics = new StageMetrics(before?.stageMetrics);
  let cache: CacheStore | undefined;
  const cacheStore = () => cache ??= kept.take("cache", config.cache, () => new CacheStore(config.cache));
  const originParts = { config, kept, limits, resolver, log };
  const forStages = {
    kept,
    metrics: stageMetrics,
    log,
    cacheStore,
    backendAt: (place: InquiryPlace) =>
      "backend" in place ? backends.get(place.backend)! : stageOrigin(place.origin, originParts),
  };
  const frontends: Frontend[] = [];
  for (const frontend of config.frontends) {
    const old = before?.frontends.find((old) => old.config.name === frontend.name);
    if (frontend.mode === "relay") {
      frontends.push(createRelay(frontend, { config, backends, log, usersBefore: old?.users }));
    } else {
      const routes = new RouteTable(old?.routes);
      frontends.push(
        yield* buildFrontend(frontend, {
          backends,
          routes,
          pages: pagesOf(frontend),
          forStages: { ...forStages, bodySize: bodySizeOfStages(frontend, limits.bodySize) },
        }),
      );
    }
    yield;
  }
  return { config, frontends, backends, standings, probes, kept, stageMetrics, cache };
}

/** What of a config every backend is built with: where it changed, none stays. */
function backendParts({ limits: { headerSize, headerCount, targetSize }, resolver }: Config) {
  return { headerSize, headerCount, targetSize, resolver };
}

function createRelay(
  config: FrontendConfig,
  { backends, ...parts }: {
    config: Config;
    backends: ReadonlyMap<string, Backend>;
    log: Log;
    usersBefore: Authenticator | undefined;
  },
): Frontend {
  const identity = toIdentityPolicy(config);
  const { realm } = config.relay ?? DEFAULT_RELAY;
  const errors = {
    name: config.via || DEFAULT_NAME,
    pages: new Map(Object.entries(config.errorPages)),
    challenge: basicChallenge(realm),
  };
  const parents = config.defaultBackend === undefined ? undefined : backends.get(config.defaultBackend);
  const resolver = new Resolver({ ...parts.config.resolver, untrusted: true });
  const { app, relay, users } = createRelayFrontend(config, {
    ...parts,
    resolver,
    parents,
    identity,
    errors,
  });
  const asked = new AskedNames();
  return { config, app, relay, asked, identity, errors, users, close: () => relay.origins.close() };
}

function* buildFrontend(
  config: FrontendConfig,
  { backends, routes, pages, forStages: { backendAt, ...forStages } }: {
    backends: ReadonlyMap<string, Backend>;
    routes: RouteTable;
    pages: ReadonlyMap<string, OwnPage> | undefined;
    forStages: Omit<FrontendParts, "at" | "schemeOf" | "inquirer" | "failureAnswer"> & {
      backendAt: (place: InquiryPlace) => Backend;
    };
  },
): Steps<Frontend> {
  const errors = { name: config.via || DEFAULT_NAME, pages: new Map(Object.entries(config.errorPages)) };
  const identity = toIdentityPolicy(config);
  const parts = { backends, identity };
  const ofFrontend = new FrontendStages(config, {
    ...forStages,
    at: config.name,
    schemeOf: (request) => schemeOf(request, identity),
    failureAnswer: (error, exchange) => answerFailure(error, exchange, errors),
    inquirer: (place) => inquirer(backendAt(place), identity),
  });
  const taken = new Map<Handler, Taken>();
  const take = (name: string, action: ActionConfig, kind: Taken["kind"], index = 0) => {
    const { handle, courseOf } = compileAction(action, parts);
    const stages = ofFrontend.of(action, `${kind} ${name}`);
    const handler = countedBy(
      routes.add(name, leadsTo(action), action.backend),
      behind(stages, handle, () => stageCourseOf(action, identity)),
    );
    taken.set(handler, { kind, index, action, courseOf, stages, handle });
    return handler;
  };
  const otherReadings = OtherReadings.of(config, (handler) => taken.get(handler)!.action);
  const paths = otherReadings?.paths ?? pathReader(config.normalize);
  const inConditions = conditionParts(identity, paths);
  const asked = new AskedNames();
  const router = config.routes.length === 0 ? undefined : new Router<Handler>();
  let index = 0;
  yield* mapInSteps(config.routes, (route) => {
    asked.add(route);
    router?.add(toRouteRule(route, paths, take(nameOfRoute(route), route, "route", index++)));
  });
  index = 0;
  const decide = createDecision({
    rules: yield* mapInSteps(config.rules, (rule) => {
      asked.add(rule);
      return {
        matches: rule.if === undefined ? always : compileCondition(rule.if.condition, inConditions),
        handler: take(nameOfRule(rule), rule, "rule", index++),
      };
    }),
    router,
    fallback: config.defaultBackend === undefined
      ? undefined
      : take("default", { backend: config.defaultBackend, forwardQuery: true }, "default"),
    paths,
    identity,
    otherReadings,
    pages,
  });
  const stages = ofFrontend.inherited;
  const handle = createProxyHandler(
    decide,
    stages.length === 0
      ? undefined
      : behind(stages, ({ exchange }, taker) => taker.onFailed(exchange, noRoute())),
  );
  return {
    config,
    app: createProxyApp(handle, errors),
    handle,
    decide,
    taken,
    stages,
    asked,
    identity,
    errors,
    routes,
  };
}

/** Has `handler` answer, and its requests counted. */
function countedBy(route: RouteTraffic, handler: Handler): Handler {
  return (request, taker) => {
    request.exchange.route = route;
    handler(request, taker);
  };
}

function toIdentityPolicy(config: FrontendConfig): IdentityPolicy {
  const { trustedProxies = [] } = config;
  const relays = config.mode === "relay"; // a client's headers are for its target, not for servers of ours
  return {
    trusted: new IpSet(trustedProxies.flatMap((entry) => entry === "unix" ? [] : entry)),
    trustsUnix: trustedProxies.includes("unix"),
    clientHeader: config.clientHeader,
    keepsUntrustedChain: config.trustedProxies === undefined,
    aliases: relays && config.headerAliases === "drop" ? "keep" : config.headerAliases,
    sendsForwarded: config.forwardedHeader,
    transparent: relays,
    name: config.via || DEFAULT_NAME,
    via: config.via,
  };
}
