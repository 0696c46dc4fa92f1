/** What retries may cost: a share of the requests, and nothing where none was needed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { hangsUp, openRetryScene } from "./retry-scene.ts";
import { get, ok, pathOf } from "./scene.ts";

test("answers that are good take nothing of the budget for retries, and are not noted as not repeated", async (t) => {
  const scene = await openRetryScene(t, [
    (connection) => {
      const head = connection.received;
      connection.received = "";
      if (pathOf(head) === "/bad") hangsUp(connection);
      else connection.send(ok("first"));
    },
    ok("second"),
  ]);
  const client = await scene.client();
  for (let i = 0; i < 12; i++) {
    client.received = "";
    client.send(get("/good"));
    await client.until("first");
  }
  client.received = "";
  client.send(get("/bad"));
  await client.until("second");
  const line = await scene.proxy.access(12);
  assert.deepEqual([line["attempts"], line["retry"]], [2, undefined]);
  assert.deepEqual(scene.proxy.accesses.slice(0, 12).filter((its) => "retry" in its && its["retry"]), []);
});
