// Which way requests go: through the parents, or straight to the target.
import assert from "node:assert/strict";
import { test } from "node:test";
import { bodyOf, ok } from "./scene.ts";
import { connectTo, lone, openRelay, type RelayScene } from "./relay-scene.ts";

/** Says which way a request took. */
const parent = (head: string) =>
  head.startsWith("CONNECT") ? ok("<parent>").replace("200", "418") : ok("<parent>");

/** The way to the target by a spelling of its host. */
async function wayTo({ ask, target }: RelayScene, host = "127.0.0.1"): Promise<string> {
  const plain = `GET http://${host}:${target.port}/ HTTP/1.1\r\nHost: ${host}:${target.port}\r\n`;
  return bodyOf(await ask(`${plain}Connection: close\r\n\r\n`));
}

/** The same for a tunnel. */
async function tunnelTo({ client, place }: RelayScene): Promise<string> {
  const c = await client();
  c.send(connectTo(place) + lone(`http://${place}/`).replace(`http://${place}`, ""));
  await c.until(/<parent>|<target>/);
  return /<\w+>/.exec(c.received)![0];
}

const ways: [mode: string, domains: string[], way: string][] = [
  ["off", ["127.0.0.1"], "<parent>"],
  ["blacklist", ["127.0.0.1"], "<target>"],
  ["blacklist", ["127.0.0.0/8"], "<target>"],
  ["blacklist", ["10.0.0.0/8", "h.example"], "<parent>"],
  ["blacklist", [], "<parent>"],
  ["whitelist", ["127.0.0.1"], "<parent>"],
  ["whitelist", ["h.example"], "<target>"],
  ["whitelist", [], "<target>"],
];
for (const [mode, domains, way] of ways) {
  test(`compileDomainPolicy() leads to 127.0.0.1 by ${way} with ${mode} ${JSON.stringify(domains)}`, async (t) => {
    const scene = await openRelay(t, {
      parents: [parent],
      relay: { domain_policy: { mode, domains } },
    });
    assert.equal(await wayTo(scene), way);
    assert.equal(await tunnelTo(scene), way);
    const backends = scene.proxy.accesses.map(({ backend }) => backend);
    assert.equal(backends[0], way === "<parent>" ? "app" : "straight");
  });
}

test("compileDomainPolicy() reads a host whatever its case, its trailing dot and its spelling", async (t) => {
  const scene = await openRelay(t, {
    parents: [parent],
    relay: {
      domain_policy: { mode: "whitelist", domains: ["Example.com.", "domain:one.test", "::1", "127.0.0.1"] },
    },
  });
  for (const host of ["EXAMPLE.com", "a.example.COM.", "one.test.", "[0:0::1]", "127.1", "127.0.0.1."]) {
    assert.deepEqual([host, await wayTo(scene, host)], [host, "<parent>"]);
  }
  assert.equal(scene.target.connections.length, 0);
});

test("compileDomainPolicy() has a request refused that would go straight to a private address", async (t) => {
  const scene = await openRelay(t, {
    parents: [parent],
    relay: { allow_private: false, domain_policy: { mode: "blacklist", domains: ["127.0.0.1"] } },
  });
  assert.match(await wayTo(scene), /^403 Forbidden: access_denied/);
});

test("RunningProxy.reload() changes the domain policy for the next request of an open connection", async (t) => {
  const scene = await openRelay(t, {
    parents: [parent],
    relay: { domain_policy: { mode: "whitelist", domains: ["127.0.0.1"] } },
  });
  const c = await scene.client();
  const url = `http://${scene.place}/`;
  const text = `GET ${url} HTTP/1.1\r\nHost: ${scene.place}\r\n\r\n`;
  c.send(text);
  await c.until("<parent>");
  await scene.reload({ relay: { domain_policy: { mode: "blacklist", domains: ["127.0.0.1"] } } });
  c.send(text);
  await c.until("<target>");
  await scene.reload({ relay: { deny: ["127.0.0.1"] } });
  c.send(text);
  await c.until("access_denied");
});

test("RunningProxy.reload() closes the connections to targets that the old config kept", async (t) => {
  const scene = await openRelay(t);
  await scene.ask(lone(`http://${scene.place}/`));
  assert.equal(scene.target.open, 1);
  await scene.reload({ relay: { realm: "another" } });
  await scene.target.connections[0]!.untilClosed();
});

test("RunningProxy.reload() keeps the counts of what went straight", async (t) => {
  const scene = await openRelay(t);
  await scene.ask(lone(`http://${scene.place}/`));
  await scene.reload({ relay: { realm: "another" } });
  await scene.ask(lone(`http://${scene.place}/`));
  await scene.proxy.access(1);
  assert.match(
    scene.proxy.running.metricsPage(),
    /^sluice_requests_total\{frontend="web",backend="straight",method="GET",status="200"\} 2$/m,
  );
});

test("originPattern() takes nothing from the defaults that needs probes, other servers or their own Host", async (t) => {
  const scene = await openRelay(t, {
    config: {
      defaults: {
        balance: "latency",
        host_header: "rewrite",
        max_requests: 2,
        health_check: { interval: "10s" },
        retries: { statuses: [503] },
      },
    },
    answer: ok("<busy>").replace("200 OK", "503 Busy"),
  });
  for (let i = 0; i < 12; i++) assert.equal(await wayTo(scene), "<busy>");
  assert.ok(scene.proxy.accesses.every(({ attempts }) => attempts === 1));
});
