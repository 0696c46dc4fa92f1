import { Buffer } from "node:buffer";
import { z } from "zod";
import { isToken } from "../../http/chars.ts";
import type { Frozen } from "../freeze.ts";
import { refuseValue } from "../problems/wording.ts";
import { headerTable } from "../values/headers.ts";
import { target } from "../values/paths.ts";
import { parsePlace, PLACE, PLACE_FORM } from "../values/place.ts";
import { KEY_FILE_FORM, readKeyFile } from "../values/public-keys.ts";
import { realm } from "../values/users.ts";
import { choice, duration, list, parsed, positiveDuration, text, wants } from "../values/value-types.ts";
import { IN_REQUESTS } from "./header-edits.ts";
import { section } from "./section.ts";
import { exactlyOne, type JsonSchemaPart, needs, wherever, writtenAs } from "../values/written.ts";

/** Algorithms by public keys (RFC 7518 §3.1, RFC 8037 §3.1); a token says which of them it is signed by. */
const ASYMMETRIC = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
] as const;

/** Algorithms by a secret, and the bytes that it must have for them (RFC 7518 §3.2). */
const SECRET_BYTES: Readonly<Record<string, number>> = { HS256: 32, HS384: 48, HS512: 64 };
const BY_SECRET = ["HS256", "HS384", "HS512"] as const;

const SECRET_FORM = "a text of 32 bytes or more, which nobody else has";
const FROM_FORM = '"header", which is Authorization, or "cookie(name)"';
const CLAIM_FORM = "the name of a claim";
const HELD_FORM = "a text, a number, true, false or a list of them";

/** What tokens are signed with; no message repeats it. */
const secret = writtenAs(
  z.string({ error: `is no text; accepted: ${SECRET_FORM}` })
    .refine((written) => Buffer.byteLength(written) >= 32, {
      error: `is too short; accepted: ${SECRET_FORM}`,
    })
    // Everybody has a public key: who takes it for a secret believes everybody.
    .refine((written) => !written.includes("-----BEGIN "), {
      error: "is a key in PEM form, which is no secret; accepted: the path of its file, as file",
    }),
  { pattern: /^(?![\s\S]*-----BEGIN )[\s\S]{8,}$/ },
);

const held = z.union([z.string(), z.number(), z.boolean()], wants(HELD_FORM));

/** A token signed by somebody who is believed (RFC 7519). */
export const jwtSchema = writtenAs(
  section({
    /** Where the keys are fetched, as a JWK Set. @example "https://id.example.com/jwks.json" */
    jwks: parsed(PLACE_FORM, parsePlace, PLACE).exactOptional(),
    /** The backend whose servers have that JWK Set, in place of `jwks`; with `path`. @example "id" */
    backend: text("the name of a backend").exactOptional(),
    /** What those servers are asked for. @example "/jwks.json" */
    path: target.exactOptional(),
    /** The file that the keys are in, as a JWK Set or PEM, in place of `jwks`. @example "/etc/sluice/keys.pem" */
    file: parsed(KEY_FILE_FORM, readKeyFile).exactOptional(),
    /** What both sides know, in place of keys. @example "${JWT_SECRET}" */
    secret: secret.exactOptional(),
    /**
     * Algorithms that a token may be signed by; by default all that go with public keys, or HS256 with a secret.
     * @example ["ES256"]
     */
    algorithms: list(choice([...ASYMMETRIC, ...BY_SECRET]), "a list of algorithms such as RS256", 1)
      .exactOptional(),
    /** Who is believed; false for whoever has a key. @example "https://id.example.com" */
    issuer: namesOrFalse("the issuer of tokens (iss), a list of them, or false for any"),
    /** For whom tokens must be; false for anybody. @example ["api", "web"] */
    audience: namesOrFalse("the audience of tokens (aud), a list of them, or false for any"),
    /** How far the clocks of others may be off. */
    leeway: duration.prefault("30s"),
    /**
     * What a token must say besides: each claim is this, or has it among what it lists.
     * @example { role = ["admin", "editor"] }
     */
    claims: z.record(
      text(CLAIM_FORM),
      writtenAs(
        z.preprocess((written) => Array.isArray(written) ? written : [written], list(held, HELD_FORM, 1)),
        { either: [held, list(held, HELD_FORM, 1)] },
      ),
      wants("a table of values by claim"),
    ).prefault({}),
    /** Fields for servers, by name, and the claim that each says. @example { X-User = "sub" } */
    headers: headerTable(text(CLAIM_FORM), IN_REQUESTS).prefault({}),
    /** After this time keys are fetched again; those that are known go on meanwhile. */
    refresh: positiveDuration.prefault("10m"),
    /** Where clients have their token. */
    from: parsed(FROM_FORM, parseFrom, /^(?:header|cookie\([\w!#$%&'*+.^`|~-]+\))$/).prefault("header"),
    realm: realm.prefault("sluice"),
  }).refine(
    ({ jwks, backend, file, secret }) =>
      [jwks, backend, file, secret].filter((one) => one !== undefined).length === 1,
    {
      error: "does not say what tokens are signed with; accepted: one of jwks, backend, file and secret",
    },
  ).refine(({ backend, path }) => (backend === undefined) === (path === undefined), {
    error: "needs a path beside backend, and a backend beside path; accepted: both or none",
  }).superRefine(({ secret, algorithms = [] }, context) => {
    for (const [i, algorithm] of algorithms.entries()) {
      const message = faultOf(algorithm, secret);
      if (message !== undefined) context.addIssue({ code: "custom", path: ["algorithms", i], message });
    }
  }).transform(({ algorithms, ...jwt }) => ({
    ...jwt,
    algorithms: algorithms ?? (jwt.secret === undefined ? [...ASYMMETRIC] : ["HS256"]),
  })),
  {
    rules: [
      exactlyOne("jwks", "backend", "file", "secret"),
      needs("backend", "path"),
      needs("path", "backend"),
      wherever({ required: ["secret"] }, algorithmsAmong(BY_SECRET)),
      wherever({ not: { required: ["secret"] } }, algorithmsAmong(ASYMMETRIC)),
    ],
  },
);

export type JwtConfig = Frozen<z.output<typeof jwtSchema>>;

/** What speaks against an algorithm with the keys that there are. */
function faultOf(algorithm: string, secret: string | undefined): string | undefined {
  const bytes = SECRET_BYTES[algorithm];
  if ((bytes === undefined) !== (secret === undefined)) {
    return `is ${JSON.stringify(algorithm)}; accepted: HS… with a secret, the others with jwks or file`;
  }
  if (bytes === undefined || Buffer.byteLength(secret!) >= bytes) return undefined;
  return `is ${JSON.stringify(algorithm)}, which needs a secret of ${bytes} bytes; accepted: a longer secret`;
}

function algorithmsAmong(names: readonly string[]): JsonSchemaPart {
  return { properties: { algorithms: { items: { enum: names } } } };
}

/** One or more texts, or `false` for any. */
function namesOrFalse(accepted: string) {
  const schema = z.unknown().transform((written, context): readonly string[] | false => {
    if (written === false) return false;
    const names: readonly unknown[] = Array.isArray(written) ? written : [written];
    if (names.length > 0 && names.every((name) => typeof name === "string" && name !== "")) {
      return names as readonly string[];
    }
    context.addIssue(
      written === undefined ? `is missing; accepted: ${accepted}` : refuseValue(written, accepted),
    );
    return z.NEVER;
  });
  const name = z.string().min(1);
  return writtenAs(schema, { either: [name, list(name, accepted, 1), false] });
}

/** The name of the cookie that holds the token; undefined for the field Authorization. */
function parseFrom(written: string): { readonly cookie: string } | "header" {
  if (written === "header") return written;
  const [, cookie = ""] = /^cookie\((.+)\)$/.exec(written) ?? [];
  if (isToken(cookie)) return { cookie };
  throw new RangeError(refuseValue(written, FROM_FORM));
}
