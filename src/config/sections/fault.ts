import type { z } from "zod";
import type { Frozen } from "../freeze.ts";
import { positiveDuration, share, wholeNumber } from "../values/value-types.ts";
import { section } from "./section.ts";
import { atLeastOne, needs, writtenAs } from "../values/written.ts";

/** What goes wrong on purpose, so that tests see how clients take it. */
export const faultSchema = writtenAs(
  section({
    /** What requests wait before they go on. @example "2s" */
    delay: positiveDuration.exactOptional(),
    /** Share of the requests that wait; all where nothing is said. @example 0.1 */
    delay_share: share.exactOptional(),
    /** Status that requests get in place of an answer, after the delay where they have both. @example 503 */
    abort: wholeNumber(400, 599).exactOptional(),
    /** Share of the requests that get it, drawn apart from the delay; all where nothing is said. @example 0.01 */
    abort_share: share.exactOptional(),
  }).refine(({ delay, abort }) => delay !== undefined || abort !== undefined, {
    error: "does nothing; accepted: a table with delay, abort or both",
  }).refine(({ delay, delayShare }) => delay !== undefined || delayShare === undefined, {
    path: ["delay_share"],
    error: "does nothing without delay; accepted: beside it",
  }).refine(({ abort, abortShare }) => abort !== undefined || abortShare === undefined, {
    path: ["abort_share"],
    error: "does nothing without abort; accepted: beside it",
  }),
  { rules: [atLeastOne("delay", "abort"), needs("delay_share", "delay"), needs("abort_share", "abort")] },
);

export type FaultConfig = Frozen<z.output<typeof faultSchema>>;
