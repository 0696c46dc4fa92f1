import { z } from "zod";
import { parsePasswordHash, PASSWORD_HASH, PASSWORD_HASH_FORM } from "./password-hash.ts";
import { parsed, wants } from "./value-types.ts";

const USER_FORM = 'the name of a user: up to 255 characters, without ":" and control characters';
const USERS_FORM = "a table of password hashes by user";
const REALM_FORM = "a text of up to 255 visible ASCII characters and blanks";

/** Its messages do not repeat what was written. */
const passwordHash = z.string({ error: `is no text; accepted: ${PASSWORD_HASH_FORM}` })
  .pipe(parsed(PASSWORD_HASH_FORM, parsePasswordHash, PASSWORD_HASH));

/** The name of a user. */
export const userName = z.string().regex(/^[^:\p{Cc}]{1,255}$/u, wants(USER_FORM));

/** Password hashes by user. */
export const users = z.record(userName, passwordHash, {
  error: ({ input }) => `${input === undefined ? "is missing" : "is no table"}; accepted: ${USERS_FORM}`,
});

/** What clients show to people whom they ask for a password. */
export const realm = z.string(wants(REALM_FORM)).regex(/^[ -~]{1,255}$/, wants(REALM_FORM));
