import type { z } from "zod";
import type { Frozen } from "../freeze.ts";
import { refuseValue } from "../problems/wording.ts";
import { duration, flag, list, parsed, token, trueOr } from "../values/value-types.ts";
import { section } from "./section.ts";
import { wherever, writtenAs } from "../values/written.ts";

const ORIGIN_FORM = '"https://a.example", "https://*.a.example" for what is below it, "null", or "*" for all';
const METHOD_FORM = 'a method such as "PUT"';
const HEADER_FORM = "the name of a header";

/** An origin as browsers write it (Origin), or those below a domain. */
export interface AllowedOrigin {
  /** `https://`, all of it where `below` is undefined. */
  readonly start: string;
  /** `.a.example` and, where it is not the usual one, the port. */
  readonly below: string | undefined;
}

/** What an origin looks like; not every such text has a host. */
const ORIGIN = /^(?:\*|null|[A-Za-z][A-Za-z0-9+.-]*:\/\/(?:\*\.)?[^/?#@*\s\\]+)$/;

const WITH_CREDENTIALS = { properties: { credentials: { const: true } }, required: ["credentials"] };
const NO_STAR = { not: { contains: { const: "*" } } };
const NO_STARS = {
  properties: { origins: NO_STAR, methods: NO_STAR, headers: NO_STAR, expose: NO_STAR },
  required: ["origins"],
};

/** Pages of which origins may read answers (CORS, Fetch standard §3.2). */
export const corsSchema = trueOr(
  writtenAs(
    section({
      /** Whose pages. */
      origins: list(parsed(ORIGIN_FORM, parseOrigin, ORIGIN), `a list of origins, each ${ORIGIN_FORM}`, 1)
        .prefault([
          "*",
        ]),
      /** By which methods beside those that need no asking. */
      methods: list(token(METHOD_FORM), `a list of ${METHOD_FORM}`, 1)
        .prefault(["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH"]),
      /** With which header fields; without it with any. @example ["X-Token"] */
      headers: list(token(HEADER_FORM), "a list of header names").exactOptional(),
      /** Which fields of answers they may read beside those that all may. */
      expose: list(token(HEADER_FORM), "a list of header names").prefault([]),
      /** Whether browsers send cookies with it. */
      credentials: flag.prefault(false),
      /** How long browsers need not ask again. */
      max_age: duration.prefault("10m"),
    }).superRefine(({ credentials, origins, ...lists }, context) => {
      if (!credentials) return;
      const message = 'is "*", which means nothing with credentials; accepted: names, or credentials = false';
      const refuse = (path: (string | number)[]) => context.addIssue({ code: "custom", path, message });
      const any = origins.indexOf("*");
      if (any !== -1) refuse(["origins", any]);
      for (const [key, names = []] of Object.entries(lists)) {
        if (Array.isArray(names) && names.includes("*")) refuse([key, names.indexOf("*")]);
      }
    }),
    { rules: [wherever(WITH_CREDENTIALS, NO_STARS)] },
  ),
  "true, or a table of who may read what",
);

export type CorsConfig = Frozen<z.output<typeof corsSchema>>;

function parseOrigin(text: string): AllowedOrigin | "*" | "null" {
  if (text === "*" || text === "null") return text;
  const [, scheme, star = "", host] = /^([a-z][a-z0-9+.-]*:\/\/)(\*\.)?([^/?#@*\s\\]+)$/i.exec(text) ?? [];
  if (scheme === undefined || host === undefined || !URL.canParse(scheme + host)) {
    throw new RangeError(refuseValue(text, ORIGIN_FORM, URL.canParse(text) ? originOf(text) : undefined));
  }
  const { protocol, host: normal } = new URL(scheme + host); // in the form that browsers give it
  const start = `${protocol}//`;
  return star === "" ? { start: start + normal, below: undefined } : { start, below: `.${normal}` };
}

/** The origin that a URL lies in, which is what was meant by it. */
function originOf(url: string): string | undefined {
  const { origin } = new URL(url);
  return origin === "null" || origin.includes("*") ? undefined : origin;
}
