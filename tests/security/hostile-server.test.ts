/** Hostile answers of a server: one client may suffer, the next one gets its own right answer on a new connection. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { RawClient } from "../support/raw-client.ts";
import { readAnswers } from "./answer-reader.ts";
import {
  ask,
  askedConnection,
  assertAbandoned,
  assertCut,
  assertLogged,
  finalAnswers,
  onStage,
  play,
} from "./hostile-stage.ts";
import { ok, POISON } from "./shapes/answer.ts";
import { CUT_ANSWERS, LAST_ANSWERS } from "./shapes/answer-bodies.ts";
import { REFUSED_ANSWERS } from "./shapes/answer-heads.ts";
import { soon } from "./soon.ts";

for (const shape of REFUSED_ANSWERS) {
  test(`the proxy answers 502 in place of ${shape.name}`, () =>
    onStage(async (stage) => {
      const client = await ask(stage, shape);
      await play(shape, await askedConnection(stage));
      const [answer] = await finalAnswers(client, shape);
      assert.equal(answer!.status, 502);
      if (shape.method !== "HEAD") assert.ok(answer!.body.includes(shape.reason ?? "upstream_invalid"));
      assert.ok(!client.received.includes("poison"));
      await assertLogged(stage, shape, 502);
      await assertAbandoned(stage);
    }));
}

for (const shape of CUT_ANSWERS) {
  test(`the proxy cuts the answer that has ${shape.name}`, () =>
    onStage(async (stage) => {
      const client = await ask(stage, shape);
      await play(shape, await askedConnection(stage), client);
      await assertCut(client);
      await assertLogged(stage, shape, 200);
      await assertAbandoned(stage);
    }));

  test(`the proxy cuts the answer to HTTP/1.0 that has ${shape.name}`, () =>
    onStage(async (stage) => {
      const client = await RawClient.open(stage.proxy.port);
      client.send("GET /victim HTTP/1.0\r\nHost: a.test\r\n\r\n");
      await play(shape, await askedConnection(stage), client);
      await assertCut(client);
      await assertLogged(stage, shape, 200);
      await assertAbandoned(stage);
    }));

  test(`the proxy completes nothing of an answer in one piece that has ${shape.name}`, () =>
    onStage(async (stage) => {
      const client = await ask(stage, shape);
      await play(shape, await askedConnection(stage));
      await soon(
        "an end",
        () => client.ended || client.closed || readAnswers(client.received).answers.length > 0,
      );
      const { answers } = readAnswers(client.received);
      if (answers[0]?.status !== 502) await assertCut(client);
      await assertAbandoned(stage);
    }));
}

for (const shape of LAST_ANSWERS) {
  test(`the proxy uses a connection no more after ${shape.name}`, () =>
    onStage(async (stage) => {
      const client = await ask(stage, shape);
      await play(shape, await askedConnection(stage));
      const [answer] = await finalAnswers(client, shape);
      assert.equal(answer!.body, shape.body ?? "ok");
      assert.ok(answer!.status < 400);
      assert.ok(!client.received.includes("poison"));
      await assertAbandoned(stage);
    }));
}

test("the proxy uses a connection again after a sound answer", () =>
  onStage(async (stage) => {
    const client = await ask(stage, {});
    (await askedConnection(stage)).send(ok(["Content-Length: 2"], "ok"));
    await finalAnswers(client, {});
    const next = await RawClient.open(stage.proxy.port);
    next.send("GET /next HTTP/1.1\r\nHost: a.test\r\n\r\n");
    await soon("the next request", () => stage.server.connections[0]!.received.includes("GET /next "));
    assert.equal(stage.server.connections.length, 1);
  }));

test("the proxy drops an unused connection on which an answer comes", () =>
  onStage(async (stage) => {
    const client = await ask(stage, {});
    const connection = await askedConnection(stage);
    connection.send(ok(["Content-Length: 2"], "ok"));
    await finalAnswers(client, {});
    connection.send(POISON);
    await assertAbandoned(stage);
    assert.ok(!client.received.includes("poison"));
  }));

test("the proxy drops an unused connection on which a single byte comes", () =>
  onStage(async (stage) => {
    const client = await ask(stage, {});
    const connection = await askedConnection(stage);
    connection.send(ok(["Content-Length: 2"], "ok"));
    await finalAnswers(client, {});
    connection.send("\n");
    await assertAbandoned(stage);
  }));

test("the proxy uses a connection no more on which an answer came before the request", () =>
  onStage(async (stage) => {
    const client = await ask(stage, {});
    const connection = await askedConnection(stage);
    await finalAnswers(client, {});
    connection.send(POISON); // the answer to the request: nobody waits for one any more
    await assertAbandoned(stage);
    assert.ok(!client.received.includes("poison"));
  }, { greet: (connection) => connection.send(ok(["Content-Length: 2"], "ok")) }));

test("the proxy sends nothing more of a request that was answered while it was on its way", () =>
  onStage(async (stage) => {
    const client = await RawClient.open(stage.proxy.port);
    client.send("POST /victim HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100\r\n\r\nabc");
    const connection = await askedConnection(stage);
    connection.send(ok(["Content-Length: 2"], "ok"));
    await soon("the answer", () => client.received.includes("\r\n\r\nok"));
    const rest = "GET /inner HTTP/1.1\r\nHost: a.test\r\n\r\n".repeat(4).slice(0, 97); // of the 100
    client.send(`${rest}GET /behind HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n`);
    await soon("the end of the connection", () => client.ended || client.closed);
    const { answers, rest: excess } = readAnswers(client.received);
    assert.deepEqual(answers.map(({ status, body }) => [status, body]), [[200, "ok"], [200, "/behind"]]);
    assert.equal(excess, "");
    client.close();
    assert.equal(stage.server.connections.length, 2);
    await soon("the first connection to be closed", () => connection.ended || connection.closed);
    assert.ok(!stage.server.received.includes("/inner"));
  }));

test("the proxy answers 502 to a request that is on its way when a bad answer comes", () =>
  onStage(async (stage) => {
    const client = await RawClient.open(stage.proxy.port);
    client.send("POST /victim HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    const connection = await askedConnection(stage);
    connection.send(ok(["Content-Length: 2", "Transfer-Encoding: chunked"], "ok"));
    await soon("the end of the connection", () => client.ended || client.closed);
    const { answers } = readAnswers(client.received);
    assert.deepEqual(answers.map(({ status }) => status), [502]);
    assert.match(answers[0]!.head, /^Connection: close$/m);
    client.close();
    await assertLogged(stage, {}, 502);
    await assertAbandoned(stage);
  }));

test("the proxy gives the answer to a switch of protocols that has a length and a body to nobody", () =>
  onStage(async (stage) => {
    const client = await RawClient.open(stage.proxy.port);
    client.send("GET /victim HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    const connection = await askedConnection(stage);
    connection.send(
      "HTTP/1.1 101 Switching Protocols\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\npoison",
    );
    const [answer] = await finalAnswers(client, {});
    assert.equal(answer!.status, 502);
    await assertLogged(stage, {}, 502);
    await assertAbandoned(stage);
  }));

test("the proxy keeps nothing open of a HEAD request whose switch of protocols was granted", () =>
  onStage(async (stage) => {
    const client = await RawClient.open(stage.proxy.port);
    client.send("HEAD /victim HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    const connection = await askedConnection(stage);
    connection.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    await soon("an answer", () => client.received.includes("\r\n\r\n"));
    assert.match(client.received, /^HTTP\/1\.1 (?:101|502) /);
    client.close();
    await assertAbandoned(stage);
  }));

for (const [what, line] of [["a protocol that nobody asked for", "Upgrade: h2c\r\n"], ["no protocol", ""]]) {
  test(`the proxy answers 502 to a 101 that names ${what} (RFC 9110 §7.8)`, () =>
    onStage(async (stage) => {
      const client = await RawClient.open(stage.proxy.port);
      client.send(
        "GET /victim HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
      );
      const connection = await askedConnection(stage);
      connection.send(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n${line}\r\n`);
      await soon("an answer", () => client.received.includes("\r\n\r\n"));
      assert.match(client.received, /^HTTP\/1\.1 502 /);
      client.close();
      await assertLogged(stage, {}, 502);
      await assertAbandoned(stage);
    }));
}

test("the proxy passes a status beyond 599 on to HEAD as it does to GET", async () => {
  for (const method of ["GET", "HEAD"] as const) {
    await onStage(async (stage) => {
      const client = await RawClient.open(stage.proxy.port);
      client.send(`${method} /victim HTTP/1.1\r\nHost: a.test\r\n\r\n`);
      (await askedConnection(stage)).send("HTTP/1.1 600 Odd\r\nContent-Length: 0\r\n\r\n");
      await soon("an answer", () => client.received.includes("\r\n\r\n"));
      assert.match(client.received, /^HTTP\/1\.1 600 Odd\r\n/);
    });
  }
});

test("the proxy gives a client that waits for a connection nothing of what is left on it", () =>
  onStage(
    async (stage) => {
      const client = await ask(stage, {});
      const connection = await askedConnection(stage);
      const waiting = await RawClient.open(stage.proxy.port);
      waiting.send("GET /waiting HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n");
      await soon("the queue", () => stage.proxy.inFlight() === 2);
      connection.send(ok(["Content-Length: 2"], "ok") + POISON);
      await soon("the answers", () => waiting.ended && client.received.includes("\r\n\r\nok"));
      waiting.close();
      assert.deepEqual(readAnswers(waiting.received).answers.map(({ body }) => body), ["/waiting"]);
      assert.ok(!connection.received.includes("/waiting"));
      assert.ok(!client.received.includes("poison"));
    },
    { server: { max_connections: 1 } },
  ));
