import assert from "node:assert/strict";
import { test } from "node:test";
import { createAdminApp } from "../../../src/admin/app.ts";

const PARTS = {
  metrics: () => "",
  ready: () => true,
  status: () => Promise.resolve("{}"),
  history: () => "{}",
  events: () => undefined,
};

test("the admin app says whether the proxy is ready by its status", async () => {
  let ready = true;
  const app = createAdminApp({ ...PARTS, ready: () => ready });
  const ask = async () => {
    const answer = await app.request("/ready");
    const { status, headers } = answer;
    return [status, await answer.text(), headers.get("content-length"), headers.get("cache-control")];
  };
  assert.deepEqual(await ask(), [200, "ready\n", "6", "no-store"]);
  ready = false;
  assert.deepEqual(await ask(), [503, "not ready\n", "10", "no-store"]);
});

test("the admin app shows the metrics of the moment, and says what else there is", async () => {
  let count = 0;
  const app = createAdminApp({ ...PARTS, metrics: () => `up ${++count}\n` });
  for (const text of ["up 1\n", "up 2\n"]) {
    const answer = await app.request("/metrics");
    assert.equal(await answer.text(), text);
    assert.match(answer.headers.get("content-type")!, /^text\/plain; version=0\.0\.4/);
  }
  const answer = await app.request("/other");
  assert.deepEqual([answer.status, await answer.text()], [
    404,
    "Not found. There is: /metrics, /ready, /status, /history, /events\n",
  ]);
});
