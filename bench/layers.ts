import type { Place } from "./contestant.ts";
import { on } from "./on-runtime.ts";
import { type Runtime, RUNTIME_TITLES } from "./runtime.ts";
import { adminSection, routeTables, sluiceConfig } from "./sluice-config.ts";
import type { Trial } from "./trial.ts";

/** What a layer adds to the configuration, and how a table calls it. */
interface Layer {
  title: string;
  /** Keys of the backend that only the row of this layer has. */
  alone?: string;
  log?: string;
  sections?(place: Place): string;
  frontend?: string;
  backend?: string;
}

/** A rule with a condition of each kind that has to be looked at and is not met, and one that changes a field. */
const RULES = `rules = [
  { if = "host == other.example && method in [POST, PUT]", backend = "origin" },
  { if = "path_prefix == /nowhere || header(x-beta) || src in [192.0.2.0/24]", backend = "origin" },
  { if = "cookie(tier) == gold", backend = "origin", request_headers = { set = { X-Tier = "gold" } } },
]
`;
const HEALTH = `[backends.origin.health_check]
path = "/small"
`;
const LIMITS = `[limits]
max_connections = 5000
max_connections_per_client = 5000
`;

/** One on top of the other, in this order. */
const LAYERS: readonly Layer[] = [
  { title: "everything optional off", alone: "ejection = { enabled = false }\nretries = { attempts = 1 }\n" },
  { title: "+ retries and ejection, the defaults" },
  { title: "+ access log", log: " " },
  { title: "+ metrics", sections: adminSection },
  { title: "+ 3 rules", frontend: RULES },
  { title: "+ 10 routes", frontend: routeTables(10) },
  { title: "+ health checks", backend: HEALTH },
  { title: "+ limits", sections: () => LIMITS },
];

/** The same proxy with more and more of what it can do. */
export function layerTrials(runtimes: readonly Runtime[]): Trial[] {
  return runtimes.map((runtime) => ({
    title: `Layers on ${RUNTIME_TITLES[runtime]}`,
    contestants: LAYERS.map(({ title }, i) => ({
      name: `${runtime}-layer-${i}`,
      title,
      config: (place) => layeredConfig(place, LAYERS.slice(0, i + 1)),
      ...on(runtime),
    })),
  }));
}

function layeredConfig(place: Place, layers: readonly Layer[]): string {
  const log = layers.find((layer) => layer.log !== undefined)?.log;
  return sluiceConfig(place, {
    ...(log !== undefined && { log }),
    sections: layers.map((layer) => layer.sections?.(place) ?? "").join("\n"),
    frontend: layers.map((layer) => layer.frontend ?? "").join("\n"),
    backend: [layers.at(-1)?.alone ?? "", ...layers.map((layer) => layer.backend ?? "")].join("\n"),
  });
}
