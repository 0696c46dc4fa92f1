import assert from "node:assert/strict";
import { test } from "node:test";
import { validateConfig } from "../../../../src/config/load.ts";
import { refusal } from "../support.ts";

type Table = Record<string, unknown>;

function load(stages: Table) {
  return validateConfig({
    frontends: [{ name: "web", bind: ":0", default_backend: "app", ...stages }],
    backends: { app: { servers: ["http://a"] } },
  }).frontends[0]!;
}

test("rate_limit has these defaults", () => {
  const CLIENT = { parts: [{ subject: "client", argument: "" }], text: "client" };
  assert.deepEqual(load({ rate_limit: { rate: "100/min" } }).rateLimit, [{
    rate: { count: 100, ms: 60_000, text: "100/min" },
    by: CLIENT,
    ipv6Prefix: 64,
    dryRun: false,
    exempt: [],
    maxKeys: 100_000,
    headers: true,
    storeTimeout: 100,
    onStoreFailure: "local",
  }]);
  assert.deepEqual(load({ concurrency: { limit: 3 } }).concurrency, {
    limit: 3,
    by: CLIENT,
    ipv6Prefix: 64,
    queue: 0,
    queueTimeout: 5000,
    exempt: [],
    maxKeys: 100_000,
  });
});

test("rate_limit reads rates, what it counts by and where its store is", () => {
  const [limit] = load({
    rate_limit: {
      rate: "10000/d",
      by: "{client} {header(X-Key)}",
      store: "rediss://me:secret@redis.example:7000/3",
    },
  }).rateLimit!;
  assert.deepEqual(limit!.rate, { count: 10_000, ms: 86_400_000, text: "10000/d" });
  assert.deepEqual(limit!.by.parts.map(({ argument }) => argument), ["", "x-key"]);
  assert.equal(limit!.store!.shown, "rediss://redis.example:7000/3");
});

const RATE = 'accepted: a number from 1 to 1000000 in s, min, h or d, such as "10/s" or "1000/h"';
const BY = '"route" for all requests together, "client", "path", "uri", "header(name)", "cookie(name)" or ' +
  '"query(name)", or several in braces: "{client} {header(name)}"';
const STORE =
  'accepted: the URL of a Redis, such as "redis://10.0.0.5:6379/0" or "rediss://user:password@host"';
const ONE = "frontends[0].rate_limit";

const REFUSED: [what: string, stages: Table, problems: string[]][] = [
  ["no rate", { rate_limit: {} }, [`${ONE}.rate: is missing; ${RATE}`]],
  ["a rate of nothing", { rate_limit: { rate: "0/s" } }, [`${ONE}.rate: is "0/s"; ${RATE}`]],
  ["a unit that is not", { rate_limit: { rate: "5/mi" } }, [
    `${ONE}.rate: is "5/mi"; ${RATE}; did you mean "5/min"?`,
  ]],
  ["a word that is not", { rate_limit: { rate: "5/s", by: "clients" } }, [
    `${ONE}.by: is "clients"; accepted: ${BY}; did you mean "client"?`,
  ]],
  ["a part in braces that is not", { rate_limit: { rate: "5/s", by: "{client} {user}" } }, [
    `${ONE}.by: is "user"; accepted: "client", "path", "uri", "header(name)", "cookie(name)" or "query(name)"`,
  ]],
  ["a store that is none, without its text", { rate_limit: { rate: "5/s", store: "http://:secret@a" } }, [
    `${ONE}.store: is no such URL; ${STORE}`,
  ]],
  ["a text in its place", { rate_limit: "10/s" }, [
    `${ONE}: is "10/s"; accepted: a table with some of the keys rate, burst, by, ipv6_prefix, name, dry_run, ` +
    "exempt, max_keys, headers, store, store_timeout, on_store_failure",
  ]],
  ["an empty list", { rate_limit: [] }, [
    `${ONE}: is an empty list; accepted: a table, or a list of tables: rate, burst, by, …`,
  ]],
  ["two limits of one name", { rate_limit: [{ rate: "5/s" }, { rate: "5/s", by: "route" }] }, [
    `${ONE}[1].name: is "5/s", as of a limit before; accepted: a name for each, by default its rate`,
  ]],
  [
    "two stores",
    { rate_limit: [{ rate: "5/s", store: "redis://a" }, { rate: "5/d", store: "redis://b" }] },
    [`${ONE}[1].store: is another store than that of a limit before; accepted: one for all limits of a list`],
  ],
  ["no number at once", { concurrency: { limit: 0 } }, [
    "frontends[0].concurrency.limit: is 0; accepted: a whole number, 1 to 1000000",
  ]],
];
for (const [what, stages, problems] of REFUSED) {
  test(`the config refuses ${what}`, () => {
    assert.deepEqual(refusal(() => load(stages)), problems.map((problem) => `config: ${problem}`));
  });
}
