import type { z } from "zod";
import { choice, flag } from "./fields.ts";
import type { Frozen } from "./freeze.ts";
import { section } from "./section.ts";

/** What the proxy writes about itself and about requests. */
export const logSchema = section({
  /** The least important events that are still written. */
  level: choice(["debug", "info", "warn", "error"]).prefault("info"),
  /** One line per request. */
  access: flag.prefault(true),
  /** `auto` is readable text on a terminal and JSON lines elsewhere. */
  format: choice(["auto", "text", "json"]).prefault("auto"),
});

/** Output type of `logSchema`. */
export type LogConfig = Frozen<z.output<typeof logSchema>>;
