import type { z } from "zod";
import { duration, flag, list, share, trueOr } from "../values/value-types.ts";
import type { Frozen } from "../freeze.ts";
import { headerName } from "../values/headers.ts";
import { viaName } from "../values/via.ts";
import { section } from "./section.ts";

const keys = section({
  /** Time that answers are fresh which say nothing of it; without it they are not kept for later. @example "1m" */
  default_ttl: duration.exactOptional(),
  /** Share of the time since its Last-Modified that an answer is fresh which says nothing else, up to a day. */
  heuristic: share.prefault(0),
  /** Whether answers that set cookies are kept, and their cookies sent to everybody. */
  keeps_set_cookie: flag.prefault(false),
  /** Time that a stale answer is sent while it is asked for anew, where the answer says nothing of it. */
  stale_while_revalidate: duration.prefault("0s"),
  /** Time that a stale answer is sent where its server fails, where the answer says nothing of it. */
  stale_if_error: duration.prefault("0s"),
  /** How long requests wait for the answer to another one for the same; 0 never. */
  lock_timeout: duration.prefault("5s"),
  /** Whether Cache-Control and Pragma of requests count. */
  heeds_clients: flag.prefault(true),
  /** What Cache-Status calls this cache; false sends none. */
  status_name: viaName.prefault("sluice"),
  /** Fields of answers that hold in place of Cache-Control; the first that is there counts. */
  targets: list(headerName(new Map()), "a list of names of headers").prefault(["CDN-Cache-Control"]),
});

/** Whether answers are kept for later requests, and how: `true`, or a table. */
export const cacheSchema = trueOr(keys, "true, or a table that says how answers are kept");

export type CacheConfig = Frozen<z.output<typeof cacheSchema>>;
