import type { z } from "zod";
import type { Frozen } from "../freeze.ts";
import { listWords } from "../problems/wording.ts";
import { realm, users } from "../values/users.ts";
import { flag, list } from "../values/value-types.ts";
import { bearerSchema } from "./auth-bearer.ts";
import { forwardAuthSchema } from "./auth-forward.ts";
import { jwtSchema } from "./auth-jwt.ts";
import { section } from "./section.ts";
import { exactlyOne, writtenAs } from "../values/written.ts";

/** Names and passwords (RFC 7617). */
const basicSchema = section({
  /** Password hashes by user. @example { ann = "${ANN_HASH}" } */
  users: writtenAs(
    users.refine((users) => Object.keys(users).length > 0, {
      error: "is empty; accepted: a table of password hashes by user",
    }),
    { rules: [{ minProperties: 1 }] },
  ),
  realm: realm.prefault("sluice"),
});

/** The ways in which clients say who they are. */
const methods = {
  basic: basicSchema.exactOptional(),
  bearer: bearerSchema.exactOptional(),
  jwt: jwtSchema.exactOptional(),
  forward: forwardAuthSchema.exactOptional(),
};

/** Names of the ways. */
export const AUTH_METHODS = Object.keys(methods) as (keyof typeof methods)[];

const ONE_METHOD = `accepted: one of ${listWords(AUTH_METHODS)}`;

const methodSchema = writtenAs(
  section(methods).refine((method) => Object.keys(method).length === 1, {
    error: `does not say one way; ${ONE_METHOD}`,
  }),
  { rules: [exactlyOne(...AUTH_METHODS)] },
);

/** Finds ways of a list that never count, as one before them takes all that they would. */
function checkOrder(ways: readonly z.output<typeof methodSchema>[], context: z.RefinementCtx): void {
  const taken = new Set<string>();
  for (const [i, way] of ways.entries()) {
    const own = takenBy(way);
    if (taken.has("everything") || taken.has(own) || (own === "signed tokens" && taken.has("tokens"))) {
      const message =
        "never counts, as one before it takes the same requests; accepted: before that one, or not at all";
      context.addIssue({ code: "custom", path: [i], message });
    }
    taken.add(own);
  }
}

/** Which requests a way takes. */
function takenBy({ basic, bearer, jwt }: z.output<typeof methodSchema>): string {
  if (basic !== undefined) return "passwords";
  if (bearer !== undefined) return "tokens";
  if (jwt === undefined) return "everything";
  return jwt.from === "header" ? "signed tokens" : `cookie ${jwt.from.cookie}`;
}

/** Who clients have to prove to be. */
export const authSchema = writtenAs(
  section({
    ...methods,
    /** Several ways: the first counts for which a request has credentials. */
    any: list(methodSchema, `a list of tables with one of ${listWords(AUTH_METHODS)}`, 1)
      .superRefine(checkOrder).exactOptional(),
    /** Whether servers get the field Authorization as well. */
    keeps_credentials: flag.prefault(true),
  }).refine(({ keepsCredentials: _, ...ways }) => Object.keys(ways).length === 1, {
    error: `does not say one way; ${ONE_METHOD}, or any with a list of them`,
  }),
  { rules: [exactlyOne(...AUTH_METHODS, "any")] },
);

export type AuthConfig = Frozen<z.output<typeof authSchema>>;
export type BasicConfig = NonNullable<AuthConfig["basic"]>;
/** One way, as the config has it. */
export type AuthMethodConfig = Frozen<z.output<typeof methodSchema>>;
