import { addressStage } from "../access/addresses.ts";
import { toCamelCase } from "../config/sections/section.ts";
import {
  type OwnStagesConfig,
  STAGE_KEYS,
  type StageKey,
  type StagesConfig,
} from "../config/sections/stages.ts";
import type { Stage, StageParts } from "../message/stage.ts";

/** What makes each stage of its section of the config. */
const MAKERS: {
  readonly [Key in StageKey]: (config: NonNullable<StagesConfig[Key]>, parts: StageParts) => Stage;
} = {
  access: addressStage,
};

/** The stages of one frontend: those that it asks for are the same for all of its rules and routes, counts included. */
export class FrontendStages {
  readonly #parts: StageParts;
  readonly #inherited: ReadonlyMap<StageKey, Stage>;

  constructor(config: StagesConfig, parts: StageParts) {
    this.#parts = parts;
    this.#inherited = makeAll(config, parts);
  }

  /** Those of requests that nothing more is said of, in order. */
  get inherited(): readonly Stage[] {
    return [...this.#inherited.values()];
  }

  /** Those of the requests that a rule or a route takes, in order; `name` says which it is. */
  of(own: OwnStagesConfig, name: string): readonly Stage[] {
    if (!STAGE_KEYS.some((key) => own[toCamelCase(key)] !== undefined)) return this.inherited;
    const made = makeAll(own, { ...this.#parts, at: `${this.#parts.at} ${name}` });
    return STAGE_KEYS.flatMap((key) => {
      const stage = own[toCamelCase(key)] === false ? undefined : made.get(key) ?? this.#inherited.get(key);
      return stage === undefined ? [] : [stage];
    });
  }
}

function makeAll(config: OwnStagesConfig, parts: StageParts): ReadonlyMap<StageKey, Stage> {
  const stages = new Map<StageKey, Stage>();
  for (const key of STAGE_KEYS) {
    const own = config[toCamelCase(key)];
    if (own !== undefined && own !== false) stages.set(key, MAKERS[key](own, parts));
  }
  return stages;
}
