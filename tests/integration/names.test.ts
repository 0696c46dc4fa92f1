import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { validateConfig } from "../../src/config/load.ts";
import { DNS_FAILURE_LOOKS_LIKE_NONE } from "../../src/net/gaps.ts";
import { DnsServer } from "../support/dns-server.ts";
import { eventually } from "../support/eventually.ts";
import { RawClient, roundTrip } from "../support/raw-client.ts";
import { RawServer } from "../support/raw-server.ts";
import { startTestProxy, type TestProxy } from "../support/test-proxy.ts";
import { get, ok } from "./scene.ts";

/** Servers on the addresses 127.0.0.1 and up, all with one port; each answers with its address. */
async function listenOn(t: TestContext, ...addresses: string[]): Promise<RawServer[]> {
  const servers: RawServer[] = [];
  for (const host of addresses) {
    const place = { host, port: servers[0]?.port ?? 0 };
    servers.push(await RawServer.answering(ok(host), place));
  }
  t.after(async () => void await Promise.all(servers.map((server) => server.close())));
  return servers;
}

/** A proxy before `url`, that asks `dns`. */
async function startProxy(
  t: TestContext,
  dns: DnsServer,
  server: Record<string, unknown>,
  backend: Record<string, unknown> = {},
): Promise<TestProxy> {
  const proxy = await startTestProxy({
    servers: [server],
    backend: { retries: { attempts: 1 }, ...backend },
    config: { resolver: { servers: [dns.address], timeout: "200ms" } },
  });
  t.after(() => proxy.stop());
  return proxy;
}

/** The last line of the answer to one request: the address of the server, or the reason of the error. */
async function ask(proxy: TestProxy): Promise<string> {
  const answer = await roundTrip(proxy.port, get("/", "Connection: close"));
  return answer.slice(answer.indexOf("\r\n\r\n") + 4).trim();
}

const serversOf = (proxy: TestProxy) =>
  proxy.running.snapshot.backends.get("app")!.servers.map(({ name }) => new URL(name).hostname).toSorted();

test("a name that moves is followed when its TTL is over, by connections that are open as well", async (t) => {
  const dns = await DnsServer.listen(t);
  const [one] = await listenOn(t, "127.0.0.1", "127.0.0.2");
  dns.zone.set("app.test", ["127.0.0.1"]);
  const proxy = await startProxy(t, dns, { url: `http://app.test:${one!.port}` });
  assert.equal(await ask(proxy), "127.0.0.1");
  assert.equal(await ask(proxy), "127.0.0.1");
  assert.equal(one!.connections.length, 1);
  dns.zone.set("app.test", ["127.0.0.2"]);
  await eventually("the other address", async () => await ask(proxy) === "127.0.0.2");
  await eventually("the connection to the first is closed", () => one!.connections[0]!.closed);
});

test("an answer under way when its name moves is finished", async (t) => {
  const dns = await DnsServer.listen(t);
  dns.zone.set("app.test", ["127.0.0.1"]);
  const slow = await RawServer.answering("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab");
  t.after(() => slow.close());
  const proxy = await startProxy(t, dns, { url: `http://app.test:${slow.port}` });
  const client = await RawClient.open(proxy.port);
  client.send(get("/"));
  await client.until("ab");
  dns.zone.set("app.test", ["127.0.0.9"]);
  await eventually(
    "the name moved",
    () => proxy.events.filter(({ event }) => event === "name_resolved").length === 2,
  );
  slow.connections[0]!.send("cd");
  await client.until("abcd");
  await eventually("its connection is not kept", () => slow.connections[0]!.closed);
  client.close();
});

test("of several addresses the next is tried where the first refuses", async (t) => {
  const dns = await DnsServer.listen(t);
  const [two] = await listenOn(t, "127.0.0.2");
  dns.zone.set("app.test", ["127.0.0.9", "127.0.0.2"]);
  const proxy = await startProxy(t, dns, { url: `http://app.test:${two!.port}` });
  assert.equal(await ask(proxy), "127.0.0.2");
});

test("a name that nobody knows stops no start, and is asked for again", async (t) => {
  const dns = await DnsServer.listen(t);
  const [one] = await listenOn(t, "127.0.0.1");
  const proxy = await startProxy(t, dns, { url: `http://app.test:${one!.port}` });
  assert.match(await ask(proxy), /^502 Bad Gateway: name_not_resolved/);
  assert.equal((await proxy.access(0))["reason"], "name_not_resolved");
  assert.equal(proxy.events.filter(({ event }) => event === "name_not_resolved").length, 1);
  dns.zone.set("app.test", ["127.0.0.1"]);
  await eventually("it is known", async () => await ask(proxy) === "127.0.0.1");
});

test("a DNS server that says nothing holds the start up for two seconds at most", async (t) => {
  const dns = await DnsServer.listen(t);
  dns.zone.set("app.test", "silence");
  const startedAt = performance.now();
  const proxy = await startTestProxy({
    servers: [{ url: "http://app.test", resolve: "all" }],
    config: { resolver: { servers: [dns.address], timeout: "30s" } },
  });
  const ms = performance.now() - startedAt;
  t.after(() => proxy.stop());
  assert.ok(ms < 4000, `${ms} ms`);
  assert.match(await ask(proxy), /^503 Service Unavailable: no_server/);
});

for (const fault of ["failure", "silence", undefined] as const) {
  test(`the last good answer is kept when the next is ${fault ?? "that there is no such name"}`, async (t) => {
    const dns = await DnsServer.listen(t);
    const [one] = await listenOn(t, "127.0.0.1", "127.0.0.2");
    dns.zone.set("app.test", ["127.0.0.1", "127.0.0.2"]);
    const proxy = await startProxy(t, dns, { url: `http://app.test:${one!.port}`, resolve: "all" });
    if (fault === undefined) dns.zone.delete("app.test");
    else dns.zone.set("app.test", fault);
    await eventually(
      "the look-up fails",
      () => proxy.events.some(({ event }) => event === "name_not_resolved"),
    );
    assert.deepEqual(serversOf(proxy), ["127.0.0.1", "127.0.0.2"]);
    assert.match(await ask(proxy), /^127\.0\.0\.[12]$/);
  });
}

test('resolve = "all" makes a server of every address, and follows when they change', async (t) => {
  const dns = await DnsServer.listen(t);
  const [one] = await listenOn(t, "127.0.0.1", "127.0.0.2", "127.0.0.3");
  dns.zone.set("app.test", ["127.0.0.1", "127.0.0.2"]);
  const proxy = await startProxy(t, dns, { url: `http://app.test:${one!.port}`, resolve: "all" });
  assert.deepEqual([await ask(proxy), await ask(proxy)].toSorted(), ["127.0.0.1", "127.0.0.2"]);
  const kept = proxy.running.snapshot.backends.get("app")!.servers.find(({ name }) =>
    name.includes("127.0.0.2")
  );
  dns.zone.set("app.test", ["127.0.0.2", "127.0.0.3"]);
  await eventually("the change", () => serversOf(proxy).includes("127.0.0.3"));
  assert.deepEqual(serversOf(proxy), ["127.0.0.2", "127.0.0.3"]);
  assert.ok(proxy.running.snapshot.backends.get("app")!.servers.includes(kept!));
  const answers = [await ask(proxy), await ask(proxy), await ask(proxy), await ask(proxy)];
  assert.deepEqual(new Set(answers), new Set(["127.0.0.2", "127.0.0.3"]));
  await eventually("the connection to the one that left is closed", () => one!.connections[0]!.closed);
});

test("a server that joins gets its first request behind its first passed probe, and one that left no more", async (t) => {
  const dns = await DnsServer.listen(t);
  const [one] = await listenOn(t, "127.0.0.1");
  dns.zone.set("app.test", ["127.0.0.1"]);
  const proxy = await startProxy(t, dns, { url: `http://app.test:${one!.port}`, resolve: "all" }, {
    health_check: { interval: "30ms", timeout: "1s" },
  });
  dns.zone.set("app.test", ["127.0.0.1", "127.0.0.7"]); // where nobody listens
  await eventually("the new server is known", () => serversOf(proxy).includes("127.0.0.7"));
  for (let i = 0; i < 4; i++) assert.equal(await ask(proxy), "127.0.0.1");
  const backend = proxy.running.snapshot.backends.get("app")!;
  const dead = backend.servers.find(({ name }) => name.includes("127.0.0.7"))!;
  assert.deepEqual(dead.failures.size, 0);
  await eventually("it was probed", () => dead.lastProbe !== undefined);
  const seven = await RawServer.answering(ok("127.0.0.7"), { host: "127.0.0.7", port: one!.port });
  t.after(() => seven.close());
  await eventually("it takes part", async () => await ask(proxy) === "127.0.0.7");
  dns.zone.set("app.test", ["127.0.0.1"]);
  await eventually("it left", () => !serversOf(proxy).includes("127.0.0.7"));
  const { at } = dead.lastProbe!;
  const other = backend.servers[0]!;
  const then = other.lastProbe!.at;
  await eventually("the other goes on being probed", () => other.lastProbe!.at > then + 200);
  assert.ok(dead.lastProbe!.at - at < 100, "probes of a server that left");
});

test('resolve = "srv" takes port, weight and priority from the records', async (t) => {
  const dns = await DnsServer.listen(t);
  const servers = [await RawServer.answering(ok("a")), await RawServer.answering(ok("b"))];
  t.after(async () => void await Promise.all(servers.map((server) => server.close())));
  dns.zone.set("_http._tcp.app.test", [
    { target: "a.app.test", port: servers[0]!.port, priority: 1, weight: 3 },
    { target: "b.app.test", port: servers[1]!.port, priority: 2, weight: 1 },
  ]);
  dns.zone.set("a.app.test", ["127.0.0.1"]);
  dns.zone.set("b.app.test", ["127.0.0.1"]);
  const proxy = await startProxy(t, dns, { url: "http://_http._tcp.app.test", resolve: "srv" }, {
    host_header: "rewrite",
  });
  const backend = proxy.running.snapshot.backends.get("app")!;
  assert.deepEqual(backend.servers.map(({ weight, priority }) => [weight, priority]), [[3, 1], [1, 2]]);
  const answers: string[] = [];
  for (let i = 0; i < 8; i++) answers.push(await ask(proxy));
  assert.deepEqual(answers.toSorted().join(""), "aaaaaabb");
  assert.match(servers[0]!.received, new RegExp(`\r\nHost: a\\.app\\.test:${servers[0]!.port}\r\n`));
});

test("a stopped proxy asks for names no more", async (t) => {
  const dns = await DnsServer.listen(t);
  dns.zone.set("app.test", ["127.0.0.1"]);
  const proxy = await startProxy(t, dns, { url: "http://app.test" });
  await eventually("the second question", () => dns.asked.length >= 4);
  await proxy.stop();
  const { length } = dns.asked;
  const other = await startTestProxy({
    servers: ["http://other.test"],
    config: { resolver: { servers: [dns.address] } },
  });
  t.after(() => other.stop());
  dns.zone.set("other.test", ["127.0.0.1"]);
  await eventually(
    "questions of another proxy",
    () => dns.asked.slice(length).filter((name) => name === "other.test").length >= 4,
  );
  assert.ok(!dns.asked.slice(length).includes("app.test"));
});

/** A DNS server that cannot answer: by a word where the runtime tells that from "there is none", else by silence. */
const FAULT = DNS_FAILURE_LOOKS_LIKE_NONE ? "silence" : "failure";
for (
  const [what, part] of [["its A records", "app.test A"], ["one of its targets", "b.app.test"]] as const
) {
  test(`the last good answer is kept whole when ${what} meet with ${FAULT}`, async (t) => {
    const dns = await DnsServer.listen(t);
    const srv = part === "b.app.test";
    const target = (name: string, port: number) => ({ target: name, port, priority: 1, weight: 1 });
    dns.zone.set(
      "app.test",
      srv ? [target("a.app.test", 1), target("b.app.test", 2)] : ["127.0.0.1", "::1"],
    );
    dns.zone.set("a.app.test", ["127.0.0.1"]);
    dns.zone.set("b.app.test", ["127.0.0.1"]);
    const proxy = await startProxy(t, dns, { url: "http://app.test", resolve: srv ? "srv" : "all" });
    assert.equal(serversOf(proxy).length, 2);
    dns.zone.set(part, FAULT);
    await eventually(
      "the look-up fails",
      () => proxy.events.some(({ event }) => event === "name_not_resolved"),
      10_000,
    );
    assert.equal(serversOf(proxy).length, 2);
    assert.equal(proxy.events.filter(({ event }) => event === "name_resolved").length, 1);
  });
}

test(`a name whose AAAA records meet with ${FAULT} is followed by its A records, and keeps the others`, async (t) => {
  const dns = await DnsServer.listen(t);
  dns.zone.set("app.test", ["127.0.0.1", "::1"]);
  const proxy = await startProxy(t, dns, { url: "http://app.test:1", resolve: "all" });
  assert.deepEqual(serversOf(proxy), ["127.0.0.1", "[::1]"]);
  dns.zone.set("app.test AAAA", FAULT);
  dns.zone.set("app.test", ["127.0.0.2"]);
  await eventually("the other address", () => serversOf(proxy).includes("127.0.0.2"), 10_000);
  assert.deepEqual(serversOf(proxy), ["127.0.0.2", "[::1]"]);
  assert.equal(proxy.events.filter(({ event }) => event === "name_not_resolved").length, 1);
});

test("at the start a part of an answer is better than none, and the rest is asked for again", async (t) => {
  const dns = await DnsServer.listen(t);
  const [one] = await listenOn(t, "127.0.0.1", "127.0.0.2");
  dns.zone.set("app.test", ["127.0.0.1"]);
  dns.zone.set("app.test AAAA", "failure");
  const proxy = await startProxy(t, dns, { url: `http://app.test:${one!.port}`, resolve: "all" });
  assert.equal(await ask(proxy), "127.0.0.1");
  dns.zone.delete("app.test AAAA");
  dns.zone.set("app.test", ["127.0.0.1", "127.0.0.2"]);
  await eventually("the rest", () => serversOf(proxy).length === 2);
});

test("a DNS server that is not there is no fault of the server, and holds no request up", async (t) => {
  const proxy = await startTestProxy({
    servers: ["http://app.test"],
    backend: { health_check: { interval: "1h" }, retries: { attempts: 1 } },
    config: { resolver: { servers: ["127.0.0.1:1"], timeout: "200ms" } },
  });
  t.after(() => proxy.stop());
  await ask(proxy);
  const [server] = proxy.running.snapshot.backends.get("app")!.servers;
  server!.observe({ code: "L7OK", ms: 1, at: 0 }, { rise: 1, fall: 1 });
  proxy.running.snapshot.backends.get("app")!.operate(server!, { state: "ready" });
  const startedAt = performance.now();
  for (let i = 1; i <= 5; i++) {
    await ask(proxy);
    assert.equal((await proxy.access(i))["reason"], "name_not_resolved");
  }
  assert.ok(performance.now() - startedAt < 600, "requests wait for DNS"); // 200 ms each
});

test("a target of several SRV records is looked up once", async (t) => {
  const dns = await DnsServer.listen(t);
  dns.zone.set(
    "app.test",
    [1, 2, 3, 4, 5].map((port) => ({ target: "a.test", port, priority: 1, weight: 1 })),
  );
  dns.zone.set("a.test", ["127.0.0.1"]);
  const proxy = await startProxy(t, dns, { url: "http://app.test", resolve: "srv" });
  assert.equal(serversOf(proxy).length, 5);
  assert.equal(dns.asked.filter((name) => name === "a.test").length, 2); // A and AAAA
});

test("a reload with a name whose DNS server says nothing is in force within a second", async (t) => {
  const dns = await DnsServer.listen(t);
  const [one] = await listenOn(t, "127.0.0.1");
  dns.zone.set("app.test", ["127.0.0.1"]);
  dns.zone.set("silent.test", "silence");
  const proxy = await startProxy(t, dns, { url: `http://app.test:${one!.port}`, resolve: "all" });
  const startedAt = performance.now();
  const servers = ["app", "silent"].map((name) => ({
    url: `http://${name}.test:${one!.port}`,
    resolve: "all",
  }));
  await proxy.running.reload(validateConfig({
    frontends: [{ name: "web", bind: "127.0.0.1:0", default_backend: "app" }],
    backends: { app: { servers } },
    resolver: { servers: [dns.address], timeout: "30s" },
    shutdown: { drain_timeout: "50ms" },
  }));
  assert.ok(performance.now() - startedAt < 1000, `${performance.now() - startedAt} ms`);
  assert.equal(await ask(proxy), "127.0.0.1");
});

for (const how of ["DNS", "a reload"]) {
  test(`a server that joins by ${how} is brought up slowly where slow_start is set`, async (t) => {
    const dns = await DnsServer.listen(t);
    const [one] = await listenOn(t, "127.0.0.1", "127.0.0.2");
    dns.zone.set("app.test", ["127.0.0.1"]);
    const byName = { url: `http://app.test:${one!.port}`, resolve: "all" };
    const proxy = await startProxy(t, dns, byName, { slow_start: "1h" });
    if (how === "DNS") dns.zone.set("app.test", ["127.0.0.1", "127.0.0.2"]);
    else {
      await proxy.running.reload(validateConfig({
        frontends: [{ name: "web", bind: "127.0.0.1:0", default_backend: "app" }],
        backends: { app: { servers: [byName, `http://127.0.0.2:${one!.port}`], slow_start: "1h" } },
        resolver: { servers: [dns.address] },
      }));
    }
    await eventually("it joins", () => serversOf(proxy).length === 2);
    const { servers } = proxy.running.snapshot.backends.get("app")!;
    const weights = servers.map(({ name, weight }) => `${new URL(name).hostname} ${weight}`).toSorted();
    assert.deepEqual(weights, ["127.0.0.1 1", "127.0.0.2 0.1"]);
  });
}
