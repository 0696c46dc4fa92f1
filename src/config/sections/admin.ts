import type { z } from "zod";
import { BIND_FORM, parseBind } from "../values/bind.ts";
import { parsed } from "../values/value-types.ts";
import type { Frozen } from "../freeze.ts";
import { section } from "./section.ts";

/** Where the listener for operators is bound, unless the config says where. */
export const DEFAULT_ADMIN_BIND = "127.0.0.1:9090";

/** The listener for operators; there is one only where the config has this section. */
export const adminSchema = section({
  /** Who can reach this address can see every metric: keep it to this machine, or to a network of your own. */
  bind: parsed(BIND_FORM, parseBind).prefault(DEFAULT_ADMIN_BIND),
});

export type AdminConfig = Frozen<z.output<typeof adminSchema>>;
