import { z } from "zod";
import { choice, duration, flag, token, wants } from "../values/value-types.ts";
import type { Frozen } from "../freeze.ts";
import { section } from "./section.ts";
import { wherever, writtenAs } from "../values/written.ts";

const COOKIE_FORM = 'the name of a cookie, such as "sluice"';
const PATH_FORM = 'a path that starts with "/", without ";"';
const DOMAIN_FORM = 'a domain, such as "example.com"';

const SECRET_FORM = "a text of 16 or more characters";

/** Its messages do not repeat what was written. */
const secret = z.string({ error: `is no text; accepted: ${SECRET_FORM}` })
  .min(16, { error: `is too short; accepted: ${SECRET_FORM}` });

/** How clients stay with their server: a cookie that names it, without telling who it is. */
export const stickySchema = writtenAs(
  section({
    /** Name of the cookie; without it `sluice_` and the name of the backend, so that backends do not share one. */
    cookie: token(COOKIE_FORM).exactOptional(),
    /**
     * What the cookie is signed with. Proxies with the same secret honour each other's; without one it is drawn at the
     * start, and a restart spreads the clients anew.
     * @example "${STICKY_SECRET}"
     */
    secret: secret.exactOptional(),
    /** How long browsers keep it; 0 until they are closed. */
    max_age: duration.prefault("0s"),
    /** Path below which browsers send it. */
    path: z.string(wants(PATH_FORM)).regex(/^\/[!-:<-~]*$/, wants(PATH_FORM)).prefault("/"),
    /** Domain for which browsers send it; without it the host alone. */
    domain: z.string(wants(DOMAIN_FORM)).regex(/^[\w.-]+$/, wants(DOMAIN_FORM)).exactOptional(),
    /** When other sites' pages may send it. `none` is for `secure` cookies only. */
    same_site: choice(["lax", "strict", "none"]).prefault("lax"),
    /** Whether it is for HTTPS alone; `auto` where the client came by HTTPS. */
    secure: choice(["auto", "always", "never"]).prefault("auto"),
    /** Whether scripts of pages cannot read it. */
    http_only: flag.prefault(true),
  }).refine(({ sameSite, secure }) => sameSite !== "none" || secure === "always", {
    path: ["same_site"],
    error: 'is "none", which browsers take for secure cookies only; accepted: with secure = "always"',
  }),
  {
    rules: [
      wherever({ properties: { same_site: { const: "none" } }, required: ["same_site"] }, {
        properties: { secure: { const: "always" } },
        required: ["secure"],
      }),
    ],
  },
);

export type StickyConfig = Frozen<z.output<typeof stickySchema>>;
