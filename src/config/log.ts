import type { z } from "zod";
import { choice, flag, size } from "./fields.ts";
import type { Frozen } from "./freeze.ts";
import { section } from "./section.ts";

/** What the proxy writes about itself and about requests. */
export const logSchema = section({
  /** The least important events that are still written. */
  level: choice(["debug", "info", "warn", "error"]).prefault("info"),
  /** One line per request. */
  access: flag.prefault(true),
  /** `auto` is short lines on a terminal and JSON elsewhere; `text` has every field, as `name=value`. */
  format: choice(["auto", "short", "text", "json"]).prefault("auto"),
  /** What one value may have in a line, escaped; longer ones are cut, with a mark that says so. */
  value_size: size.prefault("2KiB"),
});

/** Output type of `logSchema`. */
export type LogConfig = Frozen<z.output<typeof logSchema>>;
