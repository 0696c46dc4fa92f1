import type { z } from "zod";
import { choice, flag, list, size, text } from "../values/value-types.ts";
import type { Frozen } from "../freeze.ts";
import { headerName } from "../values/headers.ts";
import { section } from "./section.ts";

/** Headers that a line may show: each has to be looked for in every message. */
const MAX_HEADERS = 32;
const HEADERS_FORM = `a list of up to ${MAX_HEADERS} names of headers, each once`;

const headerList = list(headerName(new Map()), HEADERS_FORM).refine(
  (names) =>
    names.length <= MAX_HEADERS && new Set(names.map((name) => name.toLowerCase())).size === names.length,
  { error: `holds too many names, or one twice; accepted: ${HEADERS_FORM}` },
);

/** What the proxy writes about itself and about requests. */
export const logSchema = section({
  /** The least important events that are still written. */
  level: choice(["debug", "info", "warn", "error"]).prefault("info"),
  /** One line per request. */
  access: flag.prefault(true),
  /** `auto` is short lines on a terminal and JSON elsewhere; `text` has every field, as `name=value`. */
  format: choice(["auto", "short", "text", "json"]).prefault("auto"),
  /** The file that the log goes to, as seen from the working directory; standard output without it. */
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
