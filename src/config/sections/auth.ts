import type { z } from "zod";
import type { Frozen } from "../freeze.ts";
import { listWords } from "../problems/wording.ts";
import { realm, users } from "../values/users.ts";
import { flag, list } from "../values/value-types.ts";
import { bearerSchema } from "./auth-bearer.ts";
import { forwardAuthSchema } from "./auth-forward.ts";
import { section } from "./section.ts";

/** Names and passwords (RFC 7617). */
const basicSchema = section({
  /** Password hashes by user. */
  users: users.refine((users) => Object.keys(users).length > 0, {
    error: "is empty; accepted: a table of password hashes by user",
  }),
  realm: realm.prefault("sluice"),
});

/** The ways in which clients say who they are. */
const methods = {
  basic: basicSchema.exactOptional(),
  bearer: bearerSchema.exactOptional(),
  forward: forwardAuthSchema.exactOptional(),
};

/** Names of the ways. */
export const AUTH_METHODS = Object.keys(methods) as (keyof typeof methods)[];

const ONE_METHOD = `accepted: one of ${listWords(AUTH_METHODS)}`;

const methodSchema = section(methods).refine((method) => Object.keys(method).length === 1, {
  error: `does not say one way; ${ONE_METHOD}`,
});

/** Whether each way of a list is ever gone. */
function checkOrder(
  ways: readonly Readonly<Record<string, unknown>>[],
  context: z.RefinementCtx,
): void {
  const first = ways.findIndex((way) => "forward" in way);
  if (first === -1 || first === ways.length - 1) return;
  const message = "is asked about every request, so that nothing behind it counts; accepted: as the last one";
  context.addIssue({ code: "custom", path: [first], message });
}

/** Who clients have to prove to be. */
export const authSchema = section({
  ...methods,
  /** Several ways: the first counts for which a request has credentials. */
  any: list(methodSchema, `a list of tables with one of ${listWords(AUTH_METHODS)}`, 1)
    .superRefine(checkOrder).exactOptional(),
  /** Whether servers get the field Authorization as well. */
  keeps_credentials: flag.prefault(true),
}).refine(({ keepsCredentials: _, ...ways }) => Object.keys(ways).length === 1, {
  error: `does not say one way; ${ONE_METHOD}, or any with a list of them`,
});

export type AuthConfig = Frozen<z.output<typeof authSchema>>;
export type BasicConfig = NonNullable<AuthConfig["basic"]>;
/** One way, as the config has it. */
export type AuthMethodConfig = Frozen<z.output<typeof methodSchema>>;
