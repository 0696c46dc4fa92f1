import { z } from "zod";
import { wants } from "../values/value-types.ts";
import type { Frozen } from "../freeze.ts";
import { section } from "./section.ts";
import { template } from "../values/template.ts";
import { writtenAs } from "../values/written.ts";

const redirect = section({
  /** An address or a path, with placeholders such as `{host}` and `{uri}`. @example "https://{host}{uri}" */
  to: template,
  /** 307 and 308 keep the method. */
  status: z.literal([301, 302, 303, 307, 308], wants("301, 302, 303, 307 or 308")).prefault(302),
});

/** A redirect: an address alone, or with its status. */
export const redirectSchema = writtenAs(
  z.preprocess((written) => typeof written === "string" ? { to: written } : written, redirect),
  { either: [template, redirect] },
);

export type RedirectConfig = Frozen<z.output<typeof redirectSchema>>;
