// The state as server-sent events, on the admin listener.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { RawClient } from "../support/raw-client.ts";
import { openMetricsScene } from "./metrics-scene.ts";
import { ofOperator, ok } from "./scene.ts";

test("/events sends the state at once and every second, and ends when the proxy stops", async (t) => {
  const { proxy, admin } = await openMetricsScene(t, { answer: () => ok() });
  const response = await admin("/events");
  assert.equal(response.headers.get("content-type"), "text/event-stream");
  const reader = response.body!.getReader();
  let received = "";
  for (const states of [1, 2]) {
    await eventually(`state ${states}`, async () => {
      received += new TextDecoder().decode((await reader.read()).value);
      return received.split("\n\n").filter((event) => event.startsWith("event: state\n")).length >= states;
    });
  }
  const [, json] = /^event: state\ndata: (.*)\n\n/.exec(received)!;
  assert.deepEqual(JSON.parse(json!).backends.map(({ name }: { name: string }) => name), ["app", "dead"]);
  const begun = performance.now();
  await proxy.stop();
  assert.ok(performance.now() - begun < 900, "a stream that is open holds up no stop");
  while (!(await reader.read()).done);
});

test("/events turns further clients away, and forgets those that leave", async (t) => {
  const { proxy, admin } = await openMetricsScene(t, { answer: () => ok() });
  const { port } = proxy.running.adminListener!;
  const clients = await Promise.all(Array.from({ length: 32 }, () => RawClient.open(port)));
  for (const client of clients) client.send(ofOperator("/events"));
  await Promise.all(clients.map((client) => client.until("event: state")));
  const refused = await admin("/events");
  assert.deepEqual([refused.status, refused.headers.get("retry-after")], [503, "10"]);
  await refused.body?.cancel();
  assert.equal((await admin("/ready")).status, 200);
  assert.equal((await admin("/events", { method: "HEAD" })).status, 200);
  for (const client of clients) client.close();
  await eventually("room", async () => {
    const { status, body } = await admin("/events");
    await body?.cancel();
    return status === 200;
  });
});
