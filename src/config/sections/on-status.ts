import { z } from "zod";
import { text, wants } from "../values/value-types.ts";
import type { Frozen } from "../freeze.ts";
import { redirectSchema } from "./redirect.ts";
import { respondSchema } from "./respond.ts";
import { section } from "./section.ts";
import { parseStatuses } from "../values/statuses.ts";
import { exactlyOne, writtenAs } from "../values/written.ts";

const STATUS_FORM =
  'a status such as "404", a class such as "5xx" or a range such as "502-504", from 300 to 599';

/** What is done in place of sending an answer on: one of these. */
const insteadSchema = writtenAs(
  section({
    /** Name of the backend that is asked. @example "spare" */
    backend: text("the name of a backend").exactOptional(),
    /** Where the client is sent. */
    redirect: redirectSchema.exactOptional(),
    /** What is answered; its status is that of the answer where nothing is said. */
    respond: respondSchema.exactOptional(),
  }).refine((keys) => Object.keys(keys).length === 1, {
    error: "needs one action; accepted: one of backend, redirect, respond",
  }),
  { rules: [exactlyOne("backend", "redirect", "respond")] },
);

/** What becomes of answers of servers, and of failures on the way to them, by status. The narrowest range counts. */
export const onStatusSchema = z.record(
  writtenAs(
    z.string().refine((written) => (parseStatuses(written)?.from ?? 0) >= 300, wants(STATUS_FORM)),
    { pattern: /^(?:[345]xx|[345]\d\d(?:-[345]\d\d)?)$/ },
  ),
  insteadSchema,
  wants("a table of actions by status"),
);

export type OnStatusConfig = Frozen<z.output<typeof onStatusSchema>>;
