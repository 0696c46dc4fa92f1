import type { z } from "zod";
import { size, wholeNumber } from "../values/value-types.ts";
import type { Frozen } from "../freeze.ts";
import { section } from "./section.ts";

/** What answers that are kept may take up, all of them together. */
export const cacheStoreSchema = section({
  /** All that is kept, with heads; while answers come in, up to half of it more. */
  size: size.prefault("64MiB"),
  /** The largest that is kept, without its head. */
  object_size: size.prefault("1MiB"),
  /** How many are kept. */
  objects: wholeNumber(1, 1_000_000).prefault(10_000),
}).refine(({ size, objectSize }) => objectSize <= size / 4, {
  path: ["object_size"],
  error: "is more than a quarter of size; accepted: a size up to that",
});

export type CacheStoreConfig = Frozen<z.output<typeof cacheStoreSchema>>;
