import type { z } from "zod";
import { POLICY_WORDS } from "../../base/policies.ts";
import { alias, choice, wholeNumber } from "../values/value-types.ts";
import type { Frozen } from "../freeze.ts";
import { section } from "./section.ts";

/** How requests are spread over servers and what these see of them: keys of `[defaults]` and of every backend. */
export const spread = {
  /** The policy that picks a server, under its usual names. */
  balance: alias(POLICY_WORDS).prefault("roundrobin"),
  /** The Host that servers see: `preserve` the client's, or `rewrite` to the server's own. */
  host_header: choice(["preserve", "rewrite"]).prefault("preserve"),
  /** Requests that each server gets between two probes, where it does not say so itself; 0 is no limit. */
  max_requests: wholeNumber(0).prefault(0),
};

const spreadSection = section(spread);

/** The same, as a backend has it. */
export type Spread = Frozen<z.output<typeof spreadSection>>;
