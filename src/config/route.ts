import type { z } from "zod";
import { choice, parsed, text } from "./fields.ts";
import type { Frozen } from "./freeze.ts";
import { parseRouteHost } from "./host.ts";
import { refuseValue } from "./message.ts";
import { section } from "./section.ts";

const PREFIX_FORM = 'a path that starts with "/", without query, fragment and white space';

/** Which requests of a frontend go to which backend; the most specific route wins. */
export const routeSchema = section({
  /** Exact name, or `"*.example.com"` for one or more labels in place of the star; without it any host. */
  host: parsed("a host name", parseRouteHost).exactOptional(),
  /** What the path starts with. */
  path_prefix: parsed(PREFIX_FORM, parsePathPrefix).prefault("/"),
  /** Whether `/api` ends at a segment, so that `/apix` is something else, or is compared letter by letter. */
  prefix_match: choice(["segment", "raw"]).prefault("segment"),
  /** Name of a backend. */
  backend: text("the name of a backend"),
});

/** Output type of `routeSchema`. */
export type RouteConfig = Frozen<z.output<typeof routeSchema>>;

function parsePathPrefix(prefix: string): string {
  if (/^\/[^?#\s\p{Cc}]*$/u.test(prefix)) return prefix;
  throw new RangeError(refuseValue(prefix, PREFIX_FORM));
}
