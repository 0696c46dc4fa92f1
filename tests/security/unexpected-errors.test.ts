/** Sockets that break at any moment: nothing is thrown, counted or kept for ever, and the next client is served. */
import assert from "node:assert/strict";
import process from "node:process";
import { after, before, test } from "node:test";
import { RawClient } from "../support/raw-client.ts";
import { RawServer } from "../support/raw-server.ts";
import { startTestProxy } from "../support/test-proxy.ts";
import {
  BEFORE_THE_ANSWER,
  BEFORE_THE_REQUEST,
  first,
  IN_THE_ANSWER,
  type Phase,
  type Stage,
} from "./phases.ts";
import { readAnswers } from "./answer-reader.ts";
import { ok } from "./shapes/answer.ts";
import { get } from "./shapes/shape.ts";
import { soon } from "./soon.ts";

const uncaught: unknown[] = [];
const note = (error: unknown) => void uncaught.push(error);

before(() => {
  process.on("uncaughtException", note);
  process.on("unhandledRejection", note);
});
after(() => {
  process.off("uncaughtException", note);
  process.off("unhandledRejection", note);
});

for (const [name, reach] of [...BEFORE_THE_REQUEST, ...BEFORE_THE_ANSWER, ...IN_THE_ANSWER]) {
  test(`the proxy survives a client that resets ${name}`, () =>
    onStage(async (stage) => {
      await reach(stage);
      stage.client.reset();
    }));
}

for (const [name, reach] of [...BEFORE_THE_REQUEST, ...closesSeen(BEFORE_THE_ANSWER)]) {
  test(`the proxy survives a client that closes ${name}`, () =>
    onStage(async (stage) => {
      await reach(stage);
      stage.client.close();
    }));
}

for (const [name, reach] of IN_THE_ANSWER) {
  test(`the proxy survives a client that closes ${name}`, () =>
    onStage(
      async (stage) => {
        await reach(stage);
        stage.client.close();
      },
      undefined,
      { half_close: "abort" }, // else only the next bytes of the answer show that nobody listens
    ));
}

for (const [name, reach] of [...BEFORE_THE_ANSWER, ...IN_THE_ANSWER]) {
  test(`the proxy survives a server that resets ${name}`, () =>
    onStage(async (stage) => {
      await reach(stage);
      first(stage).reset();
      await settled(stage);
    }));

  test(`the proxy survives a server that closes ${name}`, () =>
    onStage(async (stage) => {
      await reach(stage);
      first(stage).close();
      await settled(stage);
    }));

  test(`the proxy survives a server and a client that reset at once ${name}`, () =>
    onStage(async (stage) => {
      await reach(stage);
      first(stage).reset();
      stage.client.reset();
    }));
}

for (const how of ["reset", "close"] as const) {
  test(`the proxy survives a server that answers connections with a ${how}`, () =>
    onStage(async (stage) => {
      stage.client.send(get());
      await soon("the server's connection", () => stage.server.connections.length > 0);
      await stage.client.until("HTTP/1.1 502 ");
      stage.client.close();
    }, (connection) => connection[how]()));

  test(`the proxy survives a server that follows its answer with a ${how}`, () =>
    onStage(async (stage) => {
      stage.client.send(get());
      await soon("the request", () => stage.server.received.includes("\r\n\r\n"));
      first(stage).send(ok(["Content-Length: 2"], "ok"));
      await stage.client.until("\r\n\r\nok");
      first(stage)[how]();
      await soon("the server's connection to be closed", () => stage.server.open === 0);
      stage.client.close();
    }));

  test(`the proxy survives clients that ${how} while they wait for a connection to the server`, () =>
    onStage(async (stage) => {
      stage.client.send(get());
      await soon("the request", () => stage.server.received.includes("\r\n\r\n"));
      const waiting = await Promise.all([1, 2, 3].map(() => RawClient.open(stage.proxy.port)));
      for (const client of waiting) client.send(get());
      await soon("the queue", () => stage.proxy.inFlight() === 4);
      for (const client of waiting) client[how]();
      stage.client.reset();
    }));
}

test("the proxy survives a server whose port is closed, and clients that reset while it tries", async () => {
  const server = await RawServer.listen();
  const proxy = await startTestProxy({ servers: [server.port] });
  await server.close();
  try {
    const patient = await RawClient.open(proxy.port);
    patient.send(get());
    const others = await Promise.all([1, 2, 3].map(() => RawClient.open(proxy.port)));
    for (const client of others) client.send(get());
    for (const client of others) client.reset();
    await patient.until("HTTP/1.1 502 ");
    patient.close();
    await soon("the clients to be gone", () => proxy.running.connections === 0);
    assert.equal(proxy.inFlight(), 0);
    assert.deepEqual(uncaught, []);
  } finally {
    await proxy.stop();
  }
});

test("the proxy tells the server when a client that asked for an upgrade finishes sending before its 101", () =>
  onStage(async (stage) => {
    stage.client.send(get("Connection: Upgrade", "Upgrade: websocket"));
    await soon("the request", () => stage.server.received.includes("\r\n\r\n"));
    stage.client.end();
    await soon("the interim answer of a connection that is half closed", () => stage.client.received !== "");
    first(stage).send(
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    );
    await soon("the end at the server", () => first(stage).ended || first(stage).closed, 2000);
    stage.client.close();
  }));

/**
 * The phases in which a client that closes is soon seen to be gone. While a whole request waits for its answer, it
 * takes the proxy two interim answers to tell, so not every such phase is tried. The end of an upload that nobody
 * reads cannot be seen behind its bytes; there the idle timeout ends the exchange.
 */
function closesSeen(phases: readonly Phase[]): Phase[] {
  const left = [
    "after a whole body",
    "after an interim answer",
    "in an upload that the server does not read",
  ];
  return phases.filter(([name]) => !left.includes(name));
}

/** The proxy is done with what broke: the client has an answer, or was cut. */
async function settled({ client, proxy }: Stage): Promise<void> {
  client.socket.resume();
  const isAnswered = () =>
    readAnswers(client.received).answers.some(({ status, complete }) => status >= 200 && complete);
  await soon("an answer or a cut", () => client.ended || client.closed || isAnswered());
  client.close();
  await soon("the connection to be gone", () => proxy.running.connections === 0);
}

/** Runs `scene`, then asserts that nothing is left of it and that another client is served. */
async function onStage(
  scene: (stage: Stage) => Promise<void>,
  greet?: (connection: RawClient) => void,
  frontend: Record<string, unknown> = {},
): Promise<void> {
  uncaught.length = 0;
  const server = await RawServer.listen({
    onConnection: (connection) => connection === server.connections[0] && greet?.(connection),
    onData(connection) {
      if (connection.received.endsWith("\r\n\r\n") && connection.received.includes("/next ")) {
        connection.send(ok(["Content-Length: 4"], "next"));
      }
    },
  });
  const proxy = await startTestProxy({
    servers: [{ url: `http://127.0.0.1:${server.port}`, max_connections: 1 }],
    frontend,
  });
  try {
    const client = await RawClient.open(proxy.port);
    await scene({ client, proxy, server });
    await soon("the clients' connections to be gone", () => proxy.running.connections === 0);
    await soon("the requests under way to be none", () => proxy.inFlight() === 0);
    for (const connection of server.connections) connection.socket.resume();
    await soon("the server's connections to be closed", () => server.open === 0);
    const next = await RawClient.open(proxy.port);
    next.send("GET /next HTTP/1.1\r\nHost: a.test\r\n\r\n");
    await next.until("\r\n\r\nnext");
    next.close();
    assert.deepEqual(uncaught, []);
  } finally {
    await Promise.all([proxy.stop(), server.close()]);
  }
}
