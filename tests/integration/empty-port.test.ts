// An authority with an empty port (`name:`) means the default port (RFC 3986 §3.2.3, RFC 9110 §7.2).
import assert from "node:assert/strict";
import { test } from "node:test";
import { absolute, linesOf, openRelay, statusOf } from "./relay-scene.ts";
import { asked, ok, openScene } from "./scene.ts";

for (
  const [name, head] of [
    ["Host", "GET /x HTTP/1.1\r\nHost: a.example:\r\n\r\n"],
    ["the target", "GET http://a.example:/x HTTP/1.1\r\nHost: a.example\r\n\r\n"],
    ["both", "GET http://a.example:/x HTTP/1.1\r\nHost: a.example:80\r\n\r\n"],
  ] as const
) {
  test(`a request with an empty port in ${name} goes to the host without it, by rules as well`, async (t) => {
    const scene = await openScene(t, {
      answer: ok("<a>"),
      frontend: {
        default_backend: undefined,
        rules: [{ if: "host == a.example", backend: "app" }],
      },
    });
    const client = await scene.client();
    client.send(head);
    await client.until("<a>");
    const lines = linesOf((await asked(scene.server)).received);
    assert.deepEqual(lines.slice(0, 2), ["GET /x HTTP/1.1", "Host: a.example"]);
    assert.ok(lines.includes("X-Forwarded-Host: a.example"));
  });
}

test("createRelayApp() takes a target with an empty port to port 80, but refuses a CONNECT (RFC 9110 §9.3.6)", async (t) => {
  const { ask, parents, proxy } = await openRelay(t, { parents: [ok("<p>")] });
  const answer = await ask(absolute("http://h.example:/x", ["Connection: close"]));
  assert.equal(statusOf(answer), 200);
  assert.equal(linesOf(parents[0]!.received)[0], "GET http://h.example/x HTTP/1.1");
  assert.equal(statusOf(await ask("CONNECT h.example: HTTP/1.1\r\nHost: h.example\r\n\r\n")), 400);
  assert.deepEqual(proxy.accesses.map(({ host }) => host), ["h.example", "h.example"]);
});
