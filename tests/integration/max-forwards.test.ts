// How far an OPTIONS goes: Max-Forwards counts the proxies on the way (RFC 9110 §7.6.2).
import assert from "node:assert/strict";
import { test } from "node:test";
import { absolute, linesOf, openRelay, statusOf } from "./relay-scene.ts";
import { asked, ok, openScene, request } from "./scene.ts";

const forwarded: [method: string, sent: string, seen: string][] = [
  ["OPTIONS", "1", "0"],
  ["OPTIONS", "70", "69"],
  ["OPTIONS", "007", "6"],
  ["OPTIONS", "99999999999999999999", "2147483647"],
  ["OPTIONS", "-1", "-1"],
  ["OPTIONS", "many", "many"],
  ["GET", "0", "0"],
  ["POST", "3", "3"],
];
for (const [method, sent, seen] of forwarded) {
  test(`requestHead() passes ${method} with Max-Forwards ${sent} on with ${seen} (RFC 9110 §7.6.2)`, async (t) => {
    const { server, client } = await openScene(t, { answer: ok("<a>") });
    const c = await client();
    c.send(request(method, "/", [`Max-Forwards: ${sent}`]));
    await c.until("<a>");
    assert.ok(linesOf((await asked(server)).received).includes(`Max-Forwards: ${seen}`));
  });
}

for (const lines of [["Max-Forwards: 0"], ["max-forwards: 000"], ["Max-Forwards: 5", "Max-Forwards: 0"]]) {
  test(`createProxyApp() answers an OPTIONS with ${lines.join(", ")} itself (RFC 9110 §7.6.2)`, async (t) => {
    const { server, client } = await openScene(t, { answer: ok("<a>") });
    const c = await client();
    c.send(request("OPTIONS", "*", lines) + request("OPTIONS", "/x", [...lines, "Connection: close"]));
    const answers = await c.untilClosed();
    assert.equal(answers.match(/HTTP\/1\.1 200 OK\r\nallow: GET, HEAD,/gi)?.length, 2);
    assert.equal(server.connections.length, 0);
  });
}

test("createRelayApp() counts Max-Forwards down, and answers the last itself, to those who may use it", async (t) => {
  const { ask, target, place, parents } = await openRelay(t);
  assert.equal(parents.length, 0);
  const options = (hops: number) =>
    absolute(`http://${place}/`, [`Max-Forwards: ${hops}`, "Connection: close"], "OPTIONS");
  assert.match(await ask(options(2)), /<target>$/);
  assert.ok(linesOf(target.received).includes("Max-Forwards: 1"));
  const own = await ask(options(0));
  assert.equal(statusOf(own), 200);
  assert.match(own, /\r\nallow: GET, /i);
  assert.equal(target.connections.length, 1);
});

test("createRelayApp() answers no OPTIONS of a client that may not use it", async (t) => {
  const { ask, place } = await openRelay(t, { relay: { allow_clients: ["192.0.2.1"] } });
  const answer = await ask(absolute(`http://${place}/`, ["Max-Forwards: 0", "Connection: close"], "OPTIONS"));
  assert.equal(statusOf(answer), 403);
});
