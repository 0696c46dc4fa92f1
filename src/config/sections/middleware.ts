import { z } from "zod";
import type { Frozen } from "../freeze.ts";
import { refuseValue } from "../problems/wording.ts";
import { list, wants } from "../values/value-types.ts";
import { writtenAs } from "../values/written.ts";

/** A middleware of a program, which Hono calls; what it takes and returns is said where it is called. */
export type MiddlewareFunction = (...args: never[]) => unknown;

/** What runs around requests: a function of a program, or a module of a file, relative to the config. */
export interface MiddlewareEntry {
  /** Path of the file as written, or the name of the function. */
  readonly name: string;
  /** Undefined for a file that is not loaded. */
  readonly run?: MiddlewareFunction | undefined;
}

const FORM = 'the path of a module, such as "./my.ts" or "/etc/sluice/my.js"';

const MODULE = /^\.{0,2}\/[^\p{Cc}?#]*\.[mc]?[jt]sx?$/u;

const entry = writtenAs(
  z.unknown().transform((written, context): MiddlewareEntry => {
    if (typeof written === "function") {
      return { name: written.name || "a function", run: written as MiddlewareFunction };
    }
    if (typeof written === "string" && MODULE.test(written)) {
      return { name: written };
    }
    context.addIssue(refuseValue(written, FORM));
    return z.NEVER;
  }),
  { either: [z.string().regex(MODULE, wants(FORM))] },
);

/** Middlewares of one's own, the first of which a request meets first. @example ["./stamp.ts"] */
export const middlewareSchema = list(
  entry,
  `a list of ${FORM.replace("the path of a module", "paths of modules")}`,
  1,
);

export type MiddlewareConfig = Frozen<z.output<typeof middlewareSchema>>;
