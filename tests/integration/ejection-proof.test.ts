// Whether a server is to blame, or what clients ask: another server that is asked the same tells.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { roundTrip } from "../support/raw-client.ts";
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
  test(`a server that fails whatever one address asks is soon out, and little of it is seen (${balance})`, async (t) => {
    const { proxy, first } = await open(t, ok(), {
      balance,
      ...(balance === "hash" && { hash: { on: "path" } }),
    });
    first.asked = FAILING;
    const statuses: number[] = [];
    while (eventsOf(proxy, "server_ejected").length === 0 && statuses.length < 200) {
      statuses.push(await send(proxy, { path: `/item/${statuses.length}` })); // as behind a proxy that nobody trusts
    }
    assert.deepEqual(eventsOf(proxy, "server_ejected").map(({ server }) => server), [first.url]);
    // An answer without a body counts before it is looked at.
    assert.equal(statuses.filter((status) => status === 500).length, 3);
    assert.equal(first.requests.length, 3 + 3);
  });
}

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
