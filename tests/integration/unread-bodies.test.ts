// A request whose body nobody reads: the connection stays open where what is left of it is short, or here already.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { get, messagesIn, ok, openScene, post, request } from "./scene.ts";

const ANSWERED = {
  answer: ok("from the server"),
  frontend: {
    routes: [
      { path_prefix: "/", respond: { status: 200, body: "done" } },
      { path_prefix: "/none", respond: { status: 204 } },
      { path_prefix: "/away", redirect: "https://b.example/" },
    ],
  },
};
const CHUNKED = "Transfer-Encoding: chunked";

const KEPT: [why: string, pieces: string[]][] = [
  ["that came with it", [post("hello")]],
  ["that came in chunks with it", [request("POST", "/", [CHUNKED]) + "5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n"]],
  ["that comes later, and is short", [request("POST", "/", ["Content-Length: 60000"]), "x".repeat(60_000)]],
  ["of a request that has an answer without one", [request("POST", "/none", ["Content-Length: 2"]), "hi"]],
  ["of a request that is sent elsewhere", [request("PUT", "/away", ["Content-Length: 2"]) + "hi"]],
];
for (const [why, [head, rest = ""]] of KEPT) {
  test(`DownstreamConnection stays open behind an unread body ${why}`, async (t) => {
    const { proxy, client } = await openScene(t, ANSWERED);
    const c = await client();
    c.send(head!);
    await proxy.access(0);
    c.send(rest + get("/next"));
    await eventually("the second answer", () => messagesIn(c.received) === 2);
    assert.doesNotMatch(c.received, /\r\nConnection: close\r\n/);
    assert.equal((await proxy.access(1))["target"], "/next");
    assert.equal(c.ended, false);
  });
}

const CLOSED: [why: string, sends: string][] = [
  ["that is long", request("POST", "/", ["Content-Length: 70000"])],
  ["in chunks of which some are missing", request("POST", "/", [CHUNKED]) + "5\r\nhello\r\n"],
  ["in chunks that are broken", request("POST", "/", [CHUNKED]) + "hello\r\n"],
  ["that the client may leave out", request("POST", "/", ["Expect: 100-continue", "Content-Length: 5"])],
];
for (const [why, sends] of CLOSED) {
  test(`DownstreamConnection closes behind an unread body ${why}`, async (t) => {
    const { client } = await openScene(t, ANSWERED);
    const c = await client();
    c.send(sends);
    assert.match(await c.untilClosed(), /^HTTP\/1\.1 200 OK\r\n[^]*\r\nConnection: close\r\n\r\ndone$/);
  });
}

test("DownstreamConnection closes where the rest of an unread body does not come", async (t) => {
  const { client } = await openScene(t, {
    frontend: { ...ANSWERED.frontend, timeouts: { keep_alive: "100ms" } },
  });
  const c = await client();
  c.send(request("POST", "/", ["Content-Length: 5"]));
  assert.match(await c.untilClosed(), /done$/);
});

test("RunningProxy.stop() lets an answer arrive whose request has a body that nobody read", async (t) => {
  const { proxy, client } = await openScene(t, ANSWERED);
  const c = await client();
  c.send(request("POST", "/", ["Content-Length: 50000"]));
  await proxy.access(0);
  c.send("x".repeat(20_000));
  const stopped = proxy.stop();
  assert.match(await c.untilClosed(), /done$/);
  assert.equal(c.error, undefined);
  await stopped;
});
