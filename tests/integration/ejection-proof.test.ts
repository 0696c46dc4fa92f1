// Whether a server is to blame, or what clients ask: another server that is asked the same tells.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { eventually } from "../support/eventually.ts";
import { RawClient, roundTrip } from "../support/raw-client.ts";
import type { TestProxy } from "../support/test-proxy.ts";
import { eventsOf, HealthServer, type Saying, startHealthProxy } from "./health-scene.ts";
import { get, ok, request } from "./scene.ts";

const FAILING = "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n";
const EVIL = "Evil: yes";
/** Fails what carries the field, as an application does that cannot parse it. */
const failsEvil: Saying = (head) => head.includes(EVIL) ? FAILING : ok();
const resetsEvil: Saying = (head, connection) => head.includes(EVIL) ? void connection.reset() : ok();

/** Two servers, each asked in its turn, with the defaults for all that decides about ejections. */
async function open(
  t: TestContext,
  says: Saying,
  backend: Record<string, unknown> = {},
): Promise<{ proxy: TestProxy; first: HealthServer; second: HealthServer }> {
  const [first, second] = [await HealthServer.listen(t), await HealthServer.listen(t)];
  first.asked = second.asked = says;
  const proxy = await startHealthProxy(t, [first, second], {
    check: null,
    balance: "round_robin",
    retries: { attempts: 2 },
    ...backend,
  });
  return { proxy, first, second };
}

/** Sends a request with `fields` for the client at `address`; its status, or 0 without one. */
async function send(
  proxy: TestProxy,
  head: { method?: string; path?: string; address?: string; evil?: boolean },
) {
  const { method = "GET", path = "/", address = "192.0.2.66", evil = false } = head;
  const fields = [`X-Forwarded-For: ${address}`, "Connection: close", ...(evil ? [EVIL] : [])];
  const text = method === "GET"
    ? get(path, ...fields)
    : request(method, path, [...fields, "Content-Length: 0"]);
  return Number((await roundTrip(proxy.port, text)).slice(9, 12));
}

const attacks: [who: string, addresses: number, method: string, says: Saying][] = [
  ["one client that has every second GET fail", 1, "GET", failsEvil],
  ["one client that has every second POST fail", 1, "POST", failsEvil],
  ["one client that has every second GET reset", 1, "GET", resetsEvil],
  ["one client that has every second POST reset", 1, "POST", resetsEvil],
  ["a client with 12 addresses that has every second GET fail", 12, "GET", failsEvil],
  ["a client with 12 addresses that has every second POST fail", 12, "POST", failsEvil],
];
for (const [who, addresses, method, says] of attacks) {
  test(`${who}, so that always the same server gets those, takes none out`, async (t) => {
    const { proxy, first, second } = await open(t, says);
    for (let i = 0; i < 80; i++) {
      const address = `192.0.2.${i % addresses}`;
      // Whatever is repeated, what fails goes to the first, and what does not to the second.
      await send(proxy, { method, address, evil: first.requests.length <= second.requests.length });
    }
    assert.ok(first.requests.length + second.requests.length >= 80);
    assert.deepEqual(eventsOf(proxy, "server_ejected"), []);
  });
}

test("one client that asks for nothing but what fails everywhere takes none out, and few of its requests are repeated", async (t) => {
  const { proxy, first, second } = await open(t, failsEvil);
  for (let i = 0; i < 120; i++) assert.equal(await send(proxy, { evil: true }), 500);
  assert.deepEqual(eventsOf(proxy, "server_ejected"), []);
  const repeated = first.requests.length + second.requests.length - 120;
  assert.ok(repeated >= 1 && repeated <= 24, `${repeated}`);
});

for (const balance of ["round_robin", "first", "random", "hash"]) {
  test(`a server that fails whatever one address asks is soon out, and is asked nothing twice (${balance})`, async (t) => {
    const { proxy, first } = await open(t, ok(), {
      balance,
      ...(balance === "hash" && { hash: { on: "path" } }),
    });
    first.asked = FAILING;
    const statuses: number[] = [];
    while (eventsOf(proxy, "server_ejected").length === 0 && statuses.length < 200) {
      statuses.push(await send(proxy, { path: `/item/${statuses.length}` })); // as behind a proxy that nobody trusts
      await eventually("no copy under way", () => proxy.inFlight() === 0);
    }
    assert.deepEqual(eventsOf(proxy, "server_ejected").map(({ server }) => server), [first.url]);
    const failed = statuses.filter((status) => status === 500).length;
    assert.deepEqual([failed, first.requests.length], [6, 6]); // the last three are proven
  });
}

const LIMITED = "HTTP/1.1 503 Later\r\nRetry-After: 7\r\nContent-Length: 7\r\n\r\nlimited";

/** Has a server fail so often that it is suspect, of which another one answers what it will. */
async function suspected(t: TestContext, other: Saying, backend: Record<string, unknown> = {}) {
  const { proxy, first, second } = await open(t, other, { balance: "first", ...backend });
  first.asked = LIMITED;
  for (let i = 0; i < 4; i++) assert.equal(await send(proxy, { method: "POST" }), 503);
  return { proxy, first, second };
}

const others: [what: string, says: Saying][] = [
  ["answers", ok("elsewhere")],
  ["is silent", undefined],
  ["resets", (_, connection) => void connection.reset()],
  ["fails as well", FAILING],
];
for (const [what, says] of others) {
  test(`a client gets the answer of a suspect as it is, and at once, where the server that is asked as well ${what}`, async (t) => {
    const { proxy, first, second } = await suspected(t, says);
    const answer = await roundTrip(proxy.port, get("/item", "Connection: close"));
    assert.match(answer, /^HTTP\/1\.1 503 Later\r\n[^]*Retry-After: 7\r\n[^]*\r\n\r\nlimited$/);
    await eventually("the copy", () => second.requests.length === 1);
    assert.match(second.requests[0]!, /^GET \/item HTTP/);
    assert.equal(first.requests.length, 5);
    assert.equal(proxy.accesses.length, 5); // a copy has no line of its own
    assert.deepEqual([proxy.accesses[4]!["attempts"], proxy.accesses[4]!["tried"]], [1, undefined]);
    await proxy.stop();
    assert.equal(proxy.inFlight(), 0);
  });
}

test("a client gets the answer of a suspect at once where the other server is full, and that one is not asked", async (t) => {
  const [first, second] = [await HealthServer.listen(t), await HealthServer.listen(t)];
  const proxy = await startHealthProxy(
    t,
    [first, second].map(({ url }) => ({ url, max_connections: 1 })),
    { check: null, balance: "first", retries: { attempts: 2 }, timeouts: { queue: "20s" } },
  );
  first.asked = second.asked = undefined; // silent
  for (const server of [first, second]) {
    const slow = await RawClient.open(proxy.port);
    t.after(() => slow.close());
    slow.send(get("/slow"));
    await eventually("the server to be full", () => server.requests.length === 1);
  }
  first.asked = LIMITED;
  first.raw.connections[0]!.send(ok());
  await eventually("the first to have room", () => proxy.inFlight() === 1);
  for (let i = 0; i < 20; i++) assert.equal(await send(proxy, {}), 503);
  assert.equal(second.requests.length, 1);
  assert.equal(proxy.accesses.filter(({ reason }) => reason === "ok").length, 21);
});

for (const method of ["PUT", "DELETE", "POST", "QUERY"]) {
  test(`what a suspect answers to ${method} is asked of no other server`, async (t) => {
    const { proxy, first, second } = await suspected(t, ok());
    for (let i = 0; i < 10; i++) assert.equal(await send(proxy, { method }), 503);
    assert.deepEqual([first.requests.length, second.requests.length], [14, 0]);
  });
}

test("what a suspect answers is asked of no other server where attempts = 1 says so", async (t) => {
  const { proxy, second } = await suspected(t, ok(), { retries: { attempts: 1 } });
  for (let i = 0; i < 10; i++) assert.equal(await send(proxy, {}), 503);
  assert.equal(second.requests.length, 0);
});

for (const method of ["HEAD", "OPTIONS"]) {
  test(`what a suspect answers to ${method} without a body is asked of another server`, async (t) => {
    const { proxy, second } = await suspected(t, ok());
    await roundTrip(proxy.port, request(method, "/", ["Connection: close"]));
    await eventually("the copy", () => second.requests.length === 1);
    assert.ok(second.requests[0]!.startsWith(`${method} / `));
  });
}

/** A server that answers five requests of a client in a while, and 503 to all others of it. */
function limiting(): Saying {
  const asked = new Map<string, number>();
  return (head) => {
    const client = /X-Forwarded-For: (\S+)/i.exec(head)![1]!;
    asked.set(client, (asked.get(client) ?? 0) + 1);
    return asked.get(client)! > 5 ? LIMITED : ok();
  };
}

for (const balance of ["round_robin", "first", "hash"]) {
  test(`one client that is limited, and asks in bursts, takes no server out that answers others (${balance})`, async (t) => {
    const { proxy, first, second } = await open(t, ok(), {
      balance,
      ...(balance === "hash" && { hash: { on: "client" } }),
    });
    first.asked = limiting();
    second.asked = limiting();
    for (let round = 0; round < 4; round++) {
      for (let i = 0; i < 16; i++) await send(proxy, { address: `192.0.2.${10 * round + i + 100}` });
      for (let i = 0; i < 20; i++) await send(proxy, { address: "192.0.2.66" });
    }
    assert.ok(proxy.accesses.some(({ status }) => status === 503));
    assert.deepEqual(eventsOf(proxy, "server_ejected"), []);
  });
}

test("a server that others are served by is out once it fails for three clients what is answered elsewhere", async (t) => {
  const { proxy, first } = await open(t, ok(), { balance: "first" });
  assert.equal(await send(proxy, { address: "192.0.2.9" }), 200);
  first.asked = FAILING;
  for (let i = 0; i < 30; i++) await send(proxy, { address: `192.0.2.${i % 2}` });
  assert.deepEqual(eventsOf(proxy, "server_ejected"), []);
  await send(proxy, { address: "192.0.2.2" });
  await eventually("it to be out", () => eventsOf(proxy, "server_ejected").length === 1);
  assert.equal(await send(proxy, {}), 200);
});

test("all servers that failed a request before another one answered it are proven to be at fault", async (t) => {
  const servers = [await HealthServer.listen(t), await HealthServer.listen(t), await HealthServer.listen(t)];
  const proxy = await startHealthProxy(t, [...servers, await HealthServer.listen(t)], {
    check: null,
    balance: "first",
    retries: { attempts: 3, budget: 1 },
    ejection: { failures: 3 },
  });
  for (let i = 0; i < 12; i++) await send(proxy, {}); // which allow retries
  servers[0]!.asked = servers[1]!.asked = (_, connection) => void connection.reset();
  for (let i = 0; i < 3; i++) assert.equal(await send(proxy, {}), 200);
  assert.deepEqual(
    eventsOf(proxy, "server_ejected").map(({ server }) => server).sort(),
    servers.slice(0, 2).map(({ url }) => url).sort(),
  );
});

test("a server that fails everything is out although a client asks more often for what fails everywhere", async (t) => {
  const { proxy, first } = await open(t, failsEvil, { ejection: { failures: 2 } });
  first.asked = FAILING;
  for (let i = 0; eventsOf(proxy, "server_ejected").length === 0 && i < 2000; i++) {
    await send(proxy, { address: `192.0.2.${i % 4}`, evil: i % 4 > 0 });
  }
  assert.deepEqual(eventsOf(proxy, "server_ejected").map(({ server }) => server), [first.url]);
});

test("a server that fails POSTs is out once they are of as many clients as make a share", async (t) => {
  const { proxy, first } = await open(t, ok(), { balance: "first" });
  first.asked = FAILING;
  for (let i = 0; i < 20; i++) {
    assert.deepEqual(eventsOf(proxy, "server_ejected"), []);
    assert.equal(await send(proxy, { method: "POST", address: `192.0.2.${i}` }), 500);
  }
  assert.deepEqual(eventsOf(proxy, "server_ejected").map(({ server }) => server), [first.url]);
  assert.equal(await send(proxy, { method: "POST" }), 200);
});

test("an answer that refuses, such as 401 or 429, proves nothing against the server that failed before", async (t) => {
  const refusing = "HTTP/1.1 429 Later\r\nContent-Length: 0\r\n\r\n";
  const { proxy, first, second } = await open(t, ok(), { balance: "first" });
  first.asked = FAILING;
  second.asked = refusing;
  for (let i = 0; i < 40; i++) await send(proxy, {});
  assert.deepEqual(eventsOf(proxy, "server_ejected"), []);
});

test("a client that stays with its server by a cookie gets the answer of no other in place of a 500", async (t) => {
  const { proxy, first, second } = await open(t, ok(), { balance: "first", sticky: { cookie: "at" } });
  const answer = await roundTrip(proxy.port, get("/", "Connection: close"));
  const cookie = /Set-Cookie: (at=[^;]+)/i.exec(answer)![1]!;
  first.asked = FAILING;
  for (let i = 0; i < 12; i++) {
    assert.match(
      await roundTrip(proxy.port, get("/", `Cookie: ${cookie}`, "Connection: close")),
      /^HTTP\/1\.1 500/,
    );
  }
  assert.equal(second.requests.length, 0);
});
