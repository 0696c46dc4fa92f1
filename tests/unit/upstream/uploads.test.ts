import assert from "node:assert/strict";
import { test } from "node:test";
import { ProxyError } from "../../../src/base/errors.ts";
import { settle } from "../../support/clock.ts";
import { answer, ok, ServerScene, Upload } from "./server-scene.ts";

test("a body goes out as it comes, and response counts from its end", async (t) => {
  const scene = new ServerScene(t);
  const body = new Upload();
  const sent = await scene.send(body);
  body.write("ab");
  assert.equal(scene.socket.takeSent(), "POST / HTTP/1.1\r\n\r\n2\r\nab\r\n");
  await scene.clock.advance(19_000);
  assert.equal(sent.rejected, undefined);
  body.write("c");
  body.end();
  assert.equal(scene.socket.takeSent(), "1\r\nc\r\n0\r\n\r\n");
  await scene.clock.advance(9900);
  assert.deepEqual([sent.rejected, scene.heard], [undefined, []]);
  await scene.clock.advance(200);
  assert.equal(sent.rejected, "response_timeout");
});

test("a body that its server takes slowly holds its source back, and goes on with the drain", async (t) => {
  const scene = new ServerScene(t);
  const body = new Upload(400_000);
  const sent = await scene.send(body);
  scene.socket.stall();
  assert.equal(body.write("x".repeat(200_000)), false);
  assert.equal(body.resumed, 0);
  scene.socket.take();
  assert.equal(body.resumed, 1);
  assert.equal(body.write("x".repeat(200_000)), true);
  body.end();
  await scene.receive(ok());
  assert.deepEqual([sent.done, scene.heard, body.cancelled], [["ok"], ["idle"], undefined]);
});

test("response counts anew from the moment at which a slow server has taken all of the body", async (t) => {
  const scene = new ServerScene(t);
  const body = new Upload(200_000);
  const sent = await scene.send(body);
  scene.socket.stall();
  body.write("x".repeat(200_000));
  body.end();
  await scene.clock.advance(8000);
  scene.socket.take();
  await scene.clock.advance(9900);
  assert.deepEqual([sent.rejected, scene.heard], [undefined, []]);
  await scene.clock.advance(200);
  assert.equal(sent.rejected, "response_timeout");
});

test("an upload that stands still for idle is cut, one that moves slowly is not", async (t) => {
  const scene = new ServerScene(t);
  const body = new Upload(1_000_000);
  const sent = await scene.send(body);
  scene.socket.stall();
  for (let i = 0; i < 20; i++) body.write("x".repeat(20_000));
  for (let i = 0; i < 6; i++) {
    await scene.clock.advance(19_000);
    scene.socket.take(1);
  }
  assert.deepEqual([sent.rejected, body.cancelled], [undefined, undefined]);
  await scene.clock.advance(45_000);
  assert.deepEqual([sent.rejected, body.cancelled?.kind], ["upstream_stalled", "upstream_stalled"]);
  assert.deepEqual([scene.heard, scene.socket.destroyed], [["gone"], true]);
});

test("an upload whose answer has begun goes on as long as either of them moves", async (t) => {
  const scene = new ServerScene(t);
  const body = new Upload(1_000_000);
  const sent = await scene.send(body);
  await scene.receive("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
  sent.read();
  for (let i = 0; i < 6; i++) {
    await scene.clock.advance(19_000);
    body.write("slow, but it moves");
  }
  assert.deepEqual([sent.done, body.cancelled], [[], undefined]);
  for (let i = 0; i < 3; i++) {
    await scene.clock.advance(19_000);
    await scene.receive("x");
  }
  assert.deepEqual(sent.done, []);
  await scene.clock.advance(45_000);
  assert.deepEqual([sent.done, sent.bodyEnd, body.cancelled?.kind], [
    ["upstream_stalled"],
    "upstream_stalled",
    "upstream_stalled",
  ]);
});

test("an upload that its client sends slowly is not the server's fault before an answer has begun", async (t) => {
  const scene = new ServerScene(t);
  const sent = await scene.send(new Upload(1_000_000));
  await scene.clock.advance(100_000);
  assert.deepEqual([sent.rejected, scene.heard], [undefined, []]);
});

test("an upload that breaks off closes the connection", async (t) => {
  const scene = new ServerScene(t);
  const body = new Upload(10);
  const sent = await scene.send(body);
  body.write("half");
  body.sink!.fail(new ProxyError("client_closed", "gone"));
  await settle();
  assert.deepEqual([sent.rejected, scene.heard, scene.socket.destroyed], ["client_closed", ["gone"], true]);
});

test("an early answer is passed on, the rest of the upload cancelled, and the connection closed", async (t) => {
  const scene = new ServerScene(t);
  const body = new Upload(1_000_000);
  const sent = await scene.send(body);
  body.write("begins");
  await scene.receive(answer(413, "large"));
  assert.deepEqual([sent.status, body.cancelled, scene.connection.reusableMs], [413, undefined, 0]);
  sent.read();
  await settle();
  assert.deepEqual([sent.text, sent.bodyEnd, sent.done, scene.heard], ["large", "ok", ["ok"], ["gone"]]);
  assert.equal(body.cancelled?.kind, "upstream_reset");
  assert.equal(body.write("more"), true);
  assert.doesNotMatch(scene.socket.sent, /more/);
});

test("an early answer without a body is over at once", async (t) => {
  const scene = new ServerScene(t);
  const body = new Upload(1_000_000);
  const sent = await scene.send(body);
  await scene.receive(answer(413));
  assert.deepEqual([sent.status, sent.answer!.body, sent.done], [413, null, ["ok"]]);
  assert.deepEqual([scene.heard, body.cancelled?.kind], [["gone"], "upstream_reset"]);
});

test("a refusal of a body that may not have been read to its end closes the connection", async (t) => {
  for (const [length, kept] of [[16_000, true], [20_000, false]] as const) {
    await t.test(`${length} bytes`, async (t) => {
      const scene = new ServerScene(t);
      const body = new Upload(length);
      await scene.send(body);
      body.write("x".repeat(length));
      body.end();
      await scene.receive(answer(400));
      assert.deepEqual(scene.heard, [kept ? "idle" : "gone"]);
    });
  }
});

test("a server that takes no more of an upload has a second for its answer", async (t) => {
  const scene = new ServerScene(t);
  const body = new Upload(1_000_000);
  const sent = await scene.send(body);
  body.write("begins");
  scene.socket.emit("writeFailed", Object.assign(new Error("broken pipe"), { code: "EPIPE" }));
  assert.equal(body.cancelled?.kind, "upstream_reset");
  await scene.clock.advance(900);
  assert.deepEqual([sent.rejected, scene.heard], [undefined, []]);
  await scene.receive(answer(413, "large"));
  sent.read();
  await settle();
  assert.deepEqual([sent.status, sent.text, sent.done, scene.heard], [413, "large", ["ok"], ["gone"]]);

  await t.test("and fails without one, which says nothing about it", async (t) => {
    const scene = new ServerScene(t);
    const body = new Upload(1_000_000);
    const sent = await scene.send(body);
    body.write("begins");
    scene.socket.emit("writeFailed", Object.assign(new Error("broken pipe"), { code: "EPIPE" }));
    await scene.clock.advance(1100);
    assert.deepEqual([sent.rejected, sent.error!.blames, scene.heard], ["upstream_reset", false, ["gone"]]);
    assert.match(sent.error!.message, /EPIPE/);
  });
});

test("a server that closes before it has the body is not blamed, one that has it all is", async (t) => {
  for (
    const [name, ends, blames] of [["inside the body", false, false], ["behind it", true, true]] as const
  ) {
    await t.test(name, async (t) => {
      const scene = new ServerScene(t);
      const body = new Upload(6);
      const sent = await scene.send(body);
      body.write(ends ? "begins" : "beg");
      if (ends) body.end();
      await scene.receiveEnd();
      assert.deepEqual([sent.rejected, sent.error!.blames], ["upstream_reset", blames]);
      assert.equal(body.cancelled?.kind, ends ? undefined : "upstream_reset");
    });
  }
});
