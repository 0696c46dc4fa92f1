import { createHash } from "node:crypto";
import { z } from "zod";
import type { Frozen } from "../freeze.ts";
import { realm, userName } from "../values/users.ts";
import { section } from "./section.ts";
import { writtenAs } from "../values/written.ts";

const TOKEN_FORM = '"sha256:" and 64 hex digits, or a token of 16 to 512 letters, digits and -._~+/=';
const TOKENS_FORM = "a table of tokens by the names of who has them";
/** What a field Authorization carries (RFC 6750 §2.1). */
const TOKEN = /^[A-Za-z0-9._~+/-]{16,512}=*$/;

/** The SHA-256 of a token in hex; no message repeats what was written. */
const tokenHash = writtenAs(
  z.string({ error: `is no text; accepted: ${TOKEN_FORM}` }).transform((written, context) => {
    const [, hash] = /^sha256:([0-9a-f]{64})$/i.exec(written) ?? [];
    if (hash !== undefined) return hash.toLowerCase();
    if (TOKEN.test(written)) return createHash("sha256").update(written).digest("hex");
    context.addIssue(`is no token; accepted: ${TOKEN_FORM}`);
    return z.NEVER;
  }),
  { pattern: /^(?:[sS][hH][aA]256:[0-9a-fA-F]{64}|[A-Za-z0-9._~+/-]{16,512}=*)$/ },
);

/** Tokens that clients show; who has one is who it was given to. */
export const bearerSchema = section({
  /** Tokens, or the SHA-256 of each, by the names of who has them. @example { robot = "${ROBOT_TOKEN}" } */
  tokens: writtenAs(
    z.record(userName, tokenHash, {
      error: ({ input }) => `${input === undefined ? "is missing" : "is no table"}; accepted: ${TOKENS_FORM}`,
    }).refine((tokens) => Object.keys(tokens).length > 0, { error: `is empty; accepted: ${TOKENS_FORM}` }),
    {
      rules: [{ minProperties: 1 }],
    },
  ),
  realm: realm.prefault("sluice"),
});

export type BearerConfig = Frozen<z.output<typeof bearerSchema>>;
