// Who may use a relay, and for what.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { hashPassword } from "../../src/access/password.ts";
import { messagesIn, ok } from "./scene.ts";
import { absolute, connectTo, credentials, lone, openRelay, statusOf } from "./relay-scene.ts";

const OPENED = "HTTP/1.1 200 Connection established\r\n\r\n";
const users = { "Zoë": await hashPassword("pass:wört"), ann: await hashPassword("secret") };
/** Basic credentials in UTF-8. */
const ZOE = `Proxy-Authorization: Basic ${Buffer.from("Zoë:pass:wört").toString("base64")}`;

test("Access.checkClient() refuses clients outside of allow_clients, whatever they ask for", async (t) => {
  const { ask, proxy, place } = await openRelay(t, {
    relay: { allow_clients: ["192.0.2.0/24"], pac: true },
  });
  const own = "GET /proxy.pac HTTP/1.1\r\nHost: relay\r\nConnection: close\r\n\r\n";
  for (const text of [lone(`http://${place}/`), connectTo(place), own]) {
    const answer = await ask(text);
    assert.equal(statusOf(answer), 403);
    assert.doesNotMatch(answer, /Proxy-Authenticate/i);
  }
  assert.deepEqual(proxy.accesses.map(({ reason }) => reason), Array(3).fill("access_denied"));
});

test("Access.checkClient() takes the word of a trusted proxy in front", async (t) => {
  const { ask, place } = await openRelay(t, {
    relay: { allow_clients: ["192.0.2.0/24"] },
    frontend: { trusted_proxies: ["127.0.0.1"] },
  });
  assert.equal(statusOf(await ask(lone(`http://${place}/`, "X-Forwarded-For: 192.0.2.7"))), 200);
  assert.equal(statusOf(await ask(lone(`http://${place}/`, "X-Forwarded-For: 198.51.100.7"))), 403);
});

for (
  const [what, line] of [
    ["none", undefined],
    ["a wrong password", credentials("ann", "wrong")],
    ["an unknown user", credentials("bob", "secret")],
    ["another scheme", "Proxy-Authorization: Bearer secret"],
    ["two fields", `${credentials("ann", "secret")}\r\n${credentials("ann", "secret")}`],
    ["those for the target", credentials("ann", "secret").replace("Proxy-", "")],
  ] as const
) {
  test(`Access.checkUser() answers 407 to ${what}, and asks no parent`, async (t) => {
    const { ask, proxy, parents } = await openRelay(t, {
      parents: [ok()],
      relay: { users, realm: 'the "relay"' },
    });
    const lines = line === undefined ? [] : [line];
    for (const text of [lone("http://h.example/", ...lines), connectTo("h.example:443", ...lines)]) {
      const answer = await ask(text);
      assert.equal(statusOf(answer), 407);
      assert.match(answer, /\r\nProxy-Authenticate: Basic realm="the \\"relay\\"", charset="UTF-8"\r\n/i);
    }
    assert.equal(parents[0]!.received, "");
    assert.deepEqual(proxy.accesses.map(({ reason, user }) => [reason, user]), [
      ["authentication_required", undefined],
      ["authentication_required", undefined],
    ]);
  });
}

test("Access.checkUser() lets users in, and the log has their names", async (t) => {
  const { ask, client, proxy, parents } = await openRelay(t, {
    parents: [(head) => head.startsWith("CONNECT") ? OPENED : ok()],
    relay: { users },
  });
  assert.equal(statusOf(await ask(lone("http://h.example/", ZOE))), 200);
  const c = await client();
  c.send(connectTo("h.example:443", credentials("ann", "secret")));
  await c.until("200 ");
  c.close();
  await proxy.access(1);
  assert.deepEqual(proxy.accesses.map(({ user, status }) => [user, status]), [["Zoë", 200], ["ann", 200]]);
  assert.doesNotMatch(parents[0]!.received, /Proxy-Authorization/i);
});

test("Access.checkUser() keeps the connection for another try, and judges each request by itself", async (t) => {
  const { client, proxy, parents } = await openRelay(t, { parents: [ok("<page>")], relay: { users } });
  const c = await client();
  c.send(absolute("http://h.example/1"));
  await c.until("authentication_required");
  c.send(absolute("http://h.example/2", [credentials("ann", "secret")]) + absolute("http://h.example/3"));
  await c.until(/<page>[^]*407 [^]*authentication_required/);
  assert.equal(messagesIn(parents[0]!.received), 1);
  assert.deepEqual(proxy.accesses.map(({ user }) => user), [undefined, "ann", undefined]);
});

test("Access.checkUser() knows users on after a reload, and one that it took away no more", async (t) => {
  const { ask, proxy, place, reload } = await openRelay(t, { answer: ok("in"), relay: { users } });
  const statusFor = async (line: string) => statusOf(await ask(lone(`http://${place}/`, line)));
  const ann = credentials("ann", "secret");
  assert.deepEqual([await statusFor(ZOE), await statusFor(ann)], [200, 200]);
  await reload({ relay: { users: { "Zoë": users["Zoë"] } } });
  assert.deepEqual([await statusFor(ZOE), await statusFor(ann)], [200, 407]);
  const metric = 'sluice_relay_passwords_total{frontend="web",result="remembered"} 1\n';
  assert.ok(proxy.running.metricsPage().includes(metric));
});

test("Access.checkTarget() opens tunnels to connect_ports only", async (t) => {
  const { ask, parents, proxy } = await openRelay(t, {
    parents: [ok("x").replace("200", "418")],
    relay: { connect_ports: [443, 8443] },
  });
  const statusTo = async (authority: string) => statusOf(await ask(connectTo(authority)));
  assert.deepEqual(
    await Promise.all(["h.example", "h.example:8443", "h.example:25", "h.example:0"].map(statusTo)),
    [418, 418, 403, 403],
  );
  assert.equal(statusOf(await ask(lone("http://h.example:25/"))), 418);
  assert.equal(messagesIn(parents[0]!.received), 3);
  assert.equal(proxy.accesses.filter(({ reason }) => reason === "access_denied").length, 2);
});

for (const parents of [[], [ok()]]) {
  test(`Access.checkTarget() refuses what is in deny, with ${parents.length} parents`, async (t) => {
    const deny = ["domain:evil.test", "*.bad.test", "203.0.113.0/24", "2001:db8::/32"];
    const { ask, parents: [parent], proxy } = await openRelay(t, { parents, relay: { deny } });
    const hosts = [
      "evil.test",
      "EVIL.test.",
      "a.b.bad.test",
      "203.0.113.9",
      "0xcb007109",
      "[2001:db8::1]",
      "[::ffff:203.0.113.9]",
      "[64:ff9b::203.0.113.9]",
      "[2002:cb00:7109::1]",
      "[64:ff9b:1::203.0.113.9]",
      "[64:ff9b:1:cb00:71:900::]",
      "[::203.0.113.9]",
      "[::ffff:0:203.0.113.9]",
      "[2001:0:cb00:7109:8000:63bf:f5ff:fffe]",
      "[2001:0:c000:201:8000:63bf:34ff:8ef6]",
      "[2001:470::5efe:203.0.113.9]",
      "[fe80::200:5efe:203.0.113.9]",
    ];
    for (const host of hosts) {
      assert.equal(statusOf(await ask(connectTo(`${host}:443`))), 403);
      const plain = `GET http://${host}/ HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
      assert.equal(statusOf(await ask(plain)), 403);
    }
    assert.equal(parent?.received ?? "", "");
    assert.ok(proxy.accesses.every(({ reason }) => reason === "access_denied"));
  });
}

test("createRelayApp() answers /proxy.pac, which names the relay and the domains that go straight", async (t) => {
  const { ask } = await openRelay(t, {
    parents: [ok()],
    relay: { pac: true, users, domain_policy: { mode: "blacklist", domains: ["intra.test"] } },
  });
  const get = (method: string, host = "Host: relay.test:3128\r\n", version = "1.1") =>
    ask(`${method} /proxy.pac HTTP/${version}\r\n${host}Connection: close\r\n\r\n`);
  const answer = await get("GET");
  assert.match(answer, /^HTTP\/1\.1 200 [^]*\r\nContent-Type: application\/x-ns-proxy-autoconfig\r\n/i);
  const find = new Function(`${answer.slice(answer.indexOf("\r\n\r\n"))}; return FindProxyForURL;`)();
  assert.deepEqual(["a.intra.test", "h.example"].map((host) => find(`http://${host}/`, host)), [
    "DIRECT",
    "PROXY relay.test:3128",
  ]);
  assert.match(await get("HEAD"), /\r\nContent-Length: \d\d+\r\n[^]*\r\n\r\n$/i);
  assert.equal(statusOf(await get("POST")), 400);
  assert.equal(statusOf(await get("GET", "", "1.0")), 400);
});

test("createRelayApp() has no /proxy.pac unless that is asked for", async (t) => {
  const { ask } = await openRelay(t, { parents: [ok()] });
  const text = "GET /proxy.pac HTTP/1.1\r\nHost: relay.test\r\nConnection: close\r\n\r\n";
  assert.equal(statusOf(await ask(text)), 400);
});
