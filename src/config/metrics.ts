import type { z } from "zod";
import { flag, parsed } from "./fields.ts";
import type { Frozen } from "./freeze.ts";
import { refuseValue } from "./message.ts";
import { section } from "./section.ts";

const PATH_FORM = 'a path that starts with "/", without query';

/** Metrics on the frontends' own addresses; the admin listener has them always. */
export const metricsSchema = section({
  /** Whether every frontend answers `path` itself: everybody who reaches it sees the metrics. */
  enabled: flag.prefault(false),
  /** Compared as a whole. */
  path: parsed(PATH_FORM, (text) => {
    if (/^\/[^?#\s\p{Cc}]*$/u.test(text)) return text;
    throw new RangeError(refuseValue(text, PATH_FORM));
  }).prefault("/metrics"),
});

/** Output type of `metricsSchema`. */
export type MetricsConfig = Frozen<z.output<typeof metricsSchema>>;
