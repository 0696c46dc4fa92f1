// Comments in event streams whose server is silent, and how long it may be.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { eventually } from "../support/eventually.ts";
import type { RawConnection } from "../support/raw-server.ts";
import type { RawClient } from "../support/raw-client.ts";
import { asked, get, openScene, type Scene } from "./scene.ts";

const CHUNKED = "Transfer-Encoding: chunked";
const BEAT = "3\r\n:\n\n\r\n";

interface Streaming {
  readonly scene: Scene;
  readonly client: RawClient;
  readonly server: RawConnection;
}

/** A client whose request got the head of an answer with `lines` from the server. */
async function open(
  t: TestContext,
  keys: Record<string, unknown>,
  lines = ["Content-Type: text/event-stream", CHUNKED],
): Promise<Streaming> {
  const scene = await openScene(t, {
    frontend: { routes: [{ backend: "app", ...keys }] },
    backend: { timeouts: { idle: "150ms" } },
  });
  const client = await scene.client();
  client.send(get("/events"));
  const server = await asked(scene.server);
  server.send(["HTTP/1.1 200 OK", ...lines, "", ""].join("\r\n"));
  await client.until("\r\n\r\n");
  return { scene, client, server };
}

test("an event stream with heartbeat gets comments while its server is silent, between events alone", async (t) => {
  const { scene, client, server } = await open(t, { heartbeat: "10ms", idle_timeout: "0s" });
  await client.until(BEAT + BEAT);
  server.send("8\r\ndata: 1\n\r\n");
  await client.until("data: 1\n\r\n");
  const before = client.received;
  const since = performance.now(); // a comment would be out by now, and the backend's idle over
  await eventually("longer than that", () => performance.now() - since > 160);
  assert.equal(client.received, before);
  server.send("1\r\n\n\r\n");
  await client.until("1\r\n\n\r\n" + BEAT);
  server.send("0\r\n\r\n");
  await client.until(/0\r\n\r\n$/);
  const { reason, bytes_out: bytes } = await scene.proxy.access(0);
  assert.equal(reason, "ok");
  assert.equal(bytes, 9 + 3 * (client.received.split(BEAT).length - 1));
});

const UNTOUCHED: [why: string, lines: string[], body: string][] = [
  ["another type", ["Content-Type: text/plain", CHUNKED], "1\r\na\r\n"],
  ["a content coding", ["Content-Type: text/event-stream", "Content-Encoding: gzip", CHUNKED], "1\r\na\r\n"],
  ["a length", ["Content-Type: text/event-stream", "Content-Length: 100"], "\n\n"],
];
for (const [why, lines, body] of UNTOUCHED) {
  test(`an answer with ${why} gets no comments`, async (t) => {
    const { scene, client, server } = await open(t, { heartbeat: "5ms" }, lines);
    server.send(body);
    await client.until(body);
    assert.equal((await scene.proxy.access(0))["reason"], "upstream_stalled"); // after 150 ms
    assert.doesNotMatch(client.received, /:\n\n/);
  });
}

test("a stream is silent without heartbeat, and comments do not keep a dead server's alive", async (t) => {
  const plain = await open(t, {});
  const beating = await open(t, { heartbeat: "10ms" });
  for (const { scene } of [plain, beating]) {
    assert.equal((await scene.proxy.access(0))["reason"], "upstream_stalled");
  }
  assert.doesNotMatch(plain.client.received, /:\n\n/);
  assert.match(beating.client.received, /:\n\n/);
});

test("idle_timeout of a route ends a stream of a server that is silent for that long", async (t) => {
  const { scene } = await open(t, { idle_timeout: "20ms" });
  const line = await scene.proxy.access(0);
  assert.equal(line["reason"], "upstream_stalled");
  assert.equal(line["detail"], "No byte moved for idle_timeout (20ms)");
});

test("a client that leaves ends the heartbeat and the server's stream", async (t) => {
  const { scene, client, server } = await open(t, { heartbeat: "5ms", idle_timeout: "0s" });
  await client.until(BEAT);
  client.reset();
  await eventually("the server's end", () => server.closed || server.ended);
  assert.equal((await scene.proxy.access(0))["reason"], "client_closed");
});
