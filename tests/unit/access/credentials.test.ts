import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { basicChallenge, parseCredentials } from "../../../src/access/credentials.ts";

function base64(text: string | Uint8Array): string {
  return Buffer.from(text as string).toString("base64");
}

const accepted: [field: string, user: string, password: string][] = [
  ["Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin", "open sesame"], // RFC 7617 §2
  ["Basic dGVzdDoxMjPCow==", "test", "123£"], // RFC 7617 §2.1
  ["basic dGVzdDoxMjPCow==", "test", "123£"],
  ["BASIC   dGVzdDoxMjPCow== ", "test", "123£"],
  ["Basic dGVzdDoxMjPCow", "test", "123£"],
  [`Basic ${base64("ada:a:b:c")}`, "ada", "a:b:c"],
  [`Basic ${base64("ada:")}`, "ada", ""],
  [`Basic ${base64(":secret")}`, "", "secret"],
  [`Basic ${base64("Zoe\u0308:e\u0301")}`, "Zoë", "é"],
  [`Basic ${base64("\ufeffada:x")}`, "\ufeffada", "x"],
];
for (const [field, user, password] of accepted) {
  test(`parseCredentials() reads ${JSON.stringify(field)} (RFC 7617 §2)`, () => {
    assert.deepEqual(parseCredentials(field), { user, password });
  });
}

const refused: [why: string, field: string][] = [
  ["nothing", ""],
  ["a scheme alone", "Basic"],
  ["a scheme and blanks", "Basic  "],
  ["another scheme", "Bearer QWxhZGRpbjpvcGVuIHNlc2FtZQ=="],
  ["another scheme that begins so", "Basically QWxhZGRpbjpvcGVuIHNlc2FtZQ=="],
  ["no blank", "BasicQWxhZGRpbjpvcGVuIHNlc2FtZQ=="],
  ["parameters", `Basic ${base64("a:b")}, x=y`],
  ["no base64", "Basic %%%%"],
  ["text behind the padding", "Basic dGVzdDoxMjPCow==dGVzdA"],
  ["base64url", "Basic _-_-"],
  ["no colon", `Basic ${base64("ada")}`],
  ["another charset", `Basic ${base64(Uint8Array.from([0x61, 0x3a, 0xa3]))}`],
  ["half a character", `Basic ${base64(Uint8Array.from([0x61, 0x3a, 0xc2]))}`],
  ["a control character", `Basic ${base64("ada:a\0b")}`],
  ["a line end", `Basic ${base64("ada:a\r\nb")}`],
  ["more than is read", `Basic ${base64("ada:" + "x".repeat(4096))}`],
];
for (const [why, field] of refused) {
  test(`parseCredentials() takes ${why} for no credentials`, () => {
    assert.equal(parseCredentials(field), undefined);
  });
}

test("basicChallenge() quotes the realm and asks for UTF-8 (RFC 7617 §2.1)", () => {
  assert.equal(basicChallenge("sluice"), 'Basic realm="sluice", charset="UTF-8"');
  assert.equal(basicChallenge('a "b" \\'), 'Basic realm="a \\"b\\" \\\\", charset="UTF-8"');
});
