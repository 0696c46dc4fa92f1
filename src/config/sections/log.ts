import type { z } from "zod";
import { choice, flag, list, positiveDuration, share, size, text } from "../values/value-types.ts";
import type { Frozen } from "../freeze.ts";
import { headerName } from "../values/headers.ts";
import { section } from "./section.ts";
import { writtenAs } from "../values/written.ts";

/** Headers that a line may show: each has to be looked for in every message. */
const MAX_HEADERS = 32;
const HEADERS_FORM = `a list of up to ${MAX_HEADERS} names of headers, each once`;

const headerList = writtenAs(
  list(headerName(new Map()), HEADERS_FORM).refine(
    (names) =>
      names.length <= MAX_HEADERS && new Set(names.map((name) => name.toLowerCase())).size === names.length,
    { error: `holds too many names, or one twice; accepted: ${HEADERS_FORM}` },
  ),
  { rules: [{ maxItems: MAX_HEADERS, uniqueItems: true }] },
);

/** What of a line can be hidden: `query` is that of the target, all others are its fields. */
const MASKED = choice(["query", "client", "peer", "user", "host", "target", "detail", "user_agent"]);
const MASKED_FORM = "a list of query, client, peer, user, host, target, detail, user_agent";

/** What the proxy writes about itself and about requests. */
export const logSchema = section({
  /** The least important events that are still written. */
  level: choice(["debug", "info", "warn", "error"]).prefault("info"),
  /** One line per request. */
  access: flag.prefault(true),
  /** Share of the requests that have a line; those that failed, and the slow ones, have one always. @example 0.01 */
  sample: share.exactOptional(),
  /** Requests that took longer have a line; with it the others have none, but for a `sample`. @example "1s" */
  slower_than: positiveDuration.exactOptional(),
  /** Whether lines also say how much of the time was the proxy's own, and what else was under way. */
  details: flag.prefault(false),
  /** What stands in lines as `[masked]`. */
  mask: list(MASKED, MASKED_FORM).prefault([]),
  /** `auto` is short lines on a terminal and JSON elsewhere; `text` has every field, as `name=value`. */
  format: choice(["auto", "short", "text", "json"]).prefault("auto"),
  /**
   * The file that the log goes to, as seen from the working directory; standard output without it.
   * @example "/var/log/sluice.log"
   */
  file: text("the path of a file, which is made where it is missing").exactOptional(),
  /** What one value may have in a line, escaped; longer ones are cut, with a mark that says so. */
  value_size: size.prefault("2KiB"),
  /** Headers of a request that its line shows, as `request.name`. */
  request_headers: headerList.prefault([]),
  /** Headers of its answer that the line shows, as `response.name`. */
  response_headers: headerList.prefault([]),
  /** Whether those of them that let others pass for the client are shown as they are, and not masked. */
  show_secrets: flag.prefault(false),
});

export type LogConfig = Frozen<z.output<typeof logSchema>>;
