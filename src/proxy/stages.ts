import { addressStage } from "../access/addresses.ts";
import { authStage } from "../access/auth.ts";
import { corsStage } from "../access/cors.ts";
import { cacheStage } from "../cache/stage.ts";
import type { CacheStore } from "../cache/store.ts";
import { compressStage } from "../compression/stage.ts";
import { type CamelCase, toCamelCase } from "../config/sections/section.ts";
import {
  type OwnStagesConfig,
  STAGE_KEYS,
  type StageKey,
  type StagesConfig,
} from "../config/sections/stages.ts";
import { circuitBreakerStage } from "../limits/circuit-breaker-stage.ts";
import { concurrencyStage } from "../limits/concurrency.ts";
import { rateLimitStage } from "../limits/rate-limit.ts";
import type { Stage, StageParts } from "../message/stage.ts";
import type { StageMetrics } from "../message/stage-metrics.ts";
import { requestLimitStage, responseLimitStage } from "./body-limits.ts";
import { faultStage } from "./fault.ts";
import { maintenanceStage } from "./maintenance.ts";
import { middlewareStage } from "./middleware.ts";
import { secureHeadersStage } from "./secure-headers.ts";

/** What a frontend says of one stage. */
type StageConfig<Key extends StageKey> = NonNullable<StagesConfig[CamelCase<Key>]>;

/** What stages are made with. */
interface MakerParts extends StageParts {
  /** Where answers are kept, which is there as soon as somebody asks for it. */
  readonly cacheStore: () => CacheStore;
}

/** Each key, and what the program calls it: asked for in each of ten thousand routes. */
const KEYS = STAGE_KEYS.map((key) => [key, toCamelCase(key)] as const);

/** What makes each stage of its section of the config. */
const MAKERS: { readonly [Key in StageKey]: (config: StageConfig<Key>, parts: MakerParts) => Stage } = {
  secure_headers: secureHeadersStage,
  cors: corsStage,
  access: addressStage,
  maintenance: maintenanceStage,
  rate_limit: rateLimitStage,
  concurrency: concurrencyStage,
  auth: authStage,
  request_body_limit: requestLimitStage,
  fault: (config) => faultStage(config),
  middleware: middlewareStage,
  compress: compressStage,
  response_body_limit: responseLimitStage,
  cache: (config, parts) => cacheStage(config, parts, parts.cacheStore()),
  circuit_breaker: circuitBreakerStage,
};

/** What the stages of a frontend are made with; `at` is its name. */
export interface FrontendParts extends Omit<MakerParts, "counts"> {
  readonly metrics: StageMetrics;
  /** Bytes that bodies of requests may have where no key says so; undefined where whoever reads them sees to that. */
  readonly bodySize?: number | undefined;
}

/** The stages of one frontend: those that it asks for are the same for all of its rules and routes, counts included. */
export class FrontendStages {
  readonly #parts: FrontendParts;
  readonly #inherited: ReadonlyMap<StageKey, Stage>;
  /** Those of requests that nothing more is said of, in order. */
  readonly inherited: readonly Stage[];

  constructor(config: StagesConfig, parts: FrontendParts) {
    this.#parts = parts;
    const { bodySize } = parts;
    this.#inherited = this.#makeAll(
      bodySize === undefined ? config : { requestBodyLimit: bodySize, ...config },
      "",
    );
    this.inherited = [...this.#inherited.values()];
  }

  /** Those of the requests that a rule or a route takes, in order; `name` says which it is. */
  of(asked: OwnStagesConfig, name: string): readonly Stage[] {
    const { bodySize } = this.#parts;
    const own = asked.requestBodyLimit === false && bodySize !== undefined
      ? { ...asked, requestBodyLimit: bodySize }
      : asked;
    if (!KEYS.some(([, name]) => own[name] !== undefined)) return this.inherited;
    const made = this.#makeAll(own, name);
    return KEYS.flatMap(([key, name]) => {
      const stage = own[name] === false ? undefined : made.get(key) ?? this.#inherited.get(key);
      return stage === undefined ? [] : [stage];
    });
  }

  /** All that `config` asks for: that of a rule or a route called `route`, or of the frontend itself. */
  #makeAll(config: OwnStagesConfig, route: string): ReadonlyMap<StageKey, Stage> {
    const { metrics, at: frontend, bodySize: _, ...parts } = this.#parts;
    const at = route === "" ? frontend : `${frontend} ${route}`;
    const counts = metrics.at({ frontend, route });
    const stages = new Map<StageKey, Stage>();
    for (const [key, name] of KEYS) {
      const own = config[name];
      if (own === undefined || own === false) continue;
      const make = MAKERS[key] as (config: typeof own, parts: MakerParts) => Stage;
      stages.set(key, make(own, { ...parts, at, counts }));
    }
    return stages;
  }
}
