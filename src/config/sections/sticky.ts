import { z } from "zod";
import { isToken } from "../../http/chars.ts";
import { choice, duration, flag, wants } from "../values/value-types.ts";
import type { Frozen } from "../freeze.ts";
import { section } from "./section.ts";

const COOKIE_FORM = 'the name of a cookie, such as "sluice"';
const PATH_FORM = 'a path that starts with "/", without ";"';
const DOMAIN_FORM = 'a domain, such as "example.com"';

const SECRET_FORM = "a text of 16 or more characters";

/** Its messages do not repeat what was written. */
const secret = z.string({ error: `is no text; accepted: ${SECRET_FORM}` })
  .min(16, { error: `is too short; accepted: ${SECRET_FORM}` });

/** How clients stay with their server: a cookie that names it, without telling who it is. */
export const stickySchema = section({
  /** Name of the cookie; without it `sluice_` and the name of the backend, so that backends do not share one. */
  cookie: z.string(wants(COOKIE_FORM)).refine(isToken, wants(COOKIE_FORM)).exactOptional(),
  /**
   * What the cookie is signed with. Proxies with the same secret honour each other's; without one it is drawn at the
   * start, and a restart spreads the clients anew.
   */
  secret: secret.exactOptional(),
  /** How long clients keep it; 0 until they are closed. */
  max_age: duration.prefault("0s"),
  path: z.string(wants(PATH_FORM)).regex(/^\/[!-:<-~]*$/, wants(PATH_FORM)).prefault("/"),
  domain: z.string(wants(DOMAIN_FORM)).regex(/^[\w.-]+$/, wants(DOMAIN_FORM)).exactOptional(),
  /** When other sites' pages may send it. `none` is for `secure` cookies only. */
  same_site: choice(["lax", "strict", "none"]).prefault("lax"),
  /** Whether it is for HTTPS alone; `auto` where the client came by HTTPS. */
  secure: choice(["auto", "always", "never"]).prefault("auto"),
  http_only: flag.prefault(true),
}).refine(({ sameSite, secure }) => sameSite !== "none" || secure === "always", {
  path: ["same_site"],
  error: 'is "none", which browsers take for secure cookies only; accepted: with secure = "always"',
});

export type StickyConfig = Frozen<z.output<typeof stickySchema>>;
