import assert from "node:assert/strict";
import { test } from "node:test";
import { corsSchema } from "../../../../src/config/sections/cors.ts";

function problems(written: unknown): string[] {
  const { error } = corsSchema.safeParse(written);
  return (error?.issues ?? []).map(({ path, message }) => `${path.join(".")}: ${message}`);
}

test("corsSchema lets all read where nothing is said", () => {
  assert.deepEqual(corsSchema.parse(true), {
    origins: ["*"],
    methods: ["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH"],
    expose: [],
    credentials: false,
    maxAge: 600_000,
  });
});

const ORIGIN_FORM = '"https://a.example", "https://*.a.example" for what is below it, "null", or "*" for all';
const STAR = 'is "*", which means nothing with credentials; accepted: names, or credentials = false';
const CASES: [written: unknown, ...problems: string[]][] = [
  ["*", ': is "*"; accepted: true, or a table of who may read what'],
  [false, ": is false; accepted: true, or a table of who may read what"],
  [{ credentials: true }, `origins.0: ${STAR}`],
  [{ origins: ["https://a.example", "*"], credentials: true }, `origins.1: ${STAR}`],
  [
    { origins: ["null"], methods: ["*"], headers: ["X-A", "*"], expose: ["*"], credentials: true },
    `methods.0: ${STAR}`,
    `headers.1: ${STAR}`,
    `expose.0: ${STAR}`,
  ],
  [{ origins: [] }, `origins: is an empty list; accepted: a list of origins, each ${ORIGIN_FORM}`],
  [{ origins: ["a.example"] }, `origins.0: is "a.example"; accepted: ${ORIGIN_FORM}`],
  [
    { origins: ["https://a.example/"] },
    `origins.0: is "https://a.example/"; accepted: ${ORIGIN_FORM}; did you mean "https://a.example"?`,
  ],
  [{ origins: ["https://a.*.example"] }, `origins.0: is "https://a.*.example"; accepted: ${ORIGIN_FORM}`],
  [{ origins: ["https://*"] }, `origins.0: is "https://*"; accepted: ${ORIGIN_FORM}`],
  [{ methods: ["A B"] }, 'methods.0: is "A B"; accepted: a method such as "PUT"'],
  [{ expose: ["X:"] }, 'expose.0: is "X:"; accepted: the name of a header'],
];
for (const [written, ...wanted] of CASES) {
  test(`corsSchema refuses ${JSON.stringify(written)}`, () => assert.deepEqual(problems(written), wanted));
}
