// Faults that our predecessors had, in the order of the list; none may come back. The list goes on in
// regressions-messages.test.ts.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { eventually } from "../support/eventually.ts";
import { RawClient } from "../support/raw-client.ts";
import { type RawConnection, RawServer } from "../support/raw-server.ts";
import { startTestProxy, type TestProxy } from "../support/test-proxy.ts";
import { asked, get, messagesIn, ok, openScene, post, request } from "./scene.ts";

/** "!", with which the data of some tests ends. */
const END = 0x21;
const CHUNKED = "Transfer-Encoding: chunked";
const HALF = "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf";
const HALF_CHUNKED = `HTTP/1.1 200 OK\r\n${CHUNKED}\r\n\r\n4\r\nhalf\r\n`;

test("forward() keeps both servers in use after each took a POST of 4 MB", async (t) => {
  const pair = await openPair(t, () =>
    RawServer.listen({
      onData: (connection, chunk) => chunk.at(-1) === END && connection.send(named(connection)),
    }));
  for (let i = 0; i < 2; i++) {
    const c = await pair.client();
    c.send(post("x".repeat(4_000_000) + "!"));
    await c.until(/>$/);
  }
  await assertBothInUse(pair, post("!"));
  assert.deepEqual(pair.servers.map((server) => messagesIn(server.received)), [3, 3]);
  await eventually("every line", () => pair.proxy.accesses.length === 6);
  assert.ok(pair.proxy.accesses.every(({ status, reason }) => status === 200 && reason === "ok"));
});

test("Exchange.abort() keeps both servers in use after clients left at every stage", async (t) => {
  const pair = await openPair(t, () =>
    RawServer.answering((head, connection) => {
      if (head.includes("/half")) return HALF;
      return head.includes("/ok") ? named(connection) : undefined;
    }));
  const stages = [get("/silent"), get("/half"), request("POST", "/silent", ["Content-Length: 9"]) + "some"];
  for (let i = 0; i < 12; i++) {
    const c = await pair.client();
    c.send(stages[i % stages.length]!);
    await eventually("the request", () => pair.requests() === i + 1);
    const answering = i % stages.length === 1;
    if (answering) await c.until("half");
    if (answering || i % 2 === 0) c.reset(); // one that only finished sending would get the rest of its answer
    else c.close();
    assert.equal((await pair.proxy.access(i))["reason"], "client_closed");
  }
  await assertBothInUse(pair, get("/ok"));
});

for (const [framing, half] of [["with a length", HALF], ["in chunks", HALF_CHUNKED]] as const) {
  test(`forward() never lets another answer follow half of one ${framing}`, async (t) => {
    const pair = await openPair(t, () => RawServer.answering(half));
    const c = await pair.client();
    c.send(get());
    await c.until("half");
    for (const { connections } of pair.servers) connections[0]?.reset();
    await eventually("the client to see the cut", () => c.closed);
    assert.equal(c.error, "ECONNRESET");
    assert.equal(messagesIn(c.received), 1);
    assert.doesNotMatch(c.received, /\r\n0\r\n/);
    await eventually("nothing to be in flight", () => pair.proxy.inFlight() === 0);
    assert.equal(pair.requests(), 1);
  });
}

for (const framing of ["Content-Length: 200000", CHUNKED]) {
  for (const connections of ["new", "reused"]) {
    test(`forward() sends no copy of a POST cut by its server: ${connections}, ${framing}`, async (t) => {
      const pair = await openPair(t, () =>
        RawServer.listen({
          onData(connection, chunk) {
            if (chunk.includes("xxx")) connection.reset();
            else if (chunk.includes("GET /")) connection.send(named(connection));
          },
        }));
      if (connections === "reused") await assertBothInUse(pair, get());
      const before = pair.requests();
      const c = await pair.client();
      c.send(request("POST", "/", [framing]) + (framing === CHUNKED ? "30d40\r\n" : "") + "x".repeat(4026));
      await c.until(/^HTTP\/1\.1 502 /);
      await eventually("nothing to be in flight", () => pair.proxy.inFlight() === 0);
      assert.equal(messagesIn(c.received), 1);
      assert.equal(pair.requests(), before + 1);
    });
  }
}

test("Server.inFlight is 0 after a timeout and after an abort", async (t) => {
  const { server, proxy, client } = await openScene(t, {
    answer: (head) => head.includes("/stream") ? HALF : undefined,
    backend: { timeouts: { response: "300ms" } },
  });
  const slow = await client();
  slow.send(get());
  await asked(server);
  assert.equal(proxy.inFlight(), 1);
  await slow.until(/^HTTP\/1\.1 504 /);
  await eventually("nothing to be in flight", () => proxy.inFlight() === 0);
  const leaving = await client();
  leaving.send(get("/stream"));
  await leaving.until("half");
  assert.equal(proxy.inFlight(), 1);
  leaving.reset();
  await eventually("nothing to be in flight", () => proxy.inFlight() === 0);
});

/** Two servers behind one proxy. */
interface Pair {
  readonly servers: readonly RawServer[];
  readonly proxy: TestProxy;
  client(): Promise<RawClient>;
  /** Requests that began on any connection to any server. */
  requests(): number;
}

async function openPair(t: TestContext, listen: () => Promise<RawServer>): Promise<Pair> {
  const servers = [await listen(), await listen()];
  const proxy = await startTestProxy({ servers: servers.map(({ port }) => port) });
  const clients: RawClient[] = [];
  t.after(async () => {
    for (const client of clients) client.close();
    await proxy.stop();
    for (const server of servers) await server.close();
    await eventually("no request in flight", () => proxy.inFlight() === 0);
  });
  return {
    servers,
    proxy,
    async client() {
      const client = await RawClient.open(proxy.port);
      clients.push(client);
      return client;
    },
    requests: () => messagesIn(servers.map((server) => server.received).join("")),
  };
}

/** An answer with the port of the server that gave it. */
function named(connection: RawConnection): string {
  return ok(`<${connection.socket.localPort}>`);
}

/** Sends `text` four times and asserts that each server answered two of them. */
async function assertBothInUse({ servers, client }: Pair, text: string): Promise<void> {
  const c = await client();
  c.send(text.repeat(4));
  await c.until(/(?:<\d+>[^]*){4}/);
  const ports = c.received.match(/<\d+>/g)!.sort();
  assert.deepEqual(ports, servers.flatMap(({ port }) => [`<${port}>`, `<${port}>`]).sort());
}
