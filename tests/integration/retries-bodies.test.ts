// What of a request body another server gets: all of it or nothing, and never twice where that could matter.
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import type { RawConnection, RawServer } from "../support/raw-server.ts";
import { asked, bodyOf, dechunk, get, messagesIn, ok, request } from "./scene.ts";
import { type Behaviour, hangsUp, openRetryScene } from "./retry-scene.ts";

const CLOSE = "Connection: close";
const CHUNKED = "Transfer-Encoding: chunked";
const EXPECT = "Expect: 100-continue";
const KIB = 1024;

/** A body of `size` bytes in which every place looks different. */
function textOf(size: number): string {
  let text = "";
  for (let i = 0; text.length < size; i++) text += `${i},`;
  return text.slice(0, size);
}

/** A whole upload of `body`. */
function upload(method: string, body: string): string {
  return request(method, "/", [CLOSE, `Content-Length: ${body.length}`]) + body;
}

/** A server that answers when it has a body of `length` bytes. */
function takes(length: number): Behaviour {
  return (connection) => {
    if (bodyOf(connection.received).length === length) connection.send(ok("taken"));
  };
}

/** A server that closes when it has `length` bytes of a body. */
function closesAt(length: number, also?: () => void): Behaviour {
  return (connection) => {
    if (!connection.received.includes("\r\n\r\n") || bodyOf(connection.received).length < length) return;
    connection.close();
    also?.();
  };
}

/** The body of the one request that `server` got. */
function theBody(server: RawServer): string {
  assert.equal(messagesIn(server.received), 1);
  return bodyOf(server.received);
}

for (const method of ["POST", "PUT"]) {
  for (const size of [0, 5 * KIB, 1024 * KIB]) {
    test(`forward() sends a ${method} of ${size} bytes whole and once after a refused connection`, async (t) => {
      const body = textOf(size);
      const scene = await openRetryScene(t, ["refuses", takes(size), takes(size)]);
      assert.match(await scene.ask(upload(method, body)), /^HTTP\/1\.1 200 [^]*taken$/);
      assert.equal(theBody(scene.servers[1]!), body);
      assert.equal(scene.servers[2]!.connections.length, 0);
      const { attempts, bytes_in: bytesIn } = await scene.proxy.access(0);
      assert.deepEqual([attempts, bytesIn], [2, size]);
    });
  }
}

for (const at of [0, 1, 5 * KIB, 10 * KIB]) {
  test(`forward() sends a PUT of 10 KiB whole to another server after a close at byte ${at}`, async (t) => {
    const body = textOf(10 * KIB);
    const scene = await openRetryScene(t, [closesAt(at), takes(body.length)]);
    assert.match(await scene.ask(upload("PUT", body)), /^HTTP\/1\.1 200 [^]*taken$/);
    assert.equal(theBody(scene.servers[1]!), body);
    assert.equal((await scene.proxy.access(0))["attempts"], 2);
  });
}

test("forward() sends no second server a PUT of which more went out than is kept", async (t) => {
  const body = textOf(1024 * KIB);
  const scene = await openRetryScene(t, [closesAt(100 * KIB), takes(body.length)]);
  assert.match(await scene.ask(upload("PUT", body)), /^HTTP\/1\.1 502 /);
  assert.deepEqual(scene.counts(), [1, 0]);
  const { attempts, reason } = await scene.proxy.access(0);
  assert.deepEqual([attempts, reason], [1, "upstream_reset"]);
});

test("forward() sends a large PUT to a closing server whole to the next, or says 502", async (t) => {
  const body = textOf(1024 * KIB);
  const scene = await openRetryScene(t, [hangsUp, takes(body.length)], {
    backend: { retries: { budget: 1 } },
  });
  for (let i = 0; i < 20; i++) {
    const received = await scene.ask(upload("PUT", body));
    const { reason, attempts } = await scene.proxy.access(i);
    if (attempts === 2) assert.match(received, /^HTTP\/1\.1 200 [^]*taken$/);
    else assert.match(received, /^HTTP\/1\.1 502 /);
    assert.equal(reason, attempts === 2 ? "ok" : "upstream_reset");
  }
  for (const { received } of scene.servers[1]!.connections) {
    if (received !== "") assert.equal(bodyOf(received), body);
  }
});

for (const method of ["PUT", "POST"]) {
  test(`forward() has what arrives of a ${method} while it goes to another server`, async (t) => {
    const body = textOf(200 * KIB);
    const first = 60 * KIB;
    for (let i = 0; i < 5; i++) {
      const behaviours: Behaviour[] = [
        closesAt(first, () => c.send(body.slice(first, 160 * KIB))),
        takes(body.length),
      ];
      const scene = await openRetryScene(t, behaviours);
      const c = await scene.client();
      c.send(request(method, "/", [`Content-Length: ${body.length}`]) + body.slice(0, first));
      await eventually(
        "the next attempt",
        () => scene.servers[1]!.connections.length > 0 || c.received !== "",
      );
      c.send(body.slice(160 * KIB));
      await c.until(/^HTTP\/1\.1 /);
      const { attempts, reason } = await scene.proxy.access(0);
      if (method === "PUT" && attempts === 2) {
        assert.match(c.received, /^HTTP\/1\.1 200 /);
        assert.equal(theBody(scene.servers[1]!), body);
      } else { // more than is kept was sent before the close was seen
        assert.match(c.received, /^HTTP\/1\.1 502 /);
        assert.deepEqual([attempts, reason, scene.counts()], [1, "upstream_reset", [1, 0]]);
      }
    }
  });
}

test("forward() answers 400 when a body breaks off between two attempts, and hangs nowhere", async (t) => {
  const scene = await openRetryScene(t, [closesAt(8, () => c.send("no chunk\r\n")), () => {}]);
  const c = await scene.client();
  c.send(request("PUT", "/", [CHUNKED]) + "3\r\nabc\r\n");
  assert.match(await c.untilClosed(), /^HTTP\/1\.1 400 /);
  await eventually("the attempt to end", () => scene.servers[1]!.open === 0);
  assert.equal((await scene.proxy.access(0))["reason"], "bad_request");
});

test("forward() gives up when the client leaves in the midst of a repeated upload", async (t) => {
  const scene = await openRetryScene(t, [closesAt(3), () => {}]);
  const c = await scene.client();
  c.send(request("PUT", "/", ["Content-Length: 10"]) + "abc");
  await (await asked(scene.servers[1]!)).until("abc");
  c.send("def");
  await scene.servers[1]!.connections[0]!.until("abcdef");
  c.reset();
  await eventually("the attempt to end", () => scene.servers[1]!.open === 0);
  assert.equal((await scene.proxy.access(0))["reason"], "client_closed");
});

for (const at of [0, 3, 13, 26]) {
  test(`forward() repeats a chunked upload with its trailers after a close at byte ${at}`, async (t) => {
    const scene = await openRetryScene(t, [closesAt(at), (connection) => {
      if (connection.received.endsWith("X-Sum: 1\r\n\r\n")) connection.send(ok("taken"));
    }]);
    const head = request("PUT", "/", [CHUNKED, CLOSE, "Trailer: X-Sum"]);
    const received = await scene.ask(`${head}3\r\nabc\r\n4\r\ndefg\r\n0\r\nX-Sum: 1\r\n\r\n`);
    assert.match(received, /^HTTP\/1\.1 200 [^]*taken$/);
    assert.deepEqual(dechunk(theBody(scene.servers[1]!)), { body: "abcdefg", trailers: "X-Sum: 1\r\n" });
  });
}

test("forward() lets the next server say whether the client is to send its body", async (t) => {
  const scene = await openRetryScene(t, [hangsUp, () => {}]);
  const c = await scene.client();
  c.send(request("PUT", "/", [EXPECT, "Content-Length: 4"]));
  const connection = await asked(scene.servers[1]!);
  assert.match(connection.received, /\r\nExpect: 100-continue\r\n/);
  assert.equal(c.received, "");
  connection.send("HTTP/1.1 100 Continue\r\n\r\n");
  await c.until("HTTP/1.1 100 Continue\r\n\r\n");
  c.send("body");
  await connection.until("\r\n\r\nbody");
  connection.send(ok("done"));
  await c.until(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 [^]*done$/);
});

test("forward() asks nobody else after a 100 that the client has seen", async (t) => {
  const scene = await openRetryScene(t, [(connection: RawConnection) => {
    if (connection.received.endsWith("body")) connection.close();
    else connection.send("HTTP/1.1 100 Continue\r\n\r\n");
  }, ok("two")]);
  const c = await scene.client();
  c.send(request("PUT", "/", [EXPECT, CLOSE, "Content-Length: 4"]));
  await c.until("HTTP/1.1 100 Continue\r\n\r\n");
  c.send("body");
  assert.match(await c.untilClosed(), /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 502 /);
  assert.deepEqual(scene.counts(), [1, 0]);
});

test("forward() drops a 503 that came before the upload was complete, and repeats all of it", async (t) => {
  const busy = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy";
  const scene = await openRetryScene(t, [busy, takes(6)], { backend: { retries: { statuses: "5xx" } } });
  const c = await scene.client();
  c.send(request("PUT", "/", ["Content-Length: 6"]) + "abc");
  await (await asked(scene.servers[1]!)).until("abc");
  c.send("def");
  await c.until(/^HTTP\/1\.1 200 [^]*taken$/);
  assert.equal(theBody(scene.servers[1]!), "abcdef");
  await eventually("the first connection to be given up", () => scene.servers[0]!.open === 0);
  c.send(get("/next"));
  await scene.servers[0]!.connections[1]?.until("GET /next");
});

test("forward() answers requests pipelined behind an upload that was repeated", async (t) => {
  let parts = 0;
  const scene = await openRetryScene(t, [(connection) => {
    if (++parts === 1) connection.close();
    else connection.send(ok("next"));
  }, takes(3)]);
  const c = await scene.client();
  c.send(request("PUT", "/", ["Content-Length: 3"]) + "abc" + get("/next", CLOSE));
  const received = await c.untilClosed();
  assert.match(received, /^HTTP\/1\.1 200 [^]*takenHTTP\/1\.1 200 [^]*next$/);
  assert.equal(theBody(scene.servers[1]!), "abc");
});

const UNUSED: [request: string, sentAgain: boolean, servers: number][] = [
  [get("/b", CLOSE), true, 1],
  [request("PUT", "/b", [CLOSE, "Content-Length: 3"]) + "abc", true, 2],
  [request("PUT", "/b", [CLOSE, "Content-Length: 3"]) + "abc", true, 1],
  [request("POST", "/b", [CLOSE, "Content-Length: 3"]) + "abc", false, 2],
  [request("POST", "/b", [CLOSE, "Content-Length: 0"]), false, 1],
];
for (const [text, sentAgain, count] of UNUSED) {
  const method = text.slice(0, text.indexOf(" "));
  const title = `${sentAgain ? "sends again" : "does not send again"} a ${method} that met a dead connection`;
  test(`forward() ${title}, with ${count} servers`, async (t) => {
    const server: Behaviour = (connection) => {
      const asked = messagesIn(connection.received);
      if (asked === 2) connection.close();
      // It promises to keep the connection, so that a POST is sent on it.
      else if (/GET|abc$/.test(connection.received)) connection.send(ok("fine", "Keep-Alive: timeout=60"));
    };
    const scene = await openRetryScene(t, [server, server].slice(0, count));
    const c = await scene.client();
    c.send(get("/a"));
    await c.until("fine");
    const received = await scene.ask(text);
    assert.match(received, sentAgain ? /^HTTP\/1\.1 200 [^]*fine$/ : /^HTTP\/1\.1 502 /);
    assert.deepEqual(scene.counts(), [sentAgain ? 3 : 2, 0].slice(0, count));
    const { attempts, tried } = await scene.proxy.access(1);
    assert.deepEqual([attempts, tried], [1, undefined]);
  });
}

test("forward() uploads a large body with retries in less memory than the body", async (t) => {
  const size = 256 * KIB * KIB;
  let taken = 0;
  const scene = await openRetryScene(t, ["refuses", (connection) => {
    taken += connection.received.length;
    connection.received = "";
    if (taken > size) connection.send(ok("taken"));
  }]);
  const c = await scene.client();
  const piece = new Uint8Array(256 * KIB);
  c.send(request("PUT", "/", [`Content-Length: ${size}`]));
  let before = 0;
  for (let sent = 0; sent < size; sent += piece.length) {
    if (sent === size / 4) before = process.memoryUsage().rss;
    await new Promise<void>((resolve) => c.socket.write(piece, () => resolve()));
  }
  await c.until(/^HTTP\/1\.1 200 /);
  const grown = process.memoryUsage().rss - before;
  assert.ok(grown < size / 2, `${grown >> 20} MiB`);
});
