import { z } from "zod";
import { wants } from "../values/value-types.ts";
import type { Frozen } from "../freeze.ts";
import { section } from "./section.ts";
import { template } from "../values/template.ts";

/** A redirect: an address alone, or with its status. */
export const redirectSchema = z.preprocess(
  (written) => typeof written === "string" ? { to: written } : written,
  section({
    /** An address or a path; see `parseTemplate`. */
    to: template,
    status: z.literal([301, 302, 303, 307, 308], wants("301, 302, 303, 307 or 308")).prefault(302),
  }),
);

export type RedirectConfig = Frozen<z.output<typeof redirectSchema>>;
