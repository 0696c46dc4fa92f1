// A line of the access log names the rule that ended a request, and what it is set to.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import type { RawClient } from "../support/raw-client.ts";
import { asked, get, ok, openScene, request, type SceneOptions } from "./scene.ts";

interface Case {
  readonly reason: string;
  readonly detail: string;
  readonly scene?: SceneOptions;
  /** What the client does besides being there. */
  readonly act: (client: RawClient) => void;
}

const toRoute = (keys: Record<string, unknown>): SceneOptions => ({
  frontend: { routes: [{ path_prefix: "/", backend: "app", ...keys }] },
});
const stalled = () => "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf";

const CASES: Case[] = [
  {
    reason: "request_timeout",
    detail: "The head of the request took longer than request_headers (100ms)",
    scene: { frontend: { timeouts: { request_headers: "100ms" } } },
    act: (client) => client.send("GET / HTT"),
  },
  {
    reason: "body_timeout",
    detail: "The request body brought nothing for body_idle (100ms)",
    scene: { frontend: { timeouts: { body_idle: "100ms" } } },
    act: (client) => client.send(request("POST", "/", ["Content-Length: 9"]) + "half"),
  },
  {
    reason: "client_stalled",
    detail: "The client took nothing of the answer for write_idle (100ms)",
    scene: { answer: ok("x".repeat(24_000_000)), frontend: { timeouts: { write_idle: "100ms" } } },
    act(client) {
      client.socket.pause();
      client.send(get());
    },
  },
  {
    reason: "body_too_large",
    detail: "The request body is larger than body_size (8B)",
    scene: { config: { limits: { body_size: "8B" } } },
    act: (client) => client.send(request("POST", "/", ["Content-Length: 9"])),
  },
  {
    reason: "body_too_large",
    detail: "The request body is larger than body_size (8B)",
    scene: { config: { limits: { body_size: "8B" } } },
    act: (client) => client.send(request("POST", "/", ["Transfer-Encoding: chunked"]) + "9\r\n123456789\r\n"),
  },
  {
    reason: "target_too_long",
    detail: "The request target is longer than target_size (8B)",
    scene: { config: { limits: { target_size: "8B" } } },
    act: (client) => client.send(get("/123456789")),
  },
  {
    reason: "target_too_long",
    detail: "The start line is longer than target_size (8B)",
    scene: { config: { limits: { target_size: "8B" } } },
    act: (client) => client.send(get(`/${"x".repeat(100)}`)),
  },
  {
    reason: "headers_too_large",
    detail: "The head is larger than header_size (1KiB)",
    scene: { config: { limits: { header_size: "1KiB" } } },
    act: (client) => client.send(get("/", `X-A: ${"x".repeat(1024)}`)),
  },
  {
    reason: "headers_too_large",
    detail: "More fields than header_count (3)",
    scene: { config: { limits: { header_count: 3 } } },
    act: (client) => client.send(get("/", "X-A: 1", "X-B: 1", "X-C: 1")),
  },
  {
    reason: "response_timeout",
    detail: "No answer came within response (100ms)",
    scene: { backend: { timeouts: { response: "100ms" } } },
    act: (client) => client.send(get()),
  },
  {
    reason: "response_timeout",
    detail: "No answer came within response_timeout (100ms)",
    scene: toRoute({ response_timeout: "100ms" }),
    act: (client) => client.send(get()),
  },
  {
    reason: "upstream_stalled",
    detail: "No byte moved for idle (100ms)",
    scene: { answer: stalled, backend: { timeouts: { idle: "100ms" } } },
    act: (client) => client.send(get()),
  },
  {
    reason: "upstream_stalled",
    detail: "No byte moved for idle_timeout (100ms)",
    scene: { answer: stalled, ...toRoute({ idle_timeout: "100ms" }) },
    act: (client) => client.send(get()),
  },
];
for (const { reason, detail, scene, act } of CASES) {
  test(`the access log says "${detail}"`, async (t) => {
    const { proxy, client } = await openScene(t, scene);
    act(await client());
    const line = await proxy.access(0, 15_000);
    assert.deepEqual([line["reason"], line["detail"]], [reason, detail]);
  });
}

test('the access log says "No connection came free within queue (100ms)"', async (t) => {
  const { server, proxy, client } = await openScene(t, {
    entry: { max_connections: 1 },
    backend: { timeouts: { queue: "100ms" } },
  });
  const first = await client();
  first.send(get());
  const connection = await asked(server);
  (await client()).send(get());
  const line = await proxy.access(0);
  assert.deepEqual([line["reason"], line["detail"]], [
    "queue_timeout",
    "No connection came free within queue (100ms)",
  ]);
  connection.send(ok());
  await eventually("the first answer", () => first.received !== "");
});
