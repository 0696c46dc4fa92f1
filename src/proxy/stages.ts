import { addressStage } from "../access/addresses.ts";
import { type CamelCase, toCamelCase } from "../config/sections/section.ts";
import {
  type OwnStagesConfig,
  STAGE_KEYS,
  type StageKey,
  type StagesConfig,
} from "../config/sections/stages.ts";
import { circuitBreakerStage } from "../limits/circuit-breaker-stage.ts";
import type { Stage, StageParts } from "../message/stage.ts";
import type { StageMetrics } from "../message/stage-metrics.ts";

/** What a config says of one stage. */
type StageConfig<Key extends StageKey> = NonNullable<StagesConfig[CamelCase<Key>]>;

/** What makes each stage of its section of the config. */
const MAKERS: {
  readonly [Key in StageKey]: (config: StageConfig<Key>, parts: StageParts) => Stage;
} = {
  access: addressStage,
  circuit_breaker: circuitBreakerStage,
};

/** What the stages of a frontend are made with; `at` is its name. */
export interface FrontendParts extends Omit<StageParts, "counts"> {
  readonly metrics: StageMetrics;
}

/** The stages of one frontend: those that it asks for are the same for all of its rules and routes, counts included. */
export class FrontendStages {
  readonly #parts: FrontendParts;
  readonly #inherited: ReadonlyMap<StageKey, Stage>;

  constructor(config: StagesConfig, parts: FrontendParts) {
    this.#parts = parts;
    this.#inherited = this.#makeAll(config, "");
  }

  /** Those of requests that nothing more is said of, in order. */
  get inherited(): readonly Stage[] {
    return [...this.#inherited.values()];
  }

  /** Those of the requests that a rule or a route takes, in order; `name` says which it is. */
  of(own: OwnStagesConfig, name: string): readonly Stage[] {
    if (!STAGE_KEYS.some((key) => own[toCamelCase(key)] !== undefined)) return this.inherited;
    const made = this.#makeAll(own, name);
    return STAGE_KEYS.flatMap((key) => {
      const stage = own[toCamelCase(key)] === false ? undefined : made.get(key) ?? this.#inherited.get(key);
      return stage === undefined ? [] : [stage];
    });
  }

  /** All that `config` asks for: that of a rule or a route called `route`, or of the frontend itself. */
  #makeAll(config: OwnStagesConfig, route: string): ReadonlyMap<StageKey, Stage> {
    const { metrics, at: frontend, ...parts } = this.#parts;
    const at = route === "" ? frontend : `${frontend} ${route}`;
    const counts = metrics.at({ frontend, route });
    const stages = new Map<StageKey, Stage>();
    for (const key of STAGE_KEYS) {
      const own = config[toCamelCase(key)];
      if (own !== undefined && own !== false) stages.set(key, make(key, own, { ...parts, at, counts }));
    }
    return stages;
  }
}

/** The compiler can tell what belongs to a key only where the key is one. */
function make<Key extends StageKey>(key: Key, config: StageConfig<Key>, parts: StageParts): Stage {
  return MAKERS[key](config, parts);
}
