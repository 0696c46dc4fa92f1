import { preferredType } from "../http/accept.ts";
import { BOUNDS } from "./histogram.ts";
import type { MetricType } from "../base/metric-names.ts";

/** A way to write metrics down. */
export interface ExpositionFormat {
  /** Media type of the text, with its version. */
  readonly type: string;
  /** The lines before the samples of a metric. */
  head(name: string, metric: { readonly type: MetricType; readonly help: string }): string;
  /** Values of the label of each bucket of a histogram. */
  readonly bounds: readonly string[];
  /** What stands behind the last sample. */
  readonly end: string;
}

/** Prometheus' text format 0.0.4. */
export const TEXT_FORMAT: ExpositionFormat = {
  type: "text/plain; version=0.0.4; charset=utf-8",
  head: (name, { type, help }) => `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`,
  bounds: [...BOUNDS.map(String), "+Inf"],
  end: "",
};

/**
 * OpenMetrics 1.0. Samples have the names that they have in text; those of counters and of what never changes end in
 * `_total` and `_info`, which the name of the metric leaves out here. A counter without that end cannot be one here.
 */
export const OPENMETRICS: ExpositionFormat = {
  type: "application/openmetrics-text; version=1.0.0; charset=utf-8",
  head(name, { type, help }) {
    const [, stem = name, end] = /^(.+)_(total|info)$/.exec(name) ?? [];
    const its = end === "info" ? "info" : type === "counter" && end === undefined ? "unknown" : type;
    const unit = /_(seconds|bytes)$/.exec(stem)?.[1];
    return `# TYPE ${stem} ${its}\n${
      unit === undefined ? "" : `# UNIT ${stem} ${unit}\n`
    }# HELP ${stem} ${help}\n`;
  },
  // Canonical numbers, as the specification has them: always with a point.
  bounds: [...BOUNDS.map((bound) => Number.isInteger(bound) ? `${bound}.0` : String(bound)), "+Inf"],
  end: "# EOF\n",
};

/** Both of them. */
export const EXPOSITION_FORMATS: readonly ExpositionFormat[] = [TEXT_FORMAT, OPENMETRICS];

/** What a client with this `Accept` likes better; text where it says nothing, or takes neither. */
export function preferredFormat(accept: string | undefined): ExpositionFormat {
  const known = accept?.split(",").filter((range) => !OTHER_VERSION.test(range)).join();
  return preferredType(known, ["text/plain", "application/openmetrics-text"]) ===
      "application/openmetrics-text"
    ? OPENMETRICS
    : TEXT_FORMAT;
}

/** OpenMetrics in a version that is not written here. */
const OTHER_VERSION =
  /^[ \t]*application\/openmetrics-text[ \t]*;(?:.*;)?[ \t]*version[ \t]*=(?![ \t]*"?1\.0\.0"?[ \t]*(?:;|$))/i;
