import assert from "node:assert/strict";
import { test } from "node:test";
import { preferredCoding } from "../../../src/http/accept-encoding.ts";

const OFFERED = ["zstd", "br", "gzip"] as const;

const CASES: [accept: string | undefined, coding: string | undefined, why: string][] = [
  [undefined, undefined, "nothing is said"],
  ["", undefined, "nothing is named"],
  ["gzip", "gzip", "one is named"],
  ["gzip, deflate, br, zstd", "zstd", "of equals the first offered counts"],
  ["GZIP", "gzip", "names are compared without case"],
  ["x-gzip", "gzip", "x-gzip is gzip"],
  ["deflate", undefined, "none that is offered is named"],
  ["br;q=0.5, gzip;q=0.8", "gzip", "the best quality counts"],
  ["br ;\tq=0.5 , gzip; q=0.8", "gzip", "blanks stand around all of it"],
  ["zstd;q=0, br;q=0.000, gzip", "gzip", "a quality of 0 is a no"],
  ["*", "zstd", "any is taken"],
  ["*;q=0, gzip", "gzip", "none but one is taken"],
  ["zstd;q=0, *", "br", "any but one is taken"],
  ["gzip;q=0.5, *;q=0.1", "gzip", "a name counts more than the star"],
  ["identity", undefined, "the content as it is is asked for"],
  ["identity, gzip;q=0.5", undefined, "the content as it is is liked better"],
  ["identity;q=0.5, gzip;q=0.5", "gzip", "the content as it is is liked as well"],
  ["identity;q=0, br", "br", "the content as it is is not taken"],
  ["identity;q=0", undefined, "nothing that is offered is taken"],
  ["gzip;q=1.5", undefined, "a quality over 1 is none"],
  ["gzip;q=x", undefined, "a quality is no number"],
  ["gzip;q=0.1234", undefined, "a quality has four digits"],
  ["gzip;q=0, gzip", undefined, "of two members of a name the first counts"],
  [",,gzip,", "gzip", "empty members are passed over"],
  [`${"a,".repeat(40)}gzip`, undefined, "members beyond the 32nd are not looked at"],
];
for (const [accept, coding, why] of CASES) {
  test(`preferredCoding() is ${coding} where ${why} (RFC 9110 §12.5.3)`, () => {
    assert.equal(preferredCoding(accept, OFFERED), coding);
  });
}

test("preferredCoding() goes by the order in which codings are offered", () => {
  assert.equal(preferredCoding("zstd, br, gzip", ["gzip", "zstd"]), "gzip");
});
