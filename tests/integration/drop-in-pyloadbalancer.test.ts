// The environment of pyLoadBalancer, without a file: what its variables say holds, with its defaults.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { configOfEnvironment, startingVariable } from "../../src/config/environment-config.ts";
import { eventually } from "../support/eventually.ts";
import { roundTrip } from "../support/raw-client.ts";
import { RawServer } from "../support/raw-server.ts";
import { startProxyOf, type TestProxy } from "../support/test-proxy.ts";
import { refusal } from "../unit/config/support.ts";
import { askTimes, quick, statusIn } from "./drop-in-scene.ts";
import { bodyOf, get, ok, post } from "./scene.ts";

type Environment = Record<string, string>;

const isProbe = (head: string) => head.includes("sluice-health-check");

/** A proxy in front of two servers that say their number, and what their probes got. */
async function open(
  t: TestContext,
  { env = {}, probed = () => ok(), answer = (i) => ok(`<${i}>`) }: {
    env?: Environment;
    probed?: (i: number) => string;
    answer?: (i: number) => string | undefined;
  } = {},
): Promise<{ proxy: TestProxy; servers: RawServer[]; ask(text?: string): Promise<string> }> {
  const servers = await Promise.all(
    [1, 2].map((i) => RawServer.answering((head) => isProbe(head) ? probed(i) : answer(i))),
  );
  const { config } = configOfEnvironment({
    LB_HOST: "127.0.0.1",
    LB_PORT: "0",
    BACKEND_SERVERS: servers.map(({ port }) => `http://127.0.0.1:${port}`).join(", "),
    ...env,
  });
  const proxy = await startProxyOf(quick(config));
  t.after(async () => {
    await proxy.stop();
    for (const server of servers) await server.close();
  });
  return { proxy, servers, ask: (text = get("/", "Connection: close")) => roundTrip(proxy.port, text) };
}

test("the environment of pyLoadBalancer has its defaults", () => {
  const { config, readAs } = configOfEnvironment({ LB_PORT: "8080" });
  assert.equal(readAs.format, "pyLoadBalancer");
  assert.equal(config.frontends[0]!.bind[0]!.text, "0.0.0.0:8080");
  const { servers, timeouts, healthCheck } = config.backends["app"]!;
  assert.deepEqual(
    servers.map(({ url }) => url),
    [9001, 9002, 9003].map((port) => `http://localhost:${port}`),
  );
  assert.deepEqual([timeouts.response, timeouts.connect], [30_000, 5000]);
  const { path, method, expectedStatus, interval, timeout, rise, fall } = healthCheck!;
  assert.deepEqual({ path, method, expectedStatus, interval, timeout, rise, fall }, {
    path: "/health",
    method: "GET",
    expectedStatus: [{ from: 200, to: 200 }],
    interval: 5000,
    timeout: 2000,
    rise: 2,
    fall: 2,
  });
});

test("each of its variables is read, in its units", () => {
  const { config } = configOfEnvironment({
    LB_HOST: "::1",
    LB_PORT: "81",
    BACKEND_SERVERS: "http://a:80, b:81,,b:81",
    REQUEST_TIMEOUT: "1.5",
    CONNECT_TIMEOUT: "2",
    HEALTH_CHECK_INTERVAL: "0.25",
    HEALTH_CHECK_TIMEOUT: "0.2",
    HEALTH_CHECK_PATH: "up",
    HEALTH_CHECK_METHOD: "HEAD",
    HEALTH_CHECK_EXPECTED_STATUS: "204",
    HEALTH_CHECK_HEALTHY_THRESHOLD: "0",
    HEALTH_CHECK_UNHEALTHY_THRESHOLD: "3",
    LOG_FORMAT: "ignored",
  });
  assert.equal(config.frontends[0]!.bind[0]!.text, "[::1]:81");
  const { servers, timeouts, healthCheck } = config.backends["app"]!;
  assert.deepEqual(servers.map(({ url, weight }) => [url, weight]), [["http://a", 1], ["http://b:81", 2]]);
  assert.deepEqual([timeouts.response, timeouts.connect], [1500, 2000]);
  const { path, method, expectedStatus, interval, timeout, rise, fall } = healthCheck!;
  assert.deepEqual({ path, method, expectedStatus, interval, timeout, rise, fall }, {
    path: "/up",
    method: "HEAD",
    expectedStatus: [{ from: 204, to: 204 }],
    interval: 250,
    timeout: 200,
    rise: 1,
    fall: 3,
  });
});

const refused: [env: Environment, problem: RegExp][] = [
  [{ BACKEND_SERVERS: "" }, /^environment: BACKEND_SERVERS: is ""; accepted: one or more servers/],
  [{ BACKEND_SERVERS: "ftp://a" }, /^environment: BACKEND_SERVERS: is "ftp:\/\/a"; accepted: /],
  [{ LB_PORT: "http" }, /^environment: LB_PORT: is "http"; accepted: a whole number, 0 to 65535$/],
  [{ LB_HOST: "a b", LB_PORT: "8080" }, /^environment: LB_HOST: is "a b:8080"; accepted: /],
  [{ REQUEST_TIMEOUT: "30s" }, /^environment: REQUEST_TIMEOUT: is "30s"; accepted: a number of seconds/],
  [
    { HEALTH_CHECK_METHOD: "POST" },
    /^environment: HEALTH_CHECK_METHOD: is "POST"; accepted: "GET" or "HEAD"$/,
  ],
];
for (const [env, problem] of refused) {
  test(`${JSON.stringify(env)} is refused by the name of the variable`, () => {
    const [line, ...more] = refusal(() => configOfEnvironment(env));
    assert.match(line!, problem);
    assert.deepEqual(more, []);
  });
}

test("each of three variables is enough to start without a file, and an empty one is none but for the servers", () => {
  assert.equal(startingVariable({ LB_HOST: "a" }), "LB_HOST");
  assert.equal(startingVariable({ LB_PORT: "1", BACKEND_SERVERS: "a" }), "BACKEND_SERVERS");
  assert.equal(startingVariable({ BACKEND_SERVERS: "" }), "BACKEND_SERVERS");
  assert.equal(startingVariable({ LB_PORT: "", REQUEST_TIMEOUT: "5" }), undefined);
});

test("it goes in turn, and says who serves at /health of its own port", async (t) => {
  const { ask, servers } = await open(t);
  assert.deepEqual(await askTimes(4, () => ask()), [1, 2, 1, 2]);
  const health = JSON.parse(bodyOf(await ask(get("/health", "Connection: close"))));
  assert.equal(health.status, "ok");
  assert.deepEqual(health.healthy_backends, servers.map(({ port }) => `http://127.0.0.1:${port}`));
});

test("with no server up /health says degraded, 200 all the same, and everything else is a 503", async (t) => {
  const { ask } = await open(t, { probed: () => "HTTP/1.1 204 No Content\r\n\r\n" }); // not exactly 200
  const answer = await ask(get("/health", "Connection: close"));
  assert.equal(statusIn(answer), 200);
  const { status, healthy_backends: healthy } = JSON.parse(bodyOf(answer));
  assert.deepEqual([status, healthy], ["degraded", []]);
  assert.equal(statusIn(await ask()), 503);
});

test("a server is out after its threshold of failed probes, and back after its threshold of passed ones", async (t) => {
  let status = 200;
  const { proxy, ask } = await open(t, {
    env: { HEALTH_CHECK_INTERVAL: "0.03", HEALTH_CHECK_TIMEOUT: "0.5" },
    probed: (i) => `HTTP/1.1 ${i === 1 ? status : 200} So\r\nContent-Length: 0\r\n\r\n`,
  });
  const begun = proxy.events.length;
  const turned = (event: string) =>
    eventually(event, () => proxy.events.slice(begun).some((line) => line.event === event));
  status = 503;
  await turned("server_down");
  assert.deepEqual(await askTimes(3, () => ask()), [2, 2, 2]);
  status = 200;
  await turned("server_up");
  assert.ok((await askTimes(2, () => ask())).includes(1));
});

test("a server that refuses the connection is answered for by the next, POST as well; all gone is a 502", async (t) => {
  const { ask, servers } = await open(t);
  await servers[0]!.close();
  const sent = post("x".repeat(2_000_000)).replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
  assert.match(await ask(sent), /<2>$/);
  await servers[1]!.close();
  assert.ok([502, 503].includes(statusIn(await ask())));
});

test("a server that does not answer in REQUEST_TIMEOUT is a 504, and takes nobody out", async (t) => {
  const { ask, proxy } = await open(t, { env: { REQUEST_TIMEOUT: "0.1" }, answer: () => undefined });
  assert.equal(statusIn(await ask(post("x").replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"))), 504);
  assert.deepEqual(proxy.events.filter(({ event }) => event === "server_down"), []);
});

test("what a server answers, 404 and 500 too, goes through with its body, and takes nobody out", async (t) => {
  for (const status of [404, 500]) {
    const { ask, proxy } = await open(t, {
      answer: () => `HTTP/1.1 ${status} So\r\nContent-Length: 3\r\n\r\nwhy`,
    });
    assert.match(await ask(), new RegExp(`^HTTP/1\\.1 ${status} So\\r\\n[^]*why$`));
    assert.deepEqual(proxy.events.filter(({ event }) => /^server_/.test(event) && event !== "server_up"), []);
  }
});

test("LB_HOST is an address of IPv6 with or without brackets", () => {
  for (const host of ["::1", "[::1]"]) {
    const { config } = configOfEnvironment({ LB_HOST: host, LB_PORT: "81" });
    assert.equal(config.frontends[0]!.bind[0]!.text, "[::1]:81");
  }
});
