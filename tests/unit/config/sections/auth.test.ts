import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { authSchema } from "../../../../src/config/sections/auth.ts";
import { refusals } from "../support.ts";

const HASH = "scrypt$16384$8$5$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
const TOKEN = "a-secret-token-of-ours";

/** What is said of `auth = written` in a config that is else in order. */
function refused(written: string): string[] {
  return refusals(`
[[frontends]]
bind = ":80"
default_backend = "app"
auth = ${written}
[backends.app]
servers = ["http://127.0.0.1:1"]
`).map((line) => line.replace(/^c:\d+:\d+: frontends\[0\]\./, ""));
}

test("authSchema keeps hashes of tokens alone, and what clients are asked with", () => {
  const hash = createHash("sha256").update(TOKEN).digest("hex");
  for (const written of [TOKEN, `sha256:${hash}`, `sha256:${hash.toUpperCase()}`]) {
    assert.deepEqual(authSchema.parse({ bearer: { tokens: { robot: written } } }), {
      bearer: { tokens: { robot: hash }, realm: "sluice" },
      keepsCredentials: true,
    });
  }
});

const WAYS = 'accepted: one of "basic"';
const TOKEN_FORM = '"sha256:" and 64 hex digits, or a token of 16 to 512 letters, digits and -._~+/=';
const SECRET = "s".repeat(32);
const ANY = "issuer = false, audience = false";
const ONE_KEY = ": does not say what tokens are signed with; accepted: one of jwks, backend, file and secret";
const JWT: [keys: string, ...problems: string[]][] = [
  [
    `backend = "app", ${ANY}`,
    ": needs a path beside backend, and a backend beside path; accepted: both or none",
  ],
  [`backend = "none", path = "/keys", ${ANY}`, '.backend: is "none"; accepted: "app"'],
  [ANY, ONE_KEY],
  [`secret = "${SECRET}", jwks = "https://a.example/keys", ${ANY}`, ONE_KEY],
  [
    `secret = "${SECRET}"`,
    ".issuer: is missing; accepted: the issuer of tokens (iss), a list of them, or false for any",
    ".audience: is missing; accepted: the audience of tokens (aud), a list of them, or false for any",
  ],
  [
    `secret = "${SECRET}", issuer = true, audience = []`,
    ".issuer: is true; accepted: the issuer of tokens (iss), a list of them, or false for any",
    ".audience: is a list; accepted: the audience of tokens (aud), a list of them, or false for any",
  ],
  [
    `secret = "short", ${ANY}`,
    ".secret: is too short; accepted: a text of 32 bytes or more, which nobody else has",
  ],
  [
    `secret = "-----BEGIN PUBLIC KEY-----${SECRET}", ${ANY}`,
    ".secret: is a key in PEM form, which is no secret; accepted: the path of its file, as file",
  ],
  [
    `secret = "${SECRET}", algorithms = ["RS256"], ${ANY}`,
    '.algorithms[0]: is "RS256"; accepted: HS… with a secret, the others with jwks or file',
  ],
  [
    `jwks = "https://a.example/keys", algorithms = ["ES256", "HS256"], ${ANY}`,
    '.algorithms[1]: is "HS256"; accepted: HS… with a secret, the others with jwks or file',
  ],
  [
    `secret = "${SECRET}", algorithms = ["HS512"], ${ANY}`,
    '.algorithms[0]: is "HS512", which needs a secret of 64 bytes; accepted: a longer secret',
  ],
  [`secret = "${SECRET}", algorithms = ["none"], ${ANY}`, '.algorithms[0]: is "none"; accepted: "RS256"'],
  [
    `file = "/nowhere/keys.json", ${ANY}`,
    '.file: is "/nowhere/keys.json", which cannot be used (ENOENT); accepted: the path of a file',
  ],
  [
    `secret = "${SECRET}", from = "query(token)", ${ANY}`,
    '.from: is "query(token)"; accepted: "header", which is Authorization, or "cookie(name)"',
  ],
  [
    `secret = "${SECRET}", headers = { Host = "sub" }, ${ANY}`,
    '.headers.Host: is set by the key "host_header" of the backend; accepted: any other header',
  ],
  [
    `secret = "${SECRET}", headers = { X-User = "sub", x-user = "email" }, ${ANY}`,
    '.headers.x-user: is the same header as "X-User"; accepted: each header once',
  ],
  [
    `secret = "${SECRET}", claims = { scope = [] }, ${ANY}`,
    ".claims.scope: is an empty list; accepted: a text, a number, true, false or a list of them",
  ],
  [
    `secret = "${SECRET}", claims = { scope = { a = 1 } }, ${ANY}`,
    ".claims.scope[0]: is a table; accepted: a text, a number, true, false or a list of them",
  ],
];
const CASES: [written: string, ...problems: string[]][] = [
  ["{}", `auth: does not say one way; ${WAYS}`],
  [`{ keeps_credentials = false }`, `auth: does not say one way; ${WAYS}`],
  [
    `{ basic = { users = { a = "${HASH}" } }, bearer = { tokens = { a = "${TOKEN}" } } }`,
    `auth: does not say one way; ${WAYS}`,
  ],
  ["{ any = [] }", `auth.any: is an empty list; accepted: a list of tables with ${WAYS.slice(10)}`],
  ["{ any = [{}] }", `auth.any[0]: does not say one way; ${WAYS}`],
  ["{ basic = { users = {} } }", "auth.basic.users: is empty; accepted: a table of password hashes by user"],
  ["{ basic = {} }", "auth.basic.users: is missing; accepted: a table of password hashes by user"],
  [
    '{ basic = { users = { a = "my password" } } }',
    'auth.basic.users.a: is no password hash; accepted: a hash as "sluice hash-password" prints it, "scrypt$N$r$p$salt$hash"',
  ],
  ["{ bearer = { tokens = {} } }", "auth.bearer.tokens: is empty; accepted: a table of tokens by the names"],
  [
    '{ bearer = { tokens = { a = "too short" } } }',
    `auth.bearer.tokens.a: is no token; accepted: ${TOKEN_FORM}`,
  ],
  [
    '{ bearer = { tokens = { a = "sha256:beef" } } }',
    `auth.bearer.tokens.a: is no token; accepted: ${TOKEN_FORM}`,
  ],
  ["{ bearer = { tokens = { a = 5 } } }", `auth.bearer.tokens.a: is no text; accepted: ${TOKEN_FORM}`],
  ["{ forward = {} }", "auth.forward: does not say whom to ask; accepted: one of url and backend"],
  [
    '{ forward = { url = "http://a.example", backend = "app" } }',
    "auth.forward: does not say whom to ask; accepted: one of url and backend",
  ],
  ['{ forward = { backend = "none" } }', 'auth.forward.backend: is "none"; accepted: "app"'],
  [
    '{ any = [{ forward = { backend = "none" } }] }',
    'auth.any[0].forward.backend: is "none"; accepted: "app"',
  ],
  [
    '{ forward = { url = "http://a.example/x", path = "/y" } }',
    "auth.forward.path: stands beside url; accepted: a path in the url, or backend",
  ],
  [
    '{ forward = { url = "ftp://a.example" } }',
    'auth.forward.url: is "ftp://a.example"; accepted: "http://host:port/path" or "https://…"',
  ],
  [
    '{ forward = { url = "http://me:secret@a.example" } }',
    "auth.forward.url: has user information; accepted: a URL without it",
  ],
  [
    '{ forward = { backend = "app", copy_response_headers = ["X-Forwarded-For"] } }',
    "auth.forward.copy_response_headers[0]: is set by the proxy alone; accepted: any other header",
  ],
  [
    '{ forward = { backend = "app", copy_request_headers = ["X-Forwarded-Uri"] } }',
    "auth.forward.copy_request_headers[0]: is set by the proxy alone; accepted: any other header",
  ],
  [
    `{ any = [{ forward = { backend = "app" } }, { bearer = { tokens = { a = "${TOKEN}" } } }] }`,
    "auth.any[1]: never counts, as one before it takes the same requests; accepted: before that one, or not at all",
  ],
  ...JWT.map(([keys, ...problems]): [string, ...string[]] => [
    `{ jwt = { ${keys} } }`,
    ...problems.map((problem) => `auth.jwt${problem}`),
  ]),
  ["true", "auth: is true; accepted: a table with some of the keys"],
];
for (const [written, ...problems] of CASES) {
  test(`authSchema refuses ${written.replace(HASH, "…")}`, () => {
    const found = refused(written);
    assert.equal(found.length, problems.length, found.join("\n"));
    found.forEach((line, i) => assert.ok(line.startsWith(problems[i]!), line));
  });
}

const WAY_OF = {
  basic: `basic = { users = { a = "${HASH}" } }`,
  bearer: `bearer = { tokens = { a = "${TOKEN}" } }`,
  jwt: `jwt = { secret = "${SECRET}", ${ANY} }`,
  cookie: `jwt = { secret = "${SECRET}", from = "cookie(a)", ${ANY} }`,
  other: `jwt = { secret = "${SECRET}", from = "cookie(b)", ${ANY} }`,
  forward: 'forward = { backend = "app" }',
};
const ORDERS: [ways: (keyof typeof WAY_OF)[], lost: number | undefined][] = [
  [["basic", "jwt", "bearer", "cookie", "other", "forward"], undefined],
  [["bearer", "jwt"], 1],
  [["forward", "basic"], 1],
  [["basic", "cookie", "basic"], 2],
  [["cookie", "jwt", "cookie"], 2],
];
for (const [ways, lost] of ORDERS) {
  test(`authSchema ${lost === undefined ? "takes" : "refuses"} any = [${ways}]`, () => {
    const found = refused(`{ any = [${ways.map((way) => `{ ${WAY_OF[way]} }`)}] }`);
    assert.deepEqual(
      found.map((line) => line.split(":")[0]),
      lost === undefined ? [] : [`auth.any[${lost}]`],
    );
  });
}

test("authSchema never repeats what may be a secret", () => {
  for (const secret of ["pass word 12345678", "tiny!", "sha256:0123456789"]) {
    const found = [
      ...refused(`{ bearer = { tokens = { a = "${secret}" } } }`),
      ...refused(`{ basic = { users = { a = "${secret}" } } }`),
      ...refused(`{ jwt = { secret = "${secret}", algorithms = ["HS512"], ${ANY} } }`),
    ];
    assert.ok(found.length >= 3);
    assert.ok(found.every((line) => !line.includes(secret)));
  }
});
