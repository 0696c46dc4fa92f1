import { z } from "zod";
import { BIND_FORM, parseBind } from "./bind.ts";
import { choice, list, parsed, text, wants } from "./fields.ts";
import type { Frozen } from "./freeze.ts";
import { routeSchema } from "./route.ts";
import { section } from "./section.ts";
import { downstreamTimeoutsSchema } from "./timeouts.ts";

const VIA_FORM = 'a token, such as "sluice"';

/** Bound addresses and where their requests lead. */
export const frontendSchema = section({
  /** Name in logs and metrics; `frontend1`, `frontend2`, … by position where there is none. */
  name: text("a name").exactOptional(),
  /** One address or a list of them; see `BindAddress`. */
  bind: z.preprocess(
    (written) => Array.isArray(written) || written === undefined ? written : [written],
    list(parsed(BIND_FORM, parseBind), "an address or a list of addresses", 1),
  ),
  /** What the frontend does with requests; this release knows the reverse proxy. */
  mode: choice(["reverse"]).prefault("reverse"),
  /** Backend of the requests that no route takes; without it they are answered 404. */
  default_backend: text("the name of a backend").exactOptional(),
  /** Name of this proxy in the Via field: a pseudonym in place of its host (RFC 9110 §7.6.3). */
  via: z.string(wants(VIA_FORM)).regex(/^[\w!#$%&'*+.^`|~-]+$/, wants(VIA_FORM)).prefault("sluice"),
  timeouts: downstreamTimeoutsSchema.prefault({}),
  routes: list(routeSchema, "a list of routes").prefault([]),
});

/** All frontends, each with its name. */
export const frontendsSchema = list(frontendSchema, "one or more frontends", 1).transform((frontends) =>
  frontends.map((frontend, i) => ({ ...frontend, name: frontend.name ?? defaultFrontendName(i) }))
);

/** One frontend, output of `frontendsSchema`. */
export type FrontendConfig = Frozen<z.output<typeof frontendsSchema>[number]>;

/** Name of a frontend that has none, by its position from 0. */
export function defaultFrontendName(position: number): string {
  return `frontend${position + 1}`;
}
