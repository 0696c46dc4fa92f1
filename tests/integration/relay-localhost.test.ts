// A relay that may reach this machine finds it under its names, which nobody is asked for (RFC 6761 §6.3).
import assert from "node:assert/strict";
import { test } from "node:test";
import { DnsServer } from "../support/dns-server.ts";
import { RawServer } from "../support/raw-server.ts";
import { bodyOf, ok } from "./scene.ts";
import { connectTo, lone, openRelay, statusOf } from "./relay-scene.ts";

for (const host of ["localhost", "LocalHost", "localhost.", "a.localhost", "b.A.localhost."]) {
  test(`createRelayApp() reaches ${host} on loopback, and asks no DNS server`, async (t) => {
    const dns = await DnsServer.listen(t);
    for (const name of ["origin.invalid", "localhost", "a.localhost"]) dns.zone.set(name, ["127.0.0.9"]);
    const { ask, client, target } = await openRelay(t, {
      relay: { allow_private: ["127.0.0.0/8"] },
      config: { resolver: { servers: [dns.address], timeout: "200ms" } },
    });
    assert.equal(bodyOf(await ask(lone(`http://${host}:${target.port}/`))), "<target>");
    const tunnel = await client();
    tunnel.send(connectTo(`${host}:${target.port}`) + "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert.equal(statusOf(await tunnel.until("<target>")), 200);
    assert.deepEqual(dns.asked, []);
  });
}

test("CheckedResolver leads localhost to the addresses that are allowed alone", async (t) => {
  const { ask, proxy, target } = await openRelay(t, { relay: { allow_private: ["127.0.0.0/8"] } });
  const six = await RawServer.answering(ok("<six>"), { host: "::1" });
  t.after(() => six.close());
  assert.equal(statusOf(await ask(lone(`http://localhost:${six.port}/`))), 502);
  assert.equal((await proxy.access(0))["reason"], "connect_refused");
  assert.equal(bodyOf(await ask(lone(`http://localhost:${target.port}/`))), "<target>");
  assert.equal(six.connections.length, 0);
});

test("createRelayApp() reaches a server on ::1 alone by the name localhost", async (t) => {
  const { ask } = await openRelay(t, { relay: { allow_private: ["::1"] } });
  const six = await RawServer.answering(ok("<six>"), { host: "::1" });
  t.after(() => six.close());
  assert.equal(bodyOf(await ask(lone(`http://localhost:${six.port}/`))), "<six>");
});
