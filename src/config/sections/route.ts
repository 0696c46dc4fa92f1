import { actionKeys, actionRules } from "./action.ts";
import { choice, parsed } from "../values/value-types.ts";
import { parseRouteHost, ROUTE_HOST } from "../values/host.ts";
import { pathPrefix } from "../values/paths.ts";
import { section } from "./section.ts";
import { writtenAs } from "../values/written.ts";

/** The prefix of a route that names none: every path. */
export const DEFAULT_PATH_PREFIX = "/";

/** Which requests of a frontend go where; the most specific route wins. */
export const routeSchema = writtenAs(
  section({
    /**
     * Exact name, or `"*.example.com"` for one or more labels in place of the star; without it any host.
     * @example "api.example.com"
     */
    host: parsed("a host name", parseRouteHost, ROUTE_HOST).exactOptional(),
    /** What the path starts with. */
    path_prefix: pathPrefix.prefault(DEFAULT_PATH_PREFIX),
    /** Whether `/api` ends at a segment, so that `/apix` is something else, or is compared letter by letter. */
    prefix_match: choice(["segment", "raw"]).prefault("segment"),
    ...actionKeys,
  }),
  { rules: actionRules },
);
