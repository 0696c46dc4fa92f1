// A relay leads nobody into its own network, unless the config says so.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { DnsServer } from "../support/dns-server.ts";
import { eventually } from "../support/eventually.ts";
import { RawServer } from "../support/raw-server.ts";
import { bodyOf, ok } from "./scene.ts";
import { connectTo, lone, openRelay, type RelayOptions, statusOf } from "./relay-scene.ts";

const hosts = [
  "127.0.0.1",
  "127.1",
  "2130706433",
  "0x7f000001",
  "0x7f.1",
  "0177.0.0.1",
  "127.0.0.1.",
  "0",
  "10.1.2.3",
  "192.168.0.1",
  "169.254.169.254",
  "100.64.0.1",
  "[::1]",
  "[::]",
  "[0:0:0:0:0:0:0:1]",
  "[::ffff:127.0.0.1]",
  "[::ffff:7f00:1]",
  "[fe80::1]",
  "[fd00::1]",
  "[64:ff9b::7f00:1]",
  "[2002:7f00:1::1]",
  "[2001:db8::200:5efe:10.0.0.1]",
  "localhost",
  "LocalHost",
  "localhost.",
  "a.localhost",
];
test("Access.checkStraight() refuses private addresses in every spelling", async (t) => {
  const { ask, proxy } = await openRelay(t, { relay: { allow_private: false } });
  for (const host of hosts) {
    const plain = `GET http://${host}/ HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
    assert.deepEqual([host, statusOf(await ask(plain)), statusOf(await ask(connectTo(`${host}:443`)))], [
      host,
      403,
      403,
    ]);
  }
  assert.equal(proxy.accesses.length, 2 * hosts.length);
  assert.ok(proxy.accesses.every(({ reason }) => reason === "access_denied"));
});

test("Access.checkStraight() leaves to parents what they may reach", async (t) => {
  const { ask, parents } = await openRelay(t, { parents: [ok("<p>")], relay: { allow_private: false } });
  assert.equal(bodyOf(await ask(lone("http://10.1.2.3/"))), "<p>");
  assert.match(parents[0]!.received, /^GET http:\/\/10\.1\.2\.3\/ /);
});

/** A relay that asks `dns`, and servers on the addresses 127.0.0.1 and up with one port, which answer with theirs. */
async function openNames(t: TestContext, relay: RelayOptions["relay"], config: Record<string, unknown> = {}) {
  const dns = await DnsServer.listen(t);
  const servers: RawServer[] = [];
  for (const host of ["127.0.0.1", "127.0.0.2", "127.0.0.3"]) {
    servers.push(await RawServer.answering(ok(host), { host, port: servers[0]?.port ?? 0 }));
  }
  const { port } = servers[0]!;
  const scene = await openRelay(t, {
    relay: { connect_ports: [port], ...relay },
    config: { resolver: { servers: [dns.address], timeout: "200ms" }, ...config },
  });
  t.after(async () => void await Promise.all(servers.map((server) => server.close())));
  const get = async (name: string) => bodyOf(await scene.ask(lone(`http://${name}:${port}/`))).split("\n")[0];
  return { ...scene, dns, servers, port, get };
}

test("CheckedResolver refuses a name that stands for a private address", async (t) => {
  const { dns, ask, port, proxy, servers } = await openNames(t, { allow_private: false });
  dns.zone.set("inside.test", ["127.0.0.1", "::1"]);
  assert.equal(statusOf(await ask(lone(`http://inside.test:${port}/`))), 403);
  assert.equal(statusOf(await ask(connectTo(`inside.test:${port}`))), 403);
  assert.equal(statusOf(await ask(lone(`https://inside.test:${port}/`))), 403);
  assert.deepEqual(proxy.accesses.map(({ reason }) => reason), Array(3).fill("access_denied"));
  assert.ok(servers.every(({ connections }) => connections.length === 0));
});

test("CheckedResolver leaves the addresses out that are refused, and uses the others", async (t) => {
  const { dns, get, servers } = await openNames(t, { allow_private: ["127.0.0.2"] });
  dns.zone.set("mixed.test", ["127.0.0.1", "127.0.0.2", "127.0.0.3"]);
  for (let i = 0; i < 5; i++) assert.equal(await get("mixed.test"), "127.0.0.2");
  assert.deepEqual(servers.map(({ connections }) => connections.length > 0), [false, true, false]);
});

test("CheckedResolver checks what is dialled, so that a name that moves between two look-ups leads nowhere else", async (t) => {
  const { dns, get, servers } = await openNames(t, { allow_private: ["127.0.0.2"] }, {
    defaults: { pool: { max_idle: 0 } },
  });
  dns.zone.set("moving.test", ["127.0.0.2"]);
  assert.equal(await get("moving.test"), "127.0.0.2");
  dns.zone.set("moving.test", ["127.0.0.1"]);
  const asked = dns.asked.length;
  // The last good address is kept, as where DNS fails.
  await eventually("another look-up", async () => {
    assert.equal(await get("moving.test"), "127.0.0.2");
    return dns.asked.length > asked;
  });
  assert.equal(await get("moving.test"), "127.0.0.2");
  assert.equal(servers[0]!.connections.length, 0);
});

test("CheckedResolver refuses names that stand for what is in deny", async (t) => {
  const { dns, ask, port, get } = await openNames(t, { allow_private: true, deny: ["127.0.0.2"] });
  dns.zone.set("denied.test", ["127.0.0.2"]);
  dns.zone.set("fine.test", ["127.0.0.3"]);
  assert.equal(statusOf(await ask(lone(`http://denied.test:${port}/`))), 403);
  assert.equal(await get("fine.test"), "127.0.0.3");
});

test("Origins answers 502 for a name that nobody knows, and the log is not flooded with names", async (t) => {
  const { dns, ask, port, proxy, get } = await openNames(t, {});
  dns.zone.set("known.test", ["127.0.0.1"]);
  assert.equal(await get("known.test"), "127.0.0.1");
  assert.equal(statusOf(await ask(lone(`http://unknown.test:${port}/`))), 502);
  assert.equal(statusOf(await ask(connectTo(`unknown.test:${port}`))), 502);
  assert.deepEqual(proxy.accesses.map(({ reason }) => reason), [
    "ok",
    "name_not_resolved",
    "name_not_resolved",
  ]);
});

test("Origins keeps connections to a target for the next request", async (t) => {
  const { dns, get, servers, port, ask } = await openNames(t, {}, { defaults: { max_requests: 0 } });
  dns.zone.set("known.test", ["127.0.0.1"]);
  for (let i = 0; i < 5; i++) assert.equal(await get("known.test"), "127.0.0.1");
  assert.equal(servers[0]!.connections.length, 1);
  await ask(lone(`http://KNOWN.test:${port}/`));
  await ask(lone(`http://127.0.0.1:${port}/`));
  assert.ok(servers[0]!.connections.length <= 3);
});
