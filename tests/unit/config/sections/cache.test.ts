import assert from "node:assert/strict";
import { test } from "node:test";
import { cacheStoreSchema } from "../../../../src/config/sections/cache-store.ts";
import { cacheSchema } from "../../../../src/config/sections/cache.ts";

type Schema = typeof cacheSchema | typeof cacheStoreSchema;

function problems(schema: Schema, written: unknown): string[] {
  const { error } = schema.safeParse(written);
  return (error?.issues ?? []).map(({ path, message }) => `${path.join(".")}: ${message}`);
}

test("cacheSchema goes by what servers say where nothing else is said", () => {
  assert.deepEqual(cacheSchema.parse(true), {
    heuristic: 0,
    keepsSetCookie: false,
    staleWhileRevalidate: 0,
    staleIfError: 0,
    lockTimeout: 5000,
    heedsClients: true,
    statusName: "sluice",
    targets: ["CDN-Cache-Control"],
  });
});

const KEYS =
  "default_ttl, heuristic, keeps_set_cookie, stale_while_revalidate, stale_if_error, lock_timeout, " +
  "heeds_clients, status_name, targets";
const CASES: [schema: Schema, written: unknown, ...problems: string[]][] = [
  [cacheSchema, "on", ': is "on"; accepted: true, or a table that says how answers are kept'],
  [cacheSchema, false, ": is false; accepted: true, or a table that says how answers are kept"],
  [cacheSchema, { ttl: "1m" }, `: unknown key; accepted: ${KEYS}`],
  [cacheSchema, { heuristic: 2 }, "heuristic: is 2; accepted: a share from 0 to 1, such as 0.2"],
  [
    cacheSchema,
    { targets: ["A B"] },
    'targets.0: is "A B"; accepted: the name of a header, such as "X-Probe"',
  ],
  [
    cacheSchema,
    { status_name: "a b" },
    'status_name: is "a b"; accepted: a token, such as "sluice", or false',
  ],
  [
    cacheStoreSchema,
    { size: "1MiB", object_size: "512KiB" },
    "object_size: is more than a quarter of size; accepted: a size up to that",
  ],
  [cacheStoreSchema, { objects: 0 }, "objects: is 0; accepted: a whole number, 1 to 1000000"],
];
for (const [schema, written, ...wanted] of CASES) {
  test(`the cache refuses ${JSON.stringify(written)}`, () =>
    assert.deepEqual(problems(schema, written), wanted));
}
