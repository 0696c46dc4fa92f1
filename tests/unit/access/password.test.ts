import assert from "node:assert/strict";
import { test } from "node:test";
import { parsePasswordHash } from "../../../src/config/values/password-hash.ts";
import { hashPassword, verifyPassword } from "../../../src/access/password.ts";

test("hashPassword() makes a hash that the config accepts and the password alone opens", async () => {
  const hash = parsePasswordHash(await hashPassword("open sesame"));
  assert.equal(await verifyPassword("open sesame", hash), true);
  assert.equal(await verifyPassword("open sesame ", hash), false);
  assert.equal(await verifyPassword("", hash), false);
});

test("hashPassword() salts: the same password has another hash each time", async () => {
  const [first, second] = await Promise.all([hashPassword("a"), hashPassword("a")]);
  assert.notEqual(first, second);
});

test("hashPassword() takes letters and accents in one form", async () => {
  assert.equal(await verifyPassword("\u00e9", parsePasswordHash(await hashPassword("e\u0301"))), true);
});

for (const password of ["", "a\nb", "a\0b", "\u0085", "x".repeat(1025), "é".repeat(513)]) {
  test(`hashPassword() refuses ${JSON.stringify(password.slice(0, 8))}, ${password.length} long`, async () => {
    await assert.rejects(hashPassword(password), RangeError);
  });
}

test("verifyPassword() reads what another scrypt made", async () => {
  // Python: hashlib.scrypt(b"open sesame", salt=bytes(range(16)), n=8192, r=8, p=2, dklen=32)
  const hash = parsePasswordHash(
    "scrypt$8192$8$2$AAECAwQFBgcICQoLDA0ODw$Ju9HuVcOHdBiwO0E8cTjVo-t2g8qO_C8-ZeEGBcHPw0",
  );
  assert.equal(await verifyPassword("open sesame", hash), true);
  assert.equal(await verifyPassword("open sesam", hash), false);
});

test("verifyPassword() computes at the highest costs that the config accepts", async () => {
  const key = "A".repeat(86);
  for (const costs of ["131072$8$2", "16384$64$2", "8192$8$32"]) {
    const hash = parsePasswordHash(`scrypt$${costs}$AAECAwQFBgcICQoLDA0ODw$${key}`);
    assert.equal(await verifyPassword("x", hash), false);
  }
});
