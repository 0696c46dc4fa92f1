import type { z } from "zod";
import { adminToken, adminTokenFile } from "../values/admin-token.ts";
import { BIND, BIND_FORM, parseBind } from "../values/bind.ts";
import { HOST, HOST_FORM, parseHost } from "../values/host.ts";
import { flag, list, parsed, wholeNumber } from "../values/value-types.ts";
import type { Frozen } from "../freeze.ts";
import { section } from "./section.ts";
import { notBoth, wherever, writtenAs } from "../values/written.ts";

/** Where the listener for operators is bound, unless the config says where. */
export const DEFAULT_ADMIN_BIND = "127.0.0.1:9090";

/** The listener for operators; there is one only where the config has this section. */
export const adminSchema = section({
  /** Who reaches it and has the token, if there is one, sees everything, and may change what servers get. */
  bind: parsed(BIND_FORM, parseBind, BIND).prefault(DEFAULT_ADMIN_BIND),
  /**
   * What every request but `/health` and `/ready` has to show; needed where others than this machine can reach `bind`.
   * @example "${ADMIN_TOKEN}"
   */
  token: adminToken.exactOptional(),
  /** A file that holds the token, in its place. @example "/run/secrets/sluice" */
  token_file: adminTokenFile.exactOptional(),
  /** Names under which it is asked besides the bound address and those of this machine: whatever stands in Host. */
  allowed_hosts: list(parsed(HOST_FORM, parseHost, HOST), `a list of names, each ${HOST_FORM}`).prefault([]),
  /**
   * Answers nothing but /health, /ready, /metrics and /status, to everybody who reaches it and under any name, without a
   * token; nothing can be changed.
   */
  pages_only: flag.prefault(false),
  /** Requests that are kept, without secrets, so that a dry run of a reload can say what it would change for them; 0 is none. */
  remember_requests: wholeNumber(0, 1_000_000).prefault(10_000),
}).transform(({ tokenFile, ...admin }) => ({ ...admin, token: admin.token ?? tokenFile }));

/** What may stand alone: an address of this machine, or a variable. */
const OF_THIS_MACHINE = "\\$\\{|^(?:127\\.|[lL][oO][cC][aA][lL][hH][oO][sS][tT]:|\\[[^\\]]*1\\]|unix:)";

writtenAs(adminSchema, {
  rules: [
    notBoth("token", "token_file"),
    wherever(
      { properties: { bind: { not: { pattern: OF_THIS_MACHINE } } }, required: ["bind"] },
      { anyOf: [{ required: ["token"] }, { required: ["token_file"] }, { required: ["pages_only"] }] },
    ),
  ],
});

export type AdminConfig = Frozen<z.output<typeof adminSchema>>;
