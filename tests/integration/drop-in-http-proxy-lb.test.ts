// A file of http-proxy-lb as it stands: parents, domains, policies, limits and pages are what they were there.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { loadConfig } from "../../src/config/load.ts";
import { eventually } from "../support/eventually.ts";
import { RawClient, roundTrip } from "../support/raw-client.ts";
import { RawServer } from "../support/raw-server.ts";
import { askTimes, type DropInOptions, exampleOf, openDropIn, statusIn } from "./drop-in-scene.ts";
import { connectTo, credentials, lone } from "./relay-scene.ts";
import { bodyOf, ofOperator, ok } from "./scene.ts";

const FILE = "http-proxy-lb.yaml";
const PORTS = [3128, 3129];
const FAR = "http://far.example/x?y=1";

const open = (t: TestContext, options: Partial<DropInOptions> = {}) =>
  openDropIn(t, FILE, { ports: PORTS, ...options });

async function openTarget(t: TestContext): Promise<RawServer> {
  const target = await RawServer.answering(ok("<target>"));
  t.after(() => target.close());
  return target;
}

test("a file of http-proxy-lb is read as that, with its defaults, units and ports", () => {
  const { readAs, config } = loadConfig({ file: FILE, text: exampleOf(FILE) });
  assert.equal(readAs?.format, "http-proxy-lb");
  const [frontend] = config.frontends;
  assert.deepEqual([frontend!.mode, frontend!.bind[0]!.text], ["relay", "0.0.0.0:8080"]);
  assert.deepEqual([config.admin!.bind.text, config.admin!.pagesOnly], ["0.0.0.0:9090", true]);
  assert.deepEqual([config.reloadInterval, config.shutdown.drainTimeout], [60_000, 30_000]);
  assert.deepEqual([config.log.access, config.metrics.compat], [true, true]);
  const { connect, response } = config.backends["upstream"]!.timeouts;
  assert.deepEqual({ connect, response }, { connect: 15_000, response: 0 });
  const { url, interval, timeout, when } = config.backends["upstream"]!.healthCheck!;
  assert.deepEqual({ interval, timeout, when }, { interval: 30_000, timeout: 5000, when: "ejected" });
  assert.equal(url, "http://connectivitycheck.gstatic.com/generate_204");
  assert.deepEqual(
    config.backends["upstream"]!.servers.map((
      { url, weight, priority, username, password },
    ) => [url, weight, priority, username, password]),
    [
      ["http://127.0.0.1:3128", 2, 10, "user", "pa${ss}"],
      ["http://127.0.0.1:3129", 1, 100, undefined, undefined],
    ],
  );
});

test("the smallest file of http-proxy-lb has all its defaults, and a port that is left out is 8080", () => {
  const text =
    "listen: 127.0.0.1:0\nupstream:\n  - url: http://parent.example\n    username: alone\nadmin_listen:\n";
  const { config, readAs } = loadConfig({ file: FILE, text });
  assert.deepEqual(config.backends["upstream"]!.servers.map(({ url }) => url), [
    "http://parent.example:8080",
  ]);
  assert.equal(config.backends["upstream"]!.balance, "roundrobin");
  assert.equal(config.backends["upstream"]!.servers[0]!.username, undefined);
  assert.equal(config.log.access, false);
  assert.equal(config.reloadInterval, 60_000);
  assert.equal(config.limits.maxConnections, undefined);
  assert.equal(config.admin, undefined);
  assert.ok(readAs!.differences.some((line) => line.includes("one of username and password")));
});

for (const [mode, policy] of [["round_robin", "roundrobin"], ["best", "best"], ["priority", "priority"]]) {
  test(`its mode ${mode} is the policy ${policy}`, () => {
    const text = exampleOf(FILE).replace("mode: round_robin", `mode: ${mode}`);
    assert.equal(loadConfig({ file: FILE, text }).config.backends["upstream"]!.balance, policy);
  });
}

test("its round robin goes by weight, in which 0 is 1", async (t) => {
  const { ask } = await open(t);
  const counted = (await askTimes(9, () => ask(lone(FAR)))).filter((port) => port === 3128).length;
  assert.equal(counted, 6);
});

test("its priority goes to the lowest, and to the next while that is gone", async (t) => {
  const { ask, servers } = await open(t, {
    change: (text) => text.replace("mode: round_robin", "mode: priority"),
  });
  assert.deepEqual(await askTimes(3, () => ask(lone(FAR))), [3128, 3128, 3128]);
  await servers[3128]!.raw.close();
  assert.deepEqual(await askTimes(2, () => ask(lone(FAR))), [3129, 3129]);
});

test("a parent gets the request as it came, with its own credentials and without the client's", async (t) => {
  const { ask, servers } = await open(t);
  await ask(lone(FAR, credentials("client", "secret"), "X-Kept: 1"));
  const [head] = servers[3128]!.requests;
  assert.match(head!, /^GET http:\/\/far\.example\/x\?y=1 HTTP\/1\.1\r\nHost: far\.example\r\n/);
  assert.match(head!, /\r\nX-Kept: 1\r\n/);
  assert.deepEqual(head!.match(/^Proxy-Authorization: .*(?=\r)/gm), [credentials("user", "pa${ss}")]);
  await ask(lone(FAR, credentials("client", "secret")));
  await ask(lone(FAR, credentials("client", "secret")));
  assert.doesNotMatch(servers[3129]!.requests[0]!, /Proxy-Authorization/);
});

test("a tunnel goes through a parent to any port, and its refusal comes back as it is, held against nobody", async (t) => {
  const { client, ask, servers, proxy } = await open(t);
  servers[3128]!.answer = () => "HTTP/1.1 200 OK\r\n\r\nearly";
  const one = await client();
  one.send(connectTo("far.example:22"));
  assert.match(await one.until("early"), /^HTTP\/1\.1 200 [^]*early$/);
  assert.match(servers[3128]!.requests[0]!, /^CONNECT far\.example:22 HTTP\/1\.1\r\n/);
  for (const server of Object.values(servers)) {
    server.answer = () => "HTTP/1.1 403 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  }
  assert.equal(statusIn(await ask(connectTo("far.example:25", "Connection: close"))), 403);
  assert.deepEqual(proxy.events.filter(({ event }) => event === "server_ejected"), []);
});

test("what its blacklist names goes straight to its target, private or not, and by a whitelist only that uses parents", async (t) => {
  const target = await openTarget(t);
  const near = `http://127.0.0.1:${target.port}/x`;
  const { ask, restart, servers } = await open(t);
  assert.match(await ask(lone(near)), /<target>$/);
  assert.match(target.received, /^GET \/x HTTP\/1\.1\r\n/);
  assert.equal(servers[3128]!.requests.length + servers[3129]!.requests.length, 0);
  await restart((text) => text.replace("mode: blacklist", "mode: whitelist"));
  assert.match(await ask(lone(near)), /<312[89]>$/);
  await restart((text) => text.replace("mode: blacklist", "mode: off"));
  assert.match(await ask(lone(near)), /<312[89]>$/);
});

test("without an upstream everything goes straight, and nothing to where nothing led there: private addresses", async (t) => {
  const target = await openTarget(t);
  const { ask } = await open(t, { change: (text) => text.replace(/^upstream:[^]*$/m, "upstream: []\n") });
  assert.match(await ask(lone(`http://127.0.0.1:${target.port}/`)), /^HTTP\/1\.1 403 /);
  assert.equal(target.received, "");
  const text = "listen: 127.0.0.1:1\nupstream: []\n";
  const { frontends: [frontend] } = loadConfig({ file: FILE, text }).config;
  assert.deepEqual([frontend!.defaultBackend, frontend!.relay!.connectPorts], [undefined, "all"]);
});

test("a dead parent is passed over, and is back when a probe through it finds 204", async (t) => {
  const { ask, servers, proxy } = await open(t, {
    change: (text) =>
      text.replace("interval_secs: 30", "interval_secs: 1").replace("timeout_secs: 5", "timeout_secs: 1"),
  });
  const { port } = servers[3128]!.raw;
  await servers[3128]!.raw.close();
  assert.deepEqual(await askTimes(3, () => ask(lone(FAR))), [3129, 3129, 3129]);
  assert.equal(proxy.events.filter(({ event }) => event === "server_ejected").length, 1);
  const back = await RawServer.answering(
    (head) =>
      head.startsWith("GET http://connectivitycheck.gstatic.com/generate_204 ")
        ? "HTTP/1.1 204 No Content\r\n\r\n"
        : ok("<3128>"),
    { port },
  );
  t.after(() => back.close());
  await eventually(
    "the parent to be back",
    () => proxy.events.some(({ event }) => event === "server_readmitted"),
  );
  assert.match(
    back.received,
    new RegExp(`^GET http://c[^]*Proxy-Authorization: Basic ${btoa("user:pa${ss}")}`),
  );
  assert.ok((await askTimes(3, () => ask(lone(FAR)))).includes(3128));
});

test("parents through which the probed address cannot be reached serve all the same", async (t) => {
  const { ask, servers, proxy } = await open(t, {
    change: (text) => text.replace("interval_secs: 30", "interval_secs: 1"),
    prepare: (servers) => {
      for (const server of Object.values(servers)) {
        server.probed = "HTTP/1.1 502 No\r\nContent-Length: 0\r\n\r\n";
      }
    },
  });
  assert.equal(statusIn(await ask(lone(FAR))), 200);
  assert.equal(servers[3129]!.requests.length + servers[3128]!.requests.length, 1);
  assert.deepEqual(proxy.events.filter(({ event }) => event === "server_down"), []);
});

test("more clients than its max_connections are answered 503", async (t) => {
  const { proxy, client } = await open(t, {
    change: (text) => text.replace("max_connections: 0", "max_connections: 1"),
  });
  await client();
  await eventually("the first client", () => proxy.running.connections === 1);
  const second = await RawClient.open(proxy.port);
  t.after(() => second.close());
  assert.match(await second.untilClosed(), /^HTTP\/1\.1 503 Service Unavailable\r\n[^]*Connection: close/);
});

test("its request_timeout_secs is a 504 for a parent that is silent, and never ends a tunnel or a body", async (t) => {
  const { client, ask, servers } = await open(t, {
    change: (text) => text.replace("request_timeout_secs: 0", "request_timeout_secs: 1"),
  });
  servers[3128]!.answer = (head) =>
    head.startsWith("CONNECT") ? "HTTP/1.1 200 OK\r\n\r\n" : "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab";
  servers[3129]!.answer = servers[3128]!.answer;
  const tunnel = await client();
  tunnel.send(connectTo("far.example:443"));
  await tunnel.until("\r\n\r\n");
  const body = await client();
  body.send(lone(FAR));
  await body.until("ab");
  for (const server of Object.values(servers)) server.answer = () => undefined;
  assert.equal(statusIn(await ask(lone(FAR))), 504);
  assert.deepEqual([tunnel.closed, body.closed], [false, false]);
  assert.doesNotMatch(body.received + tunnel.received, /504/);
});

test("its admin pages are shown to everybody, in its words", async (t) => {
  const { ask, proxy } = await open(t, { change: (text) => text.replace("0.0.0.0:9090", "0.0.0.0:0") });
  await ask(lone(FAR));
  const page = (path: string) =>
    roundTrip(proxy.running.adminListener!.port, ofOperator(path, "Connection: close"));
  assert.equal(JSON.parse(bodyOf(await page("/health"))).status, "ok");
  const metrics = bodyOf(await page("/metrics"));
  for (
    const line of [
      "http_proxy_lb_requests_total 1",
      "http_proxy_lb_http_requests 1",
      "http_proxy_lb_connect_requests 0",
    ]
  ) {
    assert.ok(metrics.includes(`\n${line}\n`), line);
  }
  assert.match(metrics, /^http_proxy_lb_upstream_online\{url="http:\/\/127\.0\.0\.1:\d+"\} 1$/m);
  const status = JSON.parse(bodyOf(await page("/status")));
  assert.equal(status.requests_total, 1);
  assert.deepEqual(
    status.upstreams.map((
      { weight, priority, online }: Record<string, unknown>,
    ) => [weight, priority, online]),
    [
      [2, 10, true],
      [1, 100, true],
    ],
  );
  assert.equal(statusIn(await page("/metricsXYZ")), 404);
  assert.ok(!bodyOf(await page("/status")).includes("pa${ss}"));
});

test("an entry of domain_policy with nothing behind its prefix matches nothing", () => {
  const domains = ['"domain:"', '"suffix:"', '"*."', '"."', '"  "', '"a.example"'];
  const text = exampleOf(FILE).replace(
    / {2}domains:\n(?: {4}- .*\n)+/,
    `  domains: [${domains.join(", ")}]\n`,
  );
  const { config, readAs } = loadConfig({ file: FILE, text });
  assert.deepEqual(config.frontends[0]!.relay!.domainPolicy.domains, [{ kind: "below", host: "a.example" }]);
  assert.ok(readAs!.differences.some((line) => line.startsWith("domain_policy: ")));
});
