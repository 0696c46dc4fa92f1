// A server may refuse a request before it has read all of it, and close (RFC 9112 §9.6).
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { eventually } from "../support/eventually.ts";
import { LoadClient } from "../support/load-client.ts";
import { type RawConnection, RawServer } from "../support/raw-server.ts";
import { startTestProxy, type TestProxy } from "../support/test-proxy.ts";
import { get, ok, openScene, request } from "./scene.ts";

/** An upload that no buffer on its way holds. */
const LARGE = "x".repeat(3_000_000);

/** Reads one piece of a request, says `answer`, and closes on what is unread: by a reset, as the system does. */
function closesBehind(answer: string): (connection: RawConnection) => void {
  return (connection) => {
    connection.socket.pause();
    connection.socket.write(answer, () => connection.close());
  };
}

async function proxyTo(t: TestContext, onData: (connection: RawConnection) => void): Promise<TestProxy> {
  const servers = await Promise.all([RawServer.listen({ onData }), RawServer.listen({ onData })]);
  const proxy = await startTestProxy({ servers: servers.map(({ port }) => port) });
  t.after(async () => {
    await proxy.stop();
    for (const server of servers) await server.close();
  });
  return proxy;
}

/** Uploads `body` as many times as it takes to see a chance of losing an answer; returns the answers. */
async function upload(proxy: TestProxy, body: string): Promise<string[]> {
  const answers: string[] = [];
  for (let i = 0; i < 16; i++) {
    const client = new LoadClient(proxy.port);
    const head = `POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: ${body.length}\r\n\r\n`;
    const answer = await client.ask(head + body);
    client.close();
    answers.push(`${answer.status} ${answer.body}`);
  }
  return answers;
}

for (const [size, body] of [["large", LARGE], ["small", "x".repeat(100_000)]] as const) {
  test(`a refusal of a ${size} upload arrives, though its server closes without reading on`, async (t) => {
    const refusal = "HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 5\r\n\r\nlarge";
    const proxy = await proxyTo(t, closesBehind(refusal));
    assert.deepEqual(new Set(await upload(proxy, body)), new Set(["413 large"]));
    assert.deepEqual(proxy.events.filter(({ event }) => event === "server_ejected"), []);
  });
}

test("the page of an early refusal arrives whole", async (t) => {
  const page = "p".repeat(40_000);
  const proxy = await proxyTo(t, closesBehind(ok(page).replace("200 OK", "404 Not Found")));
  assert.deepEqual(new Set(await upload(proxy, LARGE)), new Set([`404 ${page}`]));
});

const UPLOADS: [what: string, length: number, sent: number][] = [
  ["an upload that goes on", 50_000_000, 100_000],
  ["an upload that may stand in buffers on the way", 1_000_000, 1_000_000],
];
for (const [what, length, sent] of UPLOADS) {
  test(`servers that close without a word on ${what} are not ejected`, async (t) => {
    const proxy = await proxyTo(t, (connection) => {
      connection.socket.pause();
      connection.reset();
    });
    const statuses = new Set<number>();
    for (let i = 0; i < 16; i++) {
      const client = new LoadClient(proxy.port);
      const head = `POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: ${length}\r\n\r\n`;
      statuses.add((await client.ask(head + "x".repeat(sent))).status);
      client.close();
    }
    assert.deepEqual(statuses, new Set([502]));
    assert.deepEqual(proxy.events.filter(({ event }) => event === "server_ejected"), []);
    assert.equal(proxy.accesses[0]?.["reason"], "upstream_reset");
  });
}

test("a connection on which an upload was refused is not used again: its server may never read the rest", async (t) => {
  const { server, client } = await openScene(t, {
    onData(connection) {
      if (!connection.received.startsWith("POST")) return connection.send(ok("next"));
      connection.socket.pause(); // for good
      setTimeout(() => connection.send("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n"), 50);
    },
  });
  const uploading = await client();
  uploading.send(request("POST", "/", ["Content-Length: 100000"]) + "x".repeat(100_000));
  await uploading.until("413 Too Large");
  const next = await client();
  next.send(get("/next"));
  await next.until("next");
  assert.equal(server.connections.length, 2);
});

test("a connection whose answer began before its request was out is not used again", async (t) => {
  const { server, client } = await openScene(t, {
    // The answer is over when the request is, so that the connection looks as if it were free.
    onData(connection, chunk) {
      const first = connection.received.length === chunk.length;
      if (first) connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
      if (connection.received.endsWith("end")) connection.send("ok");
    },
  });
  const asking = await client();
  asking.send(request("POST", "/", ["Content-Length: 6"]) + "abc");
  await asking.until("\r\n\r\n");
  asking.send("end");
  await asking.until("\r\n\r\nok");
  (await client()).send(get("/next"));
  await eventually("the next request", () => server.received.includes("GET /next"));
  assert.equal(server.connections.length, 2);
});
