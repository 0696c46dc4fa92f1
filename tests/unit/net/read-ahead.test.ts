import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { test } from "node:test";
import { listen } from "../../../src/net/listen.ts";
import { eventually } from "../../support/eventually.ts";
import { RawClient } from "../../support/raw-client.ts";

/** Bytes that are sent one by one. */
const COUNT = 600;

test("a socket that is paused keeps few of the pieces that come, and loses none", async (t) => {
  let socket: Socket | undefined;
  const listener = await listen({ kind: "tcp", host: "127.0.0.1", port: 0 }, (accepted) => {
    socket = accepted;
  }, () => {});
  const client = await RawClient.open(listener.port);
  t.after(() => {
    client.close();
    socket?.destroy();
    void listener.close();
  });
  const accepted = await eventually("the connection", () => socket);
  let received = 0;
  accepted.on("error", () => {}).on("data", (chunk) => received += chunk.length);
  accepted.pause();
  for (let i = 0; i < COUNT; i++) {
    client.socket.write("x");
    await new Promise((resolve) => setTimeout(resolve, 0)); // so that each is read by itself
  }
  assert.ok(accepted.readableLength < 300, `${accepted.readableLength} pieces are kept`);
  accepted.resume();
  await eventually("all of it", () => received === COUNT);
});
