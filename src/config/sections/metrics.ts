import { flag } from "../values/value-types.ts";
import { pagePath } from "../values/paths.ts";
import { section } from "./section.ts";

/** Path of the metrics on frontends, unless the config names one. */
export const DEFAULT_METRICS_PATH = "/metrics";

/** What the metrics hold, and whether frontends show them; the admin listener has them always. */
export const metricsSchema = section({
  /** Whether every frontend answers `path` itself: everybody who reaches it sees the metrics. */
  enabled: flag.prefault(false),
  /** Path of the metrics on frontends, compared as a whole. */
  path: pagePath.prefault(DEFAULT_METRICS_PATH),
  /** Whether metrics are shown under the names of http-proxy-lb and pyhaproxy as well, wherever they are shown. */
  compat: flag.prefault(false),
});
