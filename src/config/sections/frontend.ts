import { z } from "zod";
import { BIND, BIND_FORM, parseBind } from "../values/bind.ts";
import { errorPagesSchema } from "./error-pages.ts";
import { choice, flag, list, parsed, text, wholeNumber } from "../values/value-types.ts";
import type { Frozen } from "../freeze.ts";
import { pagePath } from "../values/paths.ts";
import { relaySchema } from "./relay.ts";
import { routeSchema } from "./route.ts";
import { ruleSchema } from "./rule.ts";
import { section } from "./section.ts";
import { STAGE_KEYS, stageKeys } from "./stages.ts";
import { downstreamTimeoutsSchema } from "./timeouts.ts";
import { parseTrustedProxy, TRUSTED_PROXY, TRUSTED_PROXY_FORM } from "../values/trusted-proxy.ts";
import { DEFAULT_NAME, viaName } from "../values/via.ts";
import { atLeastOne, wherever, writtenAs } from "../values/written.ts";

const address = parsed(BIND_FORM, parseBind, BIND);
const addresses = list(address, "an address or a list of addresses", 1);

/** Bound addresses and where their requests lead. */
const frontendSchema = section({
  /** Name in logs and metrics; `frontend1`, `frontend2`, … by position where there is none. @example "web" */
  name: text("a name").exactOptional(),
  /** Where it listens: one address or a list of them; port 0 is any that is free. @example "0.0.0.0:8080" */
  bind: writtenAs(
    z.preprocess(
      (written) => Array.isArray(written) || written === undefined ? written : [written],
      addresses,
    ),
    { either: [address, addresses] },
  ),
  /** What the frontend is: a reverse proxy, or a forward proxy. */
  mode: choice(["reverse", "relay"]).prefault("reverse"),
  /** Conditions in order; the first that is met decides, before any route. */
  rules: list(ruleSchema, "a list of rules").prefault([]),
  /** Backend of the requests that no rule and no route takes; without it they are answered 404. @example "app" */
  default_backend: text("the name of a backend").exactOptional(),
  /**
   * Name of this proxy in the Via field of requests and answers; `false` sends none. Then the field CDN-Loop, by which
   * loops are found, has the default name.
   */
  via: viaName.prefault(DEFAULT_NAME),
  /**
   * Proxies in front of this one, whose word about the client is taken. Where the list is there, even empty, what
   * others say is dropped; without it their X-Forwarded-For is passed on, but not believed.
   * @example ["10.0.0.0/8"]
   */
  trusted_proxies: list(
    parsed(TRUSTED_PROXY_FORM, parseTrustedProxy, TRUSTED_PROXY),
    `a list of addresses, each ${TRUSTED_PROXY_FORM}`,
  ).exactOptional(),
  /** The field in which trusted proxies report the client; they must not pass on a client's own. */
  client_header: choice(["x-forwarded-for", "forwarded"]).prefault("x-forwarded-for"),
  /** Whether servers get the field Forwarded (RFC 7239) beside X-Forwarded-For. */
  forwarded_header: flag.prefault(false),
  /** The path that rules and routes compare: as it came, as servers may read it, or that and nothing that can be read in two ways. */
  normalize: choice(["off", "match", "refuse"]).prefault("match"),
  /** What becomes of header names that hold more than letters, digits and `-`, and so may pass for others. */
  header_aliases: choice(["drop", "reject", "keep"]).prefault("drop"),
  /**
   * Own pages for errors that the proxy answers.
   * @example { 5xx = "pages/error.html", 404 = "pages/missing.json" }
   */
  error_pages: errorPagesSchema.prefault({}),
  /** Clients connected at a time to this frontend; 0 is no limit. */
  max_connections: wholeNumber(0).prefault(0),
  /**
   * Path at which the frontend says itself whether it is to get requests: 200, and 503 from the signal to stop on.
   * @example "/ready"
   */
  ready_path: pagePath.exactOptional(),
  /**
   * Path at which the frontend says itself which servers get requests: 200, with what /health of the admin listener says.
   * @example "/health"
   */
  health_path: pagePath.exactOptional(),
  /** A client that finishes sending: it gets its answers, or it counts as gone. */
  half_close: choice(["answer", "abort"]).prefault("answer"),
  /** Timeouts toward clients; no clock runs over a body as a whole. */
  timeouts: downstreamTimeoutsSchema.prefault({}),
  /** What a relay allows. */
  relay: relaySchema.exactOptional(),
  /** Hosts and paths, and where they lead, in any order: the most specific counts. */
  routes: list(routeSchema, "a list of routes").prefault([]),
  ...stageKeys,
});

/** Keys that mean nothing to a relay. */
const FOR_REVERSE = ["ready_path", "health_path", ...STAGE_KEYS];
const IS_RELAY = { properties: { mode: { const: "relay" } }, required: ["mode"] };

writtenAs(frontendSchema, {
  rules: [
    wherever(IS_RELAY, {
      properties: { rules: { maxItems: 0 }, routes: { maxItems: 0 } },
      not: atLeastOne(...FOR_REVERSE),
    }),
    wherever({ not: IS_RELAY }, {
      ...atLeastOne("default_backend", "rules", "routes"),
      not: { required: ["relay"] },
    }),
  ],
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
