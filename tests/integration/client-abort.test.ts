// A client that leaves takes its request with it, within a second, and leaves no trace in the counts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import type { RawClient } from "../support/raw-client.ts";
import { asked, get, ok, openScene, request } from "./scene.ts";

const LEAVING: [how: string, leave: (client: RawClient) => void][] = [
  ["closes", (client) => client.close()],
  ["resets", (client) => client.reset()],
];
const SECOND_MS = 1000;

for (const [how, leave] of LEAVING) {
  test(`Exchange.abort() cancels upstream when a client ${how} while it waits for the head`, async (t) => {
    const { server, proxy, client } = await openScene(t);
    const c = await client();
    c.send(get());
    const connection = await asked(server);
    assert.equal(proxy.inFlight(), 1);
    leave(c);
    await eventually("the server to be let go", () => connection.ended || connection.closed, SECOND_MS);
    assert.equal((await proxy.access(0))["reason"], "client_closed");
    await eventually("nothing to be in flight", () => proxy.inFlight() === 0);
  });

  test(`Exchange.abort() cancels upstream when a client ${how} while it uploads`, async (t) => {
    const { server, proxy, client } = await openScene(t);
    const c = await client();
    c.send(request("POST", "/", ["Content-Length: 100"]) + "half");
    const connection = await asked(server);
    await connection.until("half");
    leave(c);
    await eventually("the server to be let go", () => connection.ended || connection.closed, SECOND_MS);
    assert.equal((await proxy.access(0))["reason"], "client_closed");
    await eventually("nothing to be in flight", () => proxy.inFlight() === 0);
  });

  test(`Exchange.abort() cancels upstream when a client ${how} while its whole answer is stuck`, async (t) => {
    const { server, proxy, client } = await openScene(t);
    const c = await client();
    c.socket.pause();
    c.send(get());
    const connection = await asked(server);
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n");
    connection.send("x".repeat(50_000_000));
    await eventually(
      "the server to stall",
      () => proxy.inFlight() === 1 && connection.socket.writableLength > 0,
    );
    leave(c);
    await eventually("the server to be let go", () => connection.ended || connection.closed, SECOND_MS);
    assert.equal((await proxy.access(0))["reason"], "client_closed");
  });

  test(`ConnectionPool.connect() forgets a request in the queue when its client ${how}`, async (t) => {
    const { server, proxy, client } = await openScene(t, { entry: { max_connections: 1 } });
    const first = await client();
    first.send(get("/first"));
    const connection = await asked(server);
    const second = await client();
    second.send(get("/second"));
    await eventually("the second to wait", () => proxy.inFlight() === 2);
    leave(second);
    await eventually("the second to be forgotten", () => proxy.inFlight() === 1, SECOND_MS);
    connection.send(ok("one"));
    await first.until("one");
    first.send(get("/third"));
    await connection.until("/third");
    assert.doesNotMatch(server.received, /second/);
    connection.send(ok("three"));
    await first.until("three");
  });
}

test("Exchange.abort() cancels upstream when a client resets while an answer streams", async (t) => {
  const { server, proxy, client } = await openScene(t);
  const c = await client();
  c.send(get());
  const connection = await asked(server);
  connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
  await c.until("one");
  c.reset(); // one that closes is missed with the next writes: half-close.test.ts
  await eventually("the server to be let go", () => connection.ended || connection.closed, SECOND_MS);
  const access = await proxy.access(0);
  assert.equal(access["reason"], "client_closed");
  assert.equal(access["status"], 200);
  await eventually("nothing to be in flight", () => proxy.inFlight() === 0);
});

test("Server.inFlight returns to zero after a mix of answers, failures, aborts and timeouts", async (t) => {
  const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n";
  const { proxy, client } = await openScene(t, {
    answer(head, connection) {
      if (head.includes("/ok")) return ok("fine");
      if (head.includes("/none")) return "HTTP/1.1 204 No Content\r\n\r\n";
      if (head.includes("/bad")) return "nonsense\r\n\r\n";
      if (head.includes("/close")) return void connection.end();
      if (head.includes("/reset")) return void connection.reset();
      if (head.includes("/cut")) {
        connection.send(chunked);
        return void connection.reset();
      }
      return head.includes("/stream") ? chunked : undefined;
    },
    backend: { timeouts: { response: "200ms", idle: "200ms", queue: "100ms" } },
    entry: { max_connections: 8 },
  });
  const kinds = ["/ok", "/none", "/bad", "/close", "/reset", "/cut", "/silent", "/stream"];
  const total = kinds.length * 12;
  for (let i = 0; i < total; i++) {
    const c = await client();
    const path = kinds[i % kinds.length]!;
    const upload = i % 3 === 1;
    c.send(upload ? request("POST", path, ["Content-Length: 10"]) + "0123456789" : get(path));
    if (i % 4 === 1) c.reset();
    else if (i % 4 === 2) c.end();
    else if (i % 4 === 3) void c.until("HTTP/1.1", 1000).then(() => c.close(), () => c.close());
  }
  await eventually(
    "every request to end",
    () => proxy.accesses.length >= total * 0.7 && proxy.inFlight() === 0,
  );
  const reasons = new Set(proxy.accesses.map((line) => line["reason"]));
  for (const reason of ["ok", "upstream_reset", "upstream_invalid", "client_closed"]) {
    assert.ok(reasons.has(reason));
  }
});
