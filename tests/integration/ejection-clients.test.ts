// What clients do wrong is held against no server, and is no sign of its health either.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { RawClient } from "../support/raw-client.ts";
import { startTestProxy } from "../support/test-proxy.ts";
import { ask, eventsOf, HealthServer, logged, type Saying } from "./health-scene.ts";
import { get, post, request } from "./scene.ts";

/** Clients that do it, all at the same time. */
const TIMES = 12;
const FAILING = "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n";
const HALF = request("POST", "/", ["Content-Length: 9"]) + "half";
const CHUNKED = request("POST", "/", ["Transfer-Encoding: chunked"]) + "4\r\nhalf\r\n";
const BEGUN = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n";
const FAILED_BEGUN = BEGUN.replace("200", "503");

const closes = (client: RawClient) => client.close();
const resets = (client: RawClient) => client.reset();
const ends = (client: RawClient) => client.end();
const stalls = () => {};
const sends = (text: string) => (client: RawClient) => client.send(text);

const faults: [
  what: string,
  reason: string,
  /** What the client sends, and the end of it that the server gets; then what the client does. */
  how: { sends: string; arrives?: string; hears?: Saying; then: (client: RawClient) => void },
][] = [
  ["closes while it waits", "client_closed", { sends: get(), arrives: "\r\n\r\n", then: closes }],
  ["resets while it waits", "client_closed", { sends: get(), arrives: "\r\n\r\n", then: resets }],
  ["closes in the midst of its answer", "client_closed", { sends: get(), hears: BEGUN, then: closes }],
  ["resets in the midst of its answer", "client_closed", { sends: get(), hears: BEGUN, then: resets }],
  ["resets in the midst of a 503", "client_closed", { sends: get(), hears: FAILED_BEGUN, then: resets }],
  ["closes while it uploads", "client_closed", { sends: HALF, arrives: "half", then: closes }],
  ["resets while it uploads", "client_closed", { sends: HALF, arrives: "half", then: resets }],
  ["ends in the midst of its upload", "client_closed", { sends: HALF, arrives: "half", then: ends }],
  ["sends no chunk where one is due", "bad_request", {
    sends: CHUNKED,
    arrives: "half",
    then: sends("no chunk\r\n"),
  }],
  ["stalls in its upload", "body_timeout", { sends: HALF, arrives: "half", then: stalls }],
  ["says that its body is too large", "body_too_large", { sends: post("0123456789x"), then: stalls }],
  ["sends a body that becomes too large", "body_too_large", {
    sends: CHUNKED,
    arrives: "half",
    then: sends("7\r\n1234567\r\n0\r\n\r\n"),
  }],
];
for (const [what, reason, how] of faults) {
  test(`a client that ${what} never counts, however often`, async (t) => {
    const clients: RawClient[] = [];
    t.after(() => clients.forEach(closes));
    const [first, other] = [await HealthServer.listen(t), await HealthServer.listen(t)];
    const proxy = await startTestProxy({
      servers: [first.port, other.port],
      backend: { balance: "first", retries: { attempts: 1 }, ejection: { min_requests: 5 } },
      frontend: {
        timeouts: { body_idle: how.then === stalls ? "40ms" : "60s" },
        trusted_proxies: ["127.0.0.1"],
      },
      config: { limits: { body_size: "10B" } },
    });
    t.after(() => proxy.stop());
    // One failure short of an ejection: neither may a client's fault be the fifth, nor end the row.
    first.asked = FAILING;
    for (let i = 0; i < 4; i++) assert.equal(await ask(proxy), 503);
    first.asked = how.hears;
    const before = count(first, how.arrives);
    while (clients.length < TIMES) clients.push(await RawClient.open(proxy.port));
    for (const client of clients) client.send(how.sends);
    if (how.arrives !== undefined) {
      await eventually("the server to get all", () => count(first, how.arrives) === before + TIMES);
    }
    for (const client of clients) {
      if (how.hears !== undefined) await client.until("half\r\n");
      how.then(client);
    }
    await eventually("the end of all", () => {
      // Whether a client has only finished sending shows when something comes for it.
      const open = how.hears === undefined ? [] : first.raw.connections.filter(({ closed }) => !closed);
      for (const connection of open) connection.send("4\r\nmore\r\n");
      return proxy.accesses.length === 4 + TIMES;
    });
    assert.deepEqual(new Set(proxy.accesses.slice(4).map((line) => line["reason"])), new Set([reason]));
    await eventually("no request in flight", () => proxy.inFlight() === 0);
    assert.deepEqual(eventsOf(proxy, "server_ejected"), []);
    assert.equal(other.requests.length, 0);
    first.asked = FAILING;
    assert.equal(await ask(proxy), 503);
    assert.equal((await logged(proxy, "server_ejected"))["cause"], "503");
    assert.equal(await ask(proxy), 200);
  });
}

/** How often a server got `text`. */
function count({ raw }: HealthServer, text = "\0"): number {
  return raw.received.split(text).length - 1;
}
