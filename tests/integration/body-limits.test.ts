import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { test } from "node:test";
import { ProxyError } from "../../src/base/errors.ts";
import { Intake } from "../../src/downstream/intake.ts";
import type { RequestBody } from "../../src/downstream/request-body.ts";
import { Waits } from "../../src/downstream/waits.ts";
import { DEFAULT_LIMITS } from "../support/default-limits.ts";
import { eventually } from "../support/eventually.ts";
import { RawClient } from "../support/raw-client.ts";
import { get, ok, openScene, post, request } from "./scene.ts";

const LIMITED = { config: { limits: { body_size: "10B" } } };

test("body_size answers 413 to a body that says it is larger, and sends nothing on", async (t) => {
  const { server, client, proxy } = await openScene(t, { answer: ok(), ...LIMITED });
  const c = await client();
  c.send(post("12345678901"));
  assert.match(await c.untilClosed(), /^HTTP\/1\.1 413 Content Too Large\r\n[^]*body_too_large/);
  assert.equal((await proxy.access(0))["reason"], "body_too_large");
  assert.equal(server.connections.length, 0);
});

test("body_size answers 413 to a chunked body that becomes larger", async (t) => {
  const { client } = await openScene(t, LIMITED);
  const c = await client();
  c.send(request("POST", "/", ["Transfer-Encoding: chunked"]) + "a\r\n1234567890\r\n");
  c.send("1\r\nx\r\n0\r\n\r\n");
  assert.match(await c.untilClosed(), /^HTTP\/1\.1 413 /);
});

test("body_size lets a body of that size through, again and again on one connection", async (t) => {
  const { client } = await openScene(t, { answer: ok(), ...LIMITED });
  const c = await client();
  for (let i = 1; i <= 3; i++) {
    c.send(post("1234567890"));
    await eventually("the answer", () => c.received.split("200 OK").length === i + 1);
  }
});

test("max_connections of a frontend refuses one more client, and takes the next when one has left", async (t) => {
  const { client, proxy } = await openScene(t, { answer: ok(), frontend: { max_connections: 1 } });
  const first = await client();
  first.send(get());
  await first.until("200 OK");
  const second = await RawClient.open(proxy.port);
  assert.match(await second.untilClosed(), /^HTTP\/1\.1 503 [^]*connection_limit/);
  first.close();
  await eventually("room for a client", async () => {
    const next = await RawClient.open(proxy.port);
    next.send(get("/", "Connection: close"));
    return (await next.untilClosed()).includes("200 OK");
  });
});

test("max_connections counts the clients that it refuses, and logs them in one line", async (t) => {
  const { client, proxy } = await openScene(t, { answer: ok(), config: { limits: { max_connections: 1 } } });
  const first = await client();
  first.send(get());
  await first.until("200 OK");
  for (let i = 0; i < 5; i++) {
    const next = await RawClient.open(proxy.port);
    assert.match(await next.untilClosed(), /^HTTP\/1\.1 503 /);
  }
  const counted = 'sluice_refused_connections_total{frontend="web"} 5\n';
  assert.ok(proxy.running.metricsPage().includes(counted));
  await proxy.stop();
  const lines = proxy.events.filter(({ event }) => event === "connection_refused");
  assert.deepEqual(lines.map(({ fields }) => fields), [
    { frontend: "web", reason: "connection_limit", count: 1 },
    { frontend: "web", reason: "connection_limit", count: 4 },
  ]);
});

const bounds: [trusted: string[] | undefined, taken: number][] = [[undefined, 1], [["private"], 3], [[
  "192.0.2.1",
], 1]];
for (const [trusted, taken] of bounds) {
  test(`max_connections_per_client = 1 takes ${taken} of an address with trusted_proxies = ${trusted}`, async (t) => {
    const { proxy } = await openScene(t, {
      answer: ok(),
      config: { limits: { max_connections_per_client: 1 } },
      frontend: { trusted_proxies: trusted },
    });
    const statuses: string[] = [];
    for (let i = 0; i < 3; i++) {
      const client = await RawClient.open(proxy.port);
      t.after(() => client.close());
      client.send(get());
      await client.until(/^HTTP\/1\.1 /);
      statuses.push(client.received.slice(9, 12));
    }
    assert.deepEqual(statuses, ["200", "200", "200"].fill("429", taken));
    const refused = proxy.events.filter(({ event }) => event === "connection_refused");
    assert.deepEqual(
      refused.map(({ fields }) => fields),
      taken === 3 ? [] : [{ frontend: "web", reason: "client_connection_limit", count: 1 }],
    );
  });
}

const rates: [bytesPerSecond: number, seconds: number, cut: boolean, why: string][] = [
  [0.1, 30, true, "cuts a body of 1 byte in 10 s"],
  [99, 30, true, "cuts one below the rate"],
  [101, 600, false, "lets a slow but steady one take 10 minutes"],
];
for (const [rate, seconds, cut, why] of rates) {
  test(`body_rate ${why}`, () => {
    let now = 0;
    const expired: string[] = [];
    const waits = new Waits(
      () => ({
        requestHeaders: 0,
        bodyIdle: 0,
        bodyRate: 100,
        writeIdle: 0,
        keepAlive: 0,
        linger: 0,
        lingerLimit: 0,
      }),
      (wait) => void expired.push(wait),
      () => now,
    );
    waits.begin("body");
    const step = rate < 1 ? 1 / rate : 1;
    for (let second = step; second <= seconds; second += step) {
      now = second * 1000;
      waits.bodyMoved(rate * step);
    }
    waits.dispose();
    assert.equal(expired.includes("body"), cut);
    if (cut) assert.equal(waits.fault("body"), "The request body came slower than body_rate (100 bytes/s)");
  });
}

test("body_rate does not count the time in which nobody wanted the body", () => {
  let now = 0;
  const expired: string[] = [];
  const none = { requestHeaders: 0, bodyIdle: 0, writeIdle: 0, keepAlive: 0, linger: 0, lingerLimit: 0 };
  const timeouts = { ...none, bodyRate: 100 };
  const waits = new Waits(() => timeouts, (wait) => void expired.push(wait), () => now);
  waits.beginBody();
  waits.bodyMoved(10);
  now = 60_000; // the server did not read
  waits.beginBody();
  now = 61_000;
  waits.bodyMoved(10);
  waits.dispose();
  assert.deepEqual(expired, []);
});

test("body_rate does not count the time in which the client waited for a 100", () => {
  let now = 0;
  const expired: string[] = [];
  const none = { requestHeaders: 0, bodyIdle: 0, writeIdle: 0, keepAlive: 0, linger: 0, lingerLimit: 0 };
  const waits = new Waits(() => ({ ...none, bodyRate: 100 }), (wait) => void expired.push(wait), () => now);
  waits.begin("continue");
  now = 60_000;
  waits.bodyMoved(10);
  now = 61_000;
  waits.bodyMoved(10);
  waits.dispose();
  assert.deepEqual(expired, []);
});

test("a body that is cut for its rate is answered 408, whatever of it came with the cut", () => {
  const socket = { resume() {}, pause() {} } as unknown as Socket;
  const told: string[] = [];
  let body: RequestBody | null = null;
  const intake: Intake = new Intake(socket, DEFAULT_LIMITS, {
    onHead: (_head, its) => void (body = its),
    onBodyData: () => void intake.failBody(new ProxyError("body_timeout", "too slow")),
    onBodyWanted() {},
    onStarved() {},
    onDiscarded() {},
    onMalformed: (error) => void told.push(`malformed ${error.kind}`),
  });
  intake.push(Buffer.from("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n"));
  body!.start({
    write: () => (told.push("write"), true),
    flush: () => true,
    end: () => void told.push("end"),
    fail: (error) => void told.push(`fail ${error.kind}`),
  });
  intake.push(Buffer.from("abc"));
  assert.deepEqual(told, ["fail body_timeout"]);
});
