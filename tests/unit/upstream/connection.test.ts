import assert from "node:assert/strict";
import { test } from "node:test";
import { ProxyError } from "../../../src/base/errors.ts";
import { settle } from "../../support/clock.ts";
import { answer, ok, ServerScene, Upload } from "./server-scene.ts";

test("a request goes out, its answer comes, and the connection is idle again", async (t) => {
  const scene = new ServerScene(t);
  assert.equal(scene.connection.usable, true);
  const sent = await scene.send();
  assert.equal(scene.socket.takeSent(), "GET / HTTP/1.1\r\n\r\n");
  assert.deepEqual([scene.connection.usable, scene.connection.answering], [false, false]);
  await scene.receive("HTTP/1.1 200 ");
  assert.deepEqual([scene.connection.answering, sent.status], [true, undefined]);
  await scene.receive("OK\r\nContent-Length: 4\r\n\r\nha");
  assert.deepEqual([sent.status, sent.done, scene.heard], [200, [], []]);
  sent.read();
  await scene.receive("lf");
  assert.deepEqual([sent.text, sent.bodyEnd, sent.done, scene.heard], ["half", "ok", ["ok"], ["idle"]]);
  assert.deepEqual([scene.connection.usable, scene.connection.reused], [true, true]);
  assert.equal(scene.connection.idleSince, scene.clock.now);
});

test("one request after another goes out on the same connection", async (t) => {
  const scene = new ServerScene(t);
  for (let i = 0; i < 3; i++) {
    const sent = await scene.send();
    assert.equal(scene.connection.answering, false);
    await scene.receive(ok(`answer ${i}`));
    sent.read();
    assert.deepEqual([sent.text, sent.done], [`answer ${i}`, ["ok"]]);
  }
  assert.deepEqual(scene.heard, ["idle", "idle", "idle"]);
});

test("a request on a connection that is busy or gone is refused, and does no harm", async (t) => {
  const scene = new ServerScene(t);
  const first = await scene.send();
  const second = await scene.send();
  assert.deepEqual([second.rejected, second.done], ["upstream_reset", []]);
  await scene.receive(ok());
  assert.deepEqual([first.status, first.done], [200, ["ok"]]);
  scene.socket.break();
  assert.equal((await scene.send()).rejected, "upstream_reset");
});

test("interim answers are passed on, and do not end the wait for the head", async (t) => {
  const scene = new ServerScene(t);
  const sent = await scene.send();
  await scene.receive("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\n\r\n");
  assert.deepEqual([sent.interim, sent.status, sent.done], [[100, 103], undefined, []]);
  await scene.receive(ok());
  assert.deepEqual([sent.status, sent.done], [200, ["ok"]]);
});

test("more than a hundred interim answers are none, counted anew for each request", async (t) => {
  const scene = new ServerScene(t);
  for (let i = 0; i < 2; i++) {
    const sent = await scene.send();
    await scene.receive("HTTP/1.1 103 Early\r\n\r\n".repeat(100) + ok());
    assert.equal(sent.status, 200);
  }
  const sent = await scene.send();
  await scene.receive("HTTP/1.1 103 Early\r\n\r\n".repeat(101));
  assert.deepEqual([sent.rejected, scene.heard.at(-1)], ["upstream_invalid", "gone"]);
});

test("an answer that closes, is of HTTP/1.0, or ends with the connection, leaves none behind", async (t) => {
  for (
    const [name, text, ends] of [
      ["Connection: close", ok("last", "Connection: close"), false],
      ["HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nlast", false],
      ["no length", "HTTP/1.1 200 OK\r\n\r\nlast", true],
    ] as const
  ) {
    await t.test(name, async (t) => {
      const scene = new ServerScene(t);
      const sent = await scene.send();
      await scene.receive(text);
      sent.read();
      if (ends) {
        assert.equal(sent.bodyEnd, undefined);
        await scene.receiveEnd();
      }
      assert.deepEqual([sent.text, sent.bodyEnd, sent.done, scene.heard], ["last", "ok", ["ok"], ["gone"]]);
      assert.ok(scene.socket.destroyed);
    });
  }
});

test("bytes behind an answer close the connection, as they answer nothing", async (t) => {
  const scene = new ServerScene(t);
  const sent = await scene.send();
  await scene.receive(ok("good") + "HTTP/1.1 200 OK\r\n");
  sent.read();
  assert.deepEqual([sent.text, sent.done, scene.heard], ["good", ["ok"], ["gone"]]);
});

test("bytes on an idle connection close it", async (t) => {
  const scene = new ServerScene(t);
  await scene.send();
  await scene.receive(ok());
  await scene.receive(ok());
  assert.deepEqual([scene.heard, scene.socket.destroyed, scene.connection.usable], [
    ["idle", "gone"],
    true,
    false,
  ]);
});

test("a server that closes an idle connection is heard once", async (t) => {
  const scene = new ServerScene(t);
  await scene.send();
  await scene.receive(ok());
  await scene.receiveEnd();
  scene.socket.destroy();
  await settle();
  assert.deepEqual([scene.heard, scene.connection.usable], [["idle", "left", "gone"], false]);
});

test("an idle connection that breaks is heard once", async (t) => {
  const scene = new ServerScene(t);
  await scene.send();
  await scene.receive(ok());
  scene.socket.break();
  assert.deepEqual(scene.heard, ["idle", "left", "gone"]);
});

test("an unused connection is closed after keep_alive, or earlier where its server says so", async (t) => {
  const scene = new ServerScene(t);
  await scene.send();
  await scene.receive(ok());
  await scene.clock.advance(29_000);
  assert.equal(scene.connection.usable, true);
  await scene.clock.advance(1100);
  assert.deepEqual(scene.heard, ["idle", "gone"]);

  await t.test("Keep-Alive: timeout=5", async (t) => {
    const scene = new ServerScene(t);
    await scene.send();
    await scene.receive(ok("", "Keep-Alive: timeout=5"));
    assert.ok(scene.connection.reusableMs > 0 && scene.connection.reusableMs <= 5000);
    await scene.clock.advance(5100);
    assert.deepEqual(scene.heard, ["idle", "gone"]);
  });
});

test("a connection that is used again is not closed for the time that it was unused before", async (t) => {
  const scene = new ServerScene(t, { response: 0, idle: 0 });
  await scene.send();
  await scene.receive(ok());
  await scene.clock.advance(29_000);
  const sent = await scene.send();
  await scene.clock.advance(60_000);
  await scene.receive(ok());
  assert.deepEqual([sent.done, scene.heard], [["ok"], ["idle", "idle"]]);
  const body = new Upload(10);
  await scene.clock.advance(29_000);
  const upload = await scene.send(body);
  await scene.clock.advance(60_000);
  assert.equal(upload.rejected, undefined);
});

test("putBack() gives a connection back unused, as old as it was", async (t) => {
  const scene = new ServerScene(t);
  await scene.send();
  await scene.receive(ok());
  const since = scene.connection.idleSince;
  await scene.clock.advance(1000);
  scene.connection.putBack();
  assert.deepEqual([scene.heard, scene.connection.idleSince], [["idle", "idle"], since]);
  await scene.receiveEnd();
  assert.deepEqual(scene.heard, ["idle", "idle", "left", "gone"]);
});

test("no head within response fails the request, and interim answers do not change that", async (t) => {
  const scene = new ServerScene(t);
  const sent = await scene.send();
  await scene.clock.advance(6000);
  await scene.receive("HTTP/1.1 103 Early\r\n\r\n");
  await scene.clock.advance(3900);
  assert.equal(sent.rejected, undefined);
  await scene.clock.advance(200);
  assert.deepEqual([sent.rejected, sent.done, scene.heard], ["response_timeout", [], ["gone"]]);
  assert.match(sent.error!.message, /response \(10s\)/);
  assert.ok(scene.socket.destroyed);
});

test("a request's own times take the place of the connection's", async (t) => {
  const scene = new ServerScene(t);
  const sent = await scene.send(null, { responseMs: 500, idleMs: 700 });
  await scene.clock.advance(600);
  assert.match(sent.error!.message, /response_timeout \(500ms\)/);

  await t.test("in the body of an answer", async (t) => {
    const scene = new ServerScene(t);
    const sent = await scene.send(null, { responseMs: 500, idleMs: 700 });
    await scene.receive("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
    sent.read();
    await scene.clock.advance(800);
    assert.deepEqual(sent.done, ["upstream_stalled"]);
  });
});

test("an answer that stops for idle breaks off, one that moves goes on", async (t) => {
  const scene = new ServerScene(t);
  const sent = await scene.send();
  await scene.receive("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
  sent.read();
  for (let i = 0; i < 5; i++) {
    await scene.clock.advance(19_000);
    await scene.receive("x");
  }
  assert.deepEqual(sent.done, []);
  await scene.clock.advance(19_900);
  assert.deepEqual(sent.done, []);
  await scene.clock.advance(200);
  assert.deepEqual([sent.done, sent.bodyEnd, scene.heard], [
    ["upstream_stalled"],
    "upstream_stalled",
    ["gone"],
  ]);
});

test("an answer that nobody has room for is not held against its server", async (t) => {
  const scene = new ServerScene(t);
  const sent = await scene.send();
  let room = false;
  await scene.receive("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
  sent.read(() => room);
  assert.deepEqual([sent.text, scene.socket.paused], ["abc", true]);
  scene.socket.receive("defghi");
  await scene.clock.advance(100_000);
  assert.deepEqual([sent.text, sent.done], ["abc", []]);
  room = true;
  sent.answer!.body!.resume();
  await settle();
  assert.deepEqual([sent.text, sent.bodyEnd, sent.done, scene.heard], ["abcdefghi", "ok", ["ok"], ["idle"]]);
  // How long its server has taken it for unused, nobody knows.
  assert.ok(Number.isNaN(scene.connection.idleSince));
});

test("an answer waits for somebody to take it", async (t) => {
  const scene = new ServerScene(t);
  const sent = await scene.send();
  await scene.receive("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
  await scene.receive("def");
  assert.equal(scene.socket.paused, true);
  await scene.receive("ghi");
  sent.read();
  await settle();
  assert.deepEqual([sent.text, sent.done, scene.socket.paused], ["abcdefghi", ["ok"], false]);
});

test("what came before the server closed is read, however late somebody takes it", async (t) => {
  const scene = new ServerScene(t);
  const sent = await scene.send();
  await scene.receive("HTTP/1.1 200 OK\r\n\r\nall of it");
  await scene.receiveEnd();
  assert.deepEqual([sent.status, sent.done], [200, []]);
  sent.read();
  await settle();
  assert.deepEqual([sent.text, sent.bodyEnd, sent.done, scene.heard], ["all of it", "ok", ["ok"], ["gone"]]);
});

test("a server that closes or breaks too early fails the request, or cuts its answer", async (t) => {
  for (
    const [name, text, end, rejected] of [
      ["closes before the head", "", "end", true],
      ["closes in the head", "HTTP/1.1 200 OK\r\nConte", "end", true],
      ["closes in the body", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", "end", false],
      [
        "closes in the chunks",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        "end",
        false,
      ],
      ["breaks before the head", "", "break", true],
      ["breaks in the body", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", "break", false],
      ["breaks an answer without a length", "HTTP/1.1 200 OK\r\n\r\nabc", "break", false],
    ] as const
  ) {
    await t.test(name, async (t) => {
      const scene = new ServerScene(t);
      const sent = await scene.send();
      if (text !== "") await scene.receive(text);
      if (!rejected) sent.read();
      if (end === "end") await scene.receiveEnd();
      else scene.socket.break();
      await settle();
      assert.equal(sent.rejected, rejected ? "upstream_reset" : undefined);
      assert.deepEqual(
        [sent.done, sent.bodyEnd],
        rejected ? [[], undefined] : [
          ["upstream_reset"],
          "upstream_reset",
        ],
      );
      assert.deepEqual([scene.heard, scene.socket.destroyed], [["gone"], true]);
      assert.equal(scene.clock.timers, 0);
    });
  }
});

test("an answer that breaks the rules fails the request and closes the connection", async (t) => {
  const scene = new ServerScene(t);
  const sent = await scene.send();
  await scene.receive("HTP/1.1 200 OK\r\n\r\n");
  assert.deepEqual([sent.rejected, scene.heard], ["upstream_invalid", ["gone"]]);

  await t.test("in its body", async (t) => {
    const scene = new ServerScene(t);
    const sent = await scene.send();
    await scene.receive("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    sent.read();
    await scene.receive("none\r\n");
    assert.deepEqual([sent.text, sent.bodyEnd, sent.done], ["abc", "upstream_invalid", ["upstream_invalid"]]);
  });
});

test("an answer that is cancelled closes the connection, and is over once", async (t) => {
  const scene = new ServerScene(t);
  const sent = await scene.send();
  await scene.receive("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
  sent.read();
  sent.answer!.body!.cancel(new ProxyError("client_closed", "gone"));
  await settle();
  assert.deepEqual([sent.done, sent.bodyEnd, scene.heard], [["client_closed"], undefined, ["gone"]]);
  assert.ok(scene.socket.destroyed);
});

test("whoever still holds the body of an answer that is over cannot touch the next one", async (t) => {
  const scene = new ServerScene(t);
  const first = await scene.send();
  await scene.receive(ok("one"));
  first.read();
  const second = await scene.send();
  first.answer!.body!.cancel(new ProxyError("client_closed", "gone"));
  first.answer!.body!.resume();
  await scene.receive(ok("two"));
  second.read();
  assert.deepEqual([second.text, second.done, first.done], ["two", ["ok"], ["ok"]]);
});

test("fail() gives up what is under way in each state, and does nothing twice", async (t) => {
  const error = new ProxyError("client_closed", "gone");
  const idle = new ServerScene(t);
  idle.connection.fail(error);
  idle.connection.fail(error);
  assert.deepEqual([idle.heard, idle.socket.destroyed], [["gone"], true]);
  await t.test("before the head", async (t) => {
    const scene = new ServerScene(t);
    const sent = await scene.send();
    scene.connection.fail(error);
    scene.connection.fail(error);
    await settle();
    assert.deepEqual([sent.rejected, sent.done, scene.heard], ["client_closed", [], ["gone"]]);
    await scene.receive(ok());
    assert.equal(sent.status, undefined);
  });
  await t.test("before anybody takes the body", async (t) => {
    const scene = new ServerScene(t);
    const sent = await scene.send();
    await scene.receive("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
    scene.connection.fail(error);
    await settle();
    assert.deepEqual([sent.done, scene.heard], [["client_closed"], ["gone"]]);
    sent.read();
    assert.equal(sent.bodyEnd, "client_closed");
  });
});

test("trailers come with the end of the body", async (t) => {
  const scene = new ServerScene(t);
  const sent = await scene.send();
  await scene.receive(
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n",
  );
  sent.read();
  assert.deepEqual([sent.text, sent.trailers?.get("x-sum"), scene.heard], ["abc", "1", ["idle"]]);
});

test("a 101 that was asked for hands the socket over, with what came behind it", async (t) => {
  const scene = new ServerScene(t);
  const sent = await scene.send(null, { upgrade: "websocket" });
  await scene.receive("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\nearly");
  const { tunnel } = sent.answer!;
  assert.deepEqual([tunnel!.early.toString(), scene.heard, sent.done], ["early", [], []]);
  assert.equal(scene.clock.timers, 0);
  await scene.clock.advance(60_000);
  assert.equal(scene.socket.destroyed, false);
  scene.connection.fail(new ProxyError("client_closed", "it is not the connection's any more"));
  assert.equal(scene.socket.destroyed, false);
  // It keeps its place until it is closed, and an error is heard even before the tunnel listens.
  scene.socket.break();
  assert.deepEqual(scene.heard, ["gone"]);
});

test("a 101 that nobody asked for, or to another protocol, is refused", async (t) => {
  for (const upgrade of [undefined, "other"]) {
    await t.test(String(upgrade), async (t) => {
      const scene = new ServerScene(t);
      const sent = await scene.send(null, { upgrade });
      await scene.receive("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n");
      assert.deepEqual([sent.rejected, scene.heard], ["upstream_invalid", ["gone"]]);
    });
  }
});

test("a 2xx to CONNECT hands the socket over, any other answer is one, and the connection is not kept", async (t) => {
  const scene = new ServerScene(t);
  const sent = await scene.send(null, { method: "CONNECT" });
  await scene.receive("HTTP/1.1 200 Established\r\n\r\nearly");
  assert.equal(sent.answer!.tunnel!.early.toString(), "early");
  await t.test("403", async (t) => {
    const scene = new ServerScene(t);
    const sent = await scene.send(null, { method: "CONNECT" });
    await scene.receive(answer(403, "no"));
    sent.read();
    assert.deepEqual([sent.status, sent.text, scene.heard], [403, "no", ["gone"]]);
  });
});

test("a request whose head cannot be written fails, and sends nothing", async (t) => {
  const scene = new ServerScene(t);
  const sent = await scene.send(null, {
    head: {
      writeHead(output) {
        output.text("GET /half");
        throw new Error("no other half");
      },
    },
  });
  assert.equal(sent.rejected, "internal_error");
  assert.equal(scene.socket.sent, "");
  assert.deepEqual(scene.heard, ["gone"]);
});
