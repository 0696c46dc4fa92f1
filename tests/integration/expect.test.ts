// The client asks before it sends a body, and a server may answer before it has one.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { openAppScene } from "./app-scene.ts";
import { asked, bodyOf, dechunk, get, messagesIn, ok, openScene, post, request } from "./scene.ts";

const EXPECT = "Expect: 100-continue";
const CHUNKED = "Transfer-Encoding: chunked";
const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";
const TOO_LARGE = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig";

test("forward() passes the server's 100 to the client, which sends its body only then (RFC 9110 §10.1.1)", async (t) => {
  const { server, client } = await openScene(t);
  const c = await client();
  c.send(request("PUT", "/", [EXPECT, "Content-Length: 4"]));
  const connection = await asked(server);
  assert.match(connection.received, /\r\nExpect: 100-continue\r\n/);
  assert.equal(c.received, ""); // no 100 of the proxy's own
  connection.send(CONTINUE);
  assert.equal(await c.until("\r\n\r\n"), CONTINUE);
  assert.equal(bodyOf(server.received), "");
  c.send("body");
  await connection.until("\r\n\r\nbody");
  connection.send(ok("done"));
  await c.until(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n[^]*done$/);
  c.send(get("/next"));
  await connection.until("GET /next");
});

test("forward() passes a final answer that comes in place of a 100, and closes", async (t) => {
  const { server, client } = await openScene(t, {
    answer: "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n",
  });
  const c = await client();
  c.send(request("PUT", "/", [EXPECT, "Content-Length: 4"]));
  const received = await c.untilClosed();
  assert.match(received, /^HTTP\/1\.1 401 Unauthorized\r\n[^]*\r\nConnection: close\r\n/);
  assert.equal(bodyOf(server.received), "");
  await eventually("the connection to the server to be given up", () => server.open === 0);
});

test("forward() sends the body on where the client does not wait for the 100", async (t) => {
  const { server, client } = await openScene(t);
  const c = await client();
  c.send(post("impatient", EXPECT));
  const connection = await asked(server);
  await connection.until("\r\n\r\nimpatient");
  connection.send(CONTINUE + ok("done"));
  await c.until(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n[^]*done$/);
});

test("DownstreamConnection answers 417 to an expectation it does not know", async (t) => {
  const { server, client } = await openScene(t, { answer: ok() });
  const c = await client();
  c.send(post("body", "Expect: tea"));
  assert.match(await c.untilClosed(), /^HTTP\/1\.1 417 /);
  assert.equal(server.connections.length, 0);
});

test("body_idle does not run before the server's 100, and does from then on", async (t) => {
  const { server, proxy, client } = await openScene(t, { frontend: { timeouts: { body_idle: "300ms" } } });
  const [patient, silent] = [await client(), await client()];
  for (const [i, c] of [patient, silent].entries()) {
    c.send(request("POST", "/", [EXPECT, "Content-Length: 4"]));
    await asked(server, i);
  }
  const started = performance.now();
  await eventually("body_idle to pass", () => performance.now() - started > 400);
  assert.equal(patient.received, "");
  for (const connection of server.connections) connection.send(CONTINUE);
  await patient.until(CONTINUE);
  patient.send("body");
  await server.connections[0]!.until("\r\n\r\nbody");
  server.connections[0]!.send(ok("done"));
  await patient.until(/done$/);
  assert.match(await silent.untilClosed(), /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 408 [^]*body_timeout/);
  assert.equal((await proxy.access(1))["reason"], "body_timeout");
});

test("body_idle runs from the first byte of a client that does not wait for the 100", async (t) => {
  const { server, client } = await openScene(t, { frontend: { timeouts: { body_idle: "100ms" } } });
  const c = await client();
  c.send(request("POST", "/", [EXPECT, "Content-Length: 4"]) + "b");
  await asked(server);
  assert.match(await c.untilClosed(), /^HTTP\/1\.1 408 [^]*body_timeout/);
});

test("response ends the wait for a server that sends neither an answer nor a 100 with 504", async (t) => {
  const { server, proxy, client } = await openScene(t, {
    frontend: { timeouts: { body_idle: "50ms" } },
    backend: { timeouts: { response: "200ms" } },
  });
  const c = await client();
  c.send(request("POST", "/", [EXPECT, "Content-Length: 4"]));
  const connection = await asked(server);
  assert.match(await c.untilClosed(), /^HTTP\/1\.1 504 [^]*\r\nConnection: close\r\n[^]*response_timeout/);
  const access = await proxy.access(0);
  assert.equal(access["reason"], "response_timeout");
  await eventually("the server to be let go", () => connection.ended || connection.closed);
});

test("response does not run while a client that asked first sends its body", async (t) => {
  const { server, client } = await openScene(t, { backend: { timeouts: { response: "400ms" } } });
  const c = await client();
  c.send(request("POST", "/", [EXPECT, "Content-Length: 4"]));
  const connection = await asked(server);
  connection.send(CONTINUE);
  await c.until(CONTINUE);
  const started = performance.now();
  await eventually("response to pass", () => performance.now() - started > 500);
  c.send("body");
  await connection.until("\r\n\r\nbody");
  connection.send(ok("done"));
  await c.until(/done$/);
});

test("continue has the proxy ask for a body where the server says nothing for so long", async (t) => {
  const { server, proxy, client } = await openScene(t, {
    backend: { timeouts: { continue: "50ms", response: "5s" } },
  });
  const c = await client();
  c.send(request("POST", "/", [EXPECT, "Content-Length: 4"]));
  const connection = await asked(server);
  await c.until(CONTINUE);
  c.send("body");
  await connection.until("\r\n\r\nbody");
  connection.send(ok("done"));
  await c.until(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n[^]*done$/);
  assert.equal((await proxy.access(0))["reason"], "ok");
});

test("IncomingRequest.body asks for what a client holds back, where an app reads it", async (t) => {
  const { client } = await openAppScene(t, {
    use: (app) => app.post("/own", async (c) => c.text(await c.req.text())),
  });
  const c = await client();
  c.send(request("POST", "/own", [EXPECT, "Content-Length: 4"]));
  await c.until(CONTINUE);
  c.send("body");
  await c.until(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n[^]*body/);
});

for (const framing of ["Content-Length: 1000000000", CHUNKED]) {
  test(`forward() delivers an early 413 to a client that goes on uploading (${framing})`, async (t) => {
    let answered = false;
    const { server, proxy, client } = await openScene(t, {
      onData(connection) {
        if (answered || connection.received.length < 100_000) return;
        answered = true;
        connection.send(TOO_LARGE);
      },
    });
    const c = await client();
    const data = "x".repeat(16 * 1024);
    const piece = framing === CHUNKED ? `4000\r\n${data}\r\n` : data;
    const pour = () => {
      while (!c.closed && !c.received.includes("\r\n\r\nbig") && c.socket.writable) {
        if (!c.socket.write(piece)) return;
      }
    };
    c.socket.on("drain", pour);
    c.send(request("POST", "/", [framing]));
    pour();
    const received = await c.untilClosed();
    assert.match(
      received,
      /^HTTP\/1\.1 413 Content Too Large\r\n[^]*\r\nConnection: close\r\n\r\nbig$/,
    );
    assert.equal((await proxy.access(0))["status"], 413);
    await eventually("the upload to be given up", () => server.open === 0);
  });
}

test("forward() carries both directions at the same time", async (t) => {
  const { server, client } = await openScene(t);
  const c = await client();
  c.send(request("POST", "/", [CHUNKED]));
  const connection = await asked(server);
  connection.send(`HTTP/1.1 200 OK\r\n${CHUNKED}\r\n\r\n`);
  await c.until("\r\n\r\n");
  for (const word of ["ping1", "ping2", "ping3"]) {
    c.send(`5\r\n${word}\r\n`);
    await connection.until(word);
    connection.send(`5\r\n${word}\r\n`);
    await c.until(word);
  }
  c.send("0\r\n\r\n");
  await connection.until("0\r\n\r\n");
  connection.send("0\r\n\r\n");
  assert.equal(dechunk(bodyOf(await c.until("0\r\n\r\n"))).body, "ping1ping2ping3");
  assert.equal(messagesIn(server.received), 1);
});
