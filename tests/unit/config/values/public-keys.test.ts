import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { parseJwks, readKeyFile } from "../../../../src/config/values/public-keys.ts";
import { jwksOf, makeKey, pemOf } from "../../../support/signed-tokens.ts";

const KEY = makeKey("a");

function fileOf(t: TestContext, text: string): string {
  const directory = mkdtempSync(join(tmpdir(), "sluice-test-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, "keys");
  writeFileSync(path, text);
  return path;
}

test("readKeyFile() reads PEM and JWK Sets alike, but for names", (t) => {
  const [named] = readKeyFile(fileOf(t, jwksOf(KEY)));
  const { kid, alg, use, ...plain } = named!;
  assert.deepEqual([kid, alg, use], ["a", "ES256", "sig"]);
  assert.deepEqual(readKeyFile(fileOf(t, `# ours\n${pemOf(KEY)}\n${pemOf(KEY)}`)), [plain, plain]);
});

test("parseJwks() keeps public members of public keys for signatures alone", () => {
  const jwk = KEY.publicKey.export({ format: "jwk" });
  const keys = [
    { ...KEY.privateKey.export({ format: "jwk" }), kid: "private" },
    { ...jwk, use: "enc" },
    { kty: "oct", k: "c2VjcmV0" },
    null,
    7,
    { ...jwk, kid: "b", x5c: ["…"], other: 1 },
  ];
  const found = parseJwks(JSON.stringify({ keys }));
  assert.deepEqual(found.map(({ kid }) => kid), ["private", "b"]);
  assert.deepEqual(
    found.map((key) => Object.keys(key).sort()),
    Array(2).fill(["crv", "kid", "kty", "x", "y"]),
  );
});

const secret = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
const ONES_OWN = generateKeyPairSync("x25519").publicKey;
const BAD: [what: string, text: string, why: string][] = [
  ["a private key", secret.export({ type: "pkcs8", format: "pem" }) as string, "a private key"],
  [
    "broken PEM",
    "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
    "no public key in a block of it",
  ],
  ["half of PEM", "-----BEGIN PUBLIC KEY-----\nAAAA\n", "no block of PEM in it"],
  [
    "a key that signs nothing",
    ONES_OWN.export({ type: "spki", format: "pem" }) as string,
    "a key that signs nothing",
  ],
  ["no JSON", "key", "is no JSON"],
  ["null", "null", "is no JWK Set"],
  ["secrets", '{"keys":[{"kty":"oct","k":"AAAA"}]}', "holds no public key for signatures"],
  ["too much", "x".repeat(256 * 1024 + 1), "no file of keys"],
];
for (const [what, text, why] of BAD) {
  test(`readKeyFile() refuses ${what}`, (t) => {
    const path = fileOf(t, text);
    assert.throws(() => readKeyFile(path), (error: Error) => {
      assert.ok(error instanceof RangeError);
      assert.ok(
        error.message.startsWith(`is ${JSON.stringify(path)}, which cannot be used (${why}); accepted: `),
        error.message,
      );
      return true;
    });
  });
}
