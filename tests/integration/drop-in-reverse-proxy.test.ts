// A file of reverse-proxy as it stands: routes, policies, probes, fields and the drain are what they were there.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { loadConfig } from "../../src/config/load.ts";
import { eventually } from "../support/eventually.ts";
import { askTimes, type DropInOptions, exampleOf, openDropIn, portsIn, statusIn } from "./drop-in-scene.ts";
import { get, ok } from "./scene.ts";

const FILE = "reverse-proxy.toml";
const PORTS = [3001, 3002, 3003, 3004];
const DOWN = "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n";

const open = (t: TestContext, options: Partial<DropInOptions> = {}) =>
  openDropIn(t, FILE, { ports: PORTS, ...options });

/** A request on a connection of its own. */
const lone = (path = "/api", ...lines: string[]) => get(path, ...lines, "Connection: close");

test("a file of reverse-proxy is read as that, in its own units", () => {
  const { readAs, config } = loadConfig({ file: FILE, text: exampleOf(FILE) });
  assert.equal(readAs?.format, "reverse-proxy");
  assert.ok(readAs!.differences.some((line) => line.startsWith("routes[2] is never reached: routes[3]")));
  assert.equal(config.frontends[0]!.bind[0]!.text, "127.0.0.1:8080");
  assert.equal(config.shutdown.drainTimeout, 10_000);
  const { hostHeader, healthCheck, balance } = config.backends["api"]!;
  assert.deepEqual([hostHeader, balance], ["rewrite", "roundrobin"]);
  const { interval, timeout, path, rise, fall, expectedStatus } = healthCheck!;
  assert.deepEqual({ interval, timeout, path, rise, fall, expectedStatus }, {
    interval: 5000,
    timeout: 5000,
    path: "/health",
    rise: 1,
    fall: 1,
    expectedStatus: [{ from: 200, to: 299 }],
  });
  assert.equal(config.backends["api-v2"]!.balance, "leastconn");
});

test("its longest prefix wins, of equal ones the last, and what has none is a 404", async (t) => {
  const { ask, servers } = await open(t);
  const to = async (path: string) => portsIn([await ask(lone(path))])[0]!;
  assert.equal(await to("/api/v1"), 3001);
  assert.ok([3003, 3004].includes(await to("/api/v2/x")));
  assert.equal(await to("/old"), 3002);
  assert.equal(statusIn(await ask(lone("/apix"))), 404);
  assert.equal(statusIn(await ask(lone("/"))), 404);
  await ask(lone("/api/a%2Fb//c?x=1"));
  assert.match(servers[3002]!.requests.at(-1)!, /^GET \/api\/a%2Fb\/\/c\?x=1 /);
});

test("a file without routes answers 404 to everything", async (t) => {
  const { ask } = await open(t, {
    change: () => 'listen_addr = "127.0.0.1:0"\nshutdown_timeout = 1\nroutes = []\n',
  });
  assert.equal(statusIn(await ask(lone("/"))), 404);
});

test("its round_robin goes in turn, past a server that is not 2xx to the first probe", async (t) => {
  const { ask, restart, servers } = await open(t);
  assert.deepEqual(await askTimes(4, () => ask(lone())), [3001, 3002, 3001, 3002]);
  servers[3001]!.probed = DOWN;
  await restart((text) => text);
  assert.deepEqual(await askTimes(3, () => ask(lone())), [3002, 3002, 3002]);
});

test("an address that is listed twice gets twice as much", async (t) => {
  const { ask } = await open(t, {
    change: (text) => text.replace('"127.0.0.1:3002"]', '"127.0.0.1:3002", "127.0.0.1:3001"]'),
  });
  const counted = (await askTimes(6, () => ask(lone()))).filter((port) => port === 3001).length;
  assert.equal(counted, 4);
});

test("its least_connections counts a stream to its end, and goes to the other meanwhile", async (t) => {
  const { ask, client, servers } = await open(t);
  const streaming = () => "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"; // the head is here, the body is not
  servers[3003]!.answer = streaming;
  servers[3004]!.answer = streaming;
  const held = await client();
  held.send(get("/api/v2"));
  await held.until("ab");
  const free = servers[3003]!.requests.length > 0 ? 3004 : 3003;
  servers[free]!.answer = () => ok(`<${free}>`);
  assert.deepEqual(await askTimes(3, () => ask(lone("/api/v2"))), [free, free, free]);
});

test("all servers out is a 503, at once after the start", async (t) => {
  const { ask } = await open(t, {
    prepare: (servers) => PORTS.forEach((port) => servers[port]!.probed = DOWN),
  });
  const began = performance.now();
  assert.equal(statusIn(await ask(lone())), 503);
  assert.ok(performance.now() - began < 200);
});

test("what it sends: Host of the server, the client at the end of X-Forwarded-For, nothing hop-by-hop", async (t) => {
  const { ask, servers } = await open(t);
  await ask(get("/api", "X-Forwarded-For: 10.0.0.1", "Connection: close, x-hop", "X-Hop: 1", "TE: gzip"));
  const [head] = servers[3001]!.requests;
  assert.match(head!, new RegExp(`\\r\\nHost: 127\\.0\\.0\\.1:${servers[3001]!.raw.port}\\r\\n`));
  assert.match(head!, /\r\nX-Forwarded-For: 10\.0\.0\.1, 127\.0\.0\.1\r\n/);
  assert.doesNotMatch(head!, /\r\n(?:X-Hop|TE|Connection):/i);
  await ask(get("/api", "Connection: close, x-forwarded-for"));
  assert.match(servers[3002]!.requests[0]!, /\r\nX-Forwarded-For: 127\.0\.0\.1\r\n/);
});

test("what it answers has nothing hop-by-hop of the server", async (t) => {
  const { ask, servers } = await open(t);
  servers[3001]!.answer = () =>
    ok("<3001>", "Keep-Alive: timeout=5", "Connection: x-hop", "X-Hop: 1", "X-End: 1");
  const answer = await ask(lone());
  assert.match(answer, /\r\nX-End: 1\r\n/);
  assert.doesNotMatch(answer, /\r\n(?:X-Hop|Keep-Alive):/);
});

test("a server that cannot be reached is a 502, where there it was a closed connection", async (t) => {
  const { ask, servers } = await open(t);
  await servers[3002]!.raw.close();
  assert.equal(statusIn(await ask(lone("/old"))), 502);
});

test("its stop lets a request under way finish, and its shutdown_timeout ends one that hangs", async (t) => {
  const { proxy, client, servers } = await open(t, {
    change: (text) => text.replace("shutdown_timeout = 10", "shutdown_timeout = 1"),
  });
  const waiting: (() => void)[] = [];
  servers[3001]!.answer = (_, connection) => void waiting.push(() => connection.send(ok("<3001>")));
  servers[3002]!.answer = () => undefined;
  const one = await client();
  const two = await client();
  one.send(get("/api"));
  await eventually("the first request", () => waiting.length === 1);
  two.send(get("/api"));
  await eventually("the second request", () => servers[3002]!.requests.length === 1);
  const began = performance.now();
  const stopped = proxy.stop();
  waiting[0]!();
  assert.match(await one.untilClosed(), /<3001>$/);
  await stopped;
  const took = performance.now() - began;
  assert.ok(took >= 900 && took < 1500, String(took));
  assert.match(await two.untilClosed(), /^HTTP\/1\.1 503 /);
});
