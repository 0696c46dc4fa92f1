import assert from "node:assert/strict";
import { RawClient } from "../support/raw-client.ts";
import { type RawConnection, RawServer } from "../support/raw-server.ts";
import { startTestProxy, type TestProxy } from "../support/test-proxy.ts";
import { readAnswers, type SeenAnswer } from "./answer-reader.ts";
import { type HostileAnswer, ok } from "./shapes/answer.ts";
import { soon } from "./soon.ts";

/** What a test works with: the proxy, and a server whose first connection the test plays itself. */
export interface Stage {
  readonly proxy: TestProxy;
  readonly server: RawServer;
}

/** Runs `scene` with a proxy before a server that answers all but its first connection, and closes everything. */
export async function onStage(
  scene: (stage: Stage) => Promise<void>,
  setup: { greet?: (connection: RawConnection) => void; server?: Record<string, unknown> } = {},
): Promise<void> {
  const server = await RawServer.listen({
    onConnection: (connection) => connection === server.connections[0] && setup.greet?.(connection),
    onData(connection) {
      if (connection === server.connections[0]) return;
      const target = /(?:^|\r\n)GET (\S+) [^]*\r\n\r\n$/.exec(connection.received)?.[1];
      if (target !== undefined) connection.send(ok([`Content-Length: ${target.length}`], target));
    },
  });
  const proxy = await startTestProxy({
    servers: [{ url: `http://127.0.0.1:${server.port}`, ...setup.server }],
  });
  try {
    await scene({ proxy, server });
  } finally {
    await Promise.all([proxy.stop(), server.close()]);
  }
}

/** The victim: sends a request of the shape's method. */
export async function ask({ proxy }: Stage, { method }: Partial<HostileAnswer>): Promise<RawClient> {
  const client = await RawClient.open(proxy.port);
  client.send(`${method ?? "GET"} /victim HTTP/1.1\r\nHost: a.test\r\n\r\n`);
  return client;
}

/** The server's first connection, once a request has come on it. */
export async function askedConnection({ server }: Stage): Promise<RawConnection> {
  await soon("the request", () => server.connections[0]?.received.includes("\r\n\r\n") === true);
  return server.connections[0]!;
}

/** Sends the shape; with `client`, its head first, and the rest when the client has got that. */
export async function play(
  { bytes, then }: HostileAnswer,
  connection: RawConnection,
  client?: RawClient,
): Promise<void> {
  const headEnd = client === undefined ? 0 : bytes.indexOf("\r\n\r\n") + 4;
  if (client !== undefined) {
    connection.send(bytes.slice(0, headEnd));
    await soon("the head at the client", () => client.received.includes("\r\n\r\n"));
  }
  connection.send(bytes.slice(headEnd));
  if (then === "close") connection.end();
  else if (then === "reset") {
    // A reset overtakes what was sent, so that has to have arrived.
    if (client !== undefined && bytes.length > headEnd) {
      await soon("the body at the client", () => client.received.includes("ok"));
    }
    connection.reset();
  }
}

/** The complete final answers that a client got, at least one. */
export async function finalAnswers(
  client: RawClient,
  { method }: Partial<HostileAnswer>,
): Promise<SeenAnswer[]> {
  const final = () =>
    readAnswers(client.received, [method ?? "GET"]).answers.filter(({ status, complete }) =>
      status >= 200 && complete
    );
  await soon(`an answer in ${JSON.stringify(client.received)}`, () => final().length > 0);
  assert.equal(readAnswers(client.received, [method ?? "GET"]).rest, "");
  return final();
}

/** The client must be able to tell: less than the framing says, or a reset where only the end would say it. */
export async function assertCut(client: RawClient): Promise<void> {
  await soon("the end of the connection", () => client.ended || client.closed);
  const { answers } = readAnswers(client.received);
  assert.ok(answers.length <= 1);
  assert.ok(answers[0]?.complete !== true);
  if (!/^(?:content-length|transfer-encoding):/im.test(answers[0]?.head ?? "")) {
    await soon("the error of the reset", () => client.closed);
    assert.equal(client.error, "ECONNRESET");
  }
}

export async function assertLogged(
  { proxy }: Stage,
  { reason }: Partial<HostileAnswer>,
  status: number,
): Promise<void> {
  await soon("the access log line", () => proxy.accesses.length > 0);
  assert.equal(proxy.accesses[0]!["reason"], reason ?? "upstream_invalid");
  assert.equal(proxy.accesses[0]!["status"], status);
}

/** The server's first connection carried one request and is closed; the next client is served on another. */
export async function assertAbandoned({ proxy, server }: Stage): Promise<void> {
  const [first] = server.connections;
  await soon("the proxy to close the connection", () => first!.closed || first!.ended);
  const client = await RawClient.open(proxy.port);
  client.send("GET /next HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n");
  await soon("the end of the next answer", () => client.ended || client.closed);
  client.close();
  const { answers, rest } = readAnswers(client.received);
  assert.deepEqual(answers.map(({ status, body }) => [status, body]), [[200, "/next"]]);
  assert.equal(rest, "");
  assert.equal(server.connections.length, 2);
  assert.ok(!first!.received.includes("/next"));
  await soon("the requests under way to be none", () => proxy.inFlight() === 0);
}
