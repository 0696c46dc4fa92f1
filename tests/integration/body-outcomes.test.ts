import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { roundTrip } from "../support/raw-client.ts";
import { RawServer } from "../support/raw-server.ts";
import { startTestProxy } from "../support/test-proxy.ts";
import { get, ok } from "./scene.ts";

test("Server is ejected where it cuts every body that it begins", async (t) => {
  const cutting = await RawServer.answering((_head, connection) => {
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfour");
    connection.close();
    return undefined;
  });
  const sound = await RawServer.answering(ok());
  const proxy = await startTestProxy({
    servers: [cutting.port, sound.port],
    frontend: { trusted_proxies: ["127.0.0.1"] },
    backend: { ejection: { min_requests: 5 } },
  });
  t.after(async () => {
    await proxy.stop();
    await cutting.close();
    await sound.close();
  });
  for (let i = 0; i < 14; i++) {
    await roundTrip(proxy.port, get("/", `X-Forwarded-For: 10.0.0.${i}`, "Connection: close"));
  }
  await eventually("the ejection", () => proxy.events.some(({ event }) => event === "server_ejected"));
  assert.equal(cutting.connections.length, 5);
});
