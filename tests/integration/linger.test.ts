// Behind an answer that came before its request was complete: how long the client may go on sending before it reads.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { RawClient } from "../support/raw-client.ts";
import { ok, openScene, request } from "./scene.ts";

/** Sends a piece of a body every `ms` until `over`. */
async function upload(client: RawClient, ms: number, over: () => boolean): Promise<void> {
  while (!over()) {
    client.send("x".repeat(1000));
    await new Promise((resolve) => setTimeout(resolve, ms));
  }
}

test("linger waits for silence: a client that uploads for longer reads its 413 when it is done", async (t) => {
  const { proxy, client } = await openScene(t, {
    answer: ok(),
    config: { limits: { body_size: "10KB" } },
    frontend: { timeouts: { linger: "400ms" } },
  });
  const c = await client();
  c.socket.pause();
  c.send(request("POST", "/", ["Content-Length: 1000000000"]));
  await proxy.access(0);
  const started = performance.now();
  await upload(c, 10, () => performance.now() - started > 1000 || c.closed);
  c.socket.resume();
  assert.match(await c.untilClosed(), /^HTTP\/1\.1 413 [^]*body_too_large/);
  assert.equal(c.error, undefined);
});

test("linger_limit ends what a client sends without end", async (t) => {
  const { proxy, client } = await openScene(t, {
    config: { limits: { body_size: "10KB" } },
    frontend: { timeouts: { linger: "200ms", linger_limit: "400ms" } },
  });
  const c = await client();
  c.send(request("POST", "/", ["Content-Length: 1000000000"]));
  await c.until(/^HTTP\/1\.1 413 /);
  const started = performance.now();
  await upload(c, 10, () => proxy.running.connections === 0 || performance.now() - started > 5000);
  assert.equal(proxy.running.connections, 0);
});
