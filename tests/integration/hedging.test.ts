// A GET whose answer is slow to come is sent to a second server as well: whose answer counts, and what becomes of the other.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { validateConfig } from "../../src/config/load.ts";
import { eventually } from "../support/eventually.ts";
import { parseMetrics } from "../support/metrics-parser.ts";
import type { RawConnection } from "../support/raw-server.ts";
import { refusals } from "../unit/config/support.ts";
import { type Behaviour, hangsUp, isSilent, openRetryScene, resets, type RetryScene } from "./retry-scene.ts";
import { get, ok, pathOf, post, request } from "./scene.ts";

const CLOSE = "Connection: close";
const ASKS = get("/", CLOSE);
const BAD = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";

function open(
  t: TestContext,
  servers: readonly Behaviour[],
  retries: Record<string, unknown> = {},
  backend: Record<string, unknown> = {},
) {
  return openRetryScene(t, servers, { backend: { ...backend, retries: { hedge: "10ms", ...retries } } });
}

const status = (answer: string) => answer.split(" ")[1];
const serversOf = ({ proxy }: RetryScene) => proxy.running.snapshot.backends.get("app")!.servers;
const recordsOf = (scene: RetryScene) => serversOf(scene).map(({ record }) => record);

/** Four times as long as a hedge waits: for what must not happen. */
function longEnough(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 40));
}

/** Waits until the request has reached server number `index`. */
async function reached({ servers }: RetryScene, index: number): Promise<RawConnection> {
  const connection = await eventually(`server ${index} is asked`, () => servers[index]!.connections[0]);
  await connection.until("\r\n\r\n");
  return connection;
}

test("a hedged GET gets the answer of the second server, and the first is let go of without blame", async (t) => {
  const scene = await open(t, [isSilent, ok("second")], {}, { ejection: { failures: 1 } });
  const [first, second] = recordsOf(scene);
  for (let i = 0; i < 3; i++) {
    assert.match(await scene.ask(ASKS), /^HTTP\/1\.1 200 [^]*second$/);
    const line = await scene.proxy.access(i);
    assert.deepEqual(
      [line.attempts, line.tried, line.server, line.reason, line.retry],
      [2, `${scene.name(0)} outrun`, scene.name(1), "ok", undefined],
    );
  }
  assert.deepEqual(scene.counts(), [3, 3]);
  assert.deepEqual([first!.requests, first!.errors, first!.failures.size, first!.inFlight], [3, 0, 0, 0]);
  assert.deepEqual([first!.hedges, first!.hedgesWon, second!.hedges, second!.hedgesWon], [0, 0, 3, 3]);
  assert.ok(Number.isNaN(first!.latency.averageMs ?? NaN)); // nothing was measured
  assert.equal(serversOf(scene)[0]!.passive.isEjected(performance.now()), false);
  await eventually("the connections to the first are closed", () => scene.servers[0]!.open === 0);
});

test("a server that hangs while hedges answer in its place is ejected when it would have timed out", async (t) => {
  const scene = await open(t, [isSilent, ok("second")], { budget: 1 }, {
    ejection: { failures: 3 },
    timeouts: { response: "200ms" },
  });
  const [first] = serversOf(scene);
  const isEjected = () => first!.passive.isEjected(performance.now());
  const begunAt = performance.now();
  while (!isEjected()) assert.match(await scene.ask(ASKS), /second$/);
  assert.ok(performance.now() - begunAt >= 200);
  const { hedges } = recordsOf(scene)[1]!;
  assert.match(await scene.ask(ASKS), /second$/);
  assert.equal(recordsOf(scene)[1]!.hedges, hedges);
});

test("a server that answers others is not ejected for those that hedges outrun", async (t) => {
  const answersPosts: Behaviour = (connection) => {
    if (connection.received.startsWith("POST")) connection.send(ok("posted", CLOSE));
  };
  const scene = await open(t, [answersPosts, ok("second")], { budget: 1 }, {
    ejection: { failures: 3 },
    timeouts: { response: "100ms" },
  });
  const [first] = serversOf(scene);
  const until = performance.now() + 400;
  while (performance.now() < until) {
    for (let i = 0; i < 3; i++) assert.match(await scene.ask(ASKS), /second$/);
    assert.match(await scene.ask(post("x", CLOSE)), /posted$/);
  }
  assert.equal(first!.passive.isEjected(performance.now()), false);
});

test("a hedged GET gets the answer of the first server where that comes first after all", async (t) => {
  const scene = await open(t, [isSilent, isSilent]);
  const answer = scene.ask(ASKS);
  await reached(scene, 1);
  (await reached(scene, 0)).send(ok("first"));
  assert.match(await answer, /first$/);
  const line = await scene.proxy.access(0);
  assert.deepEqual([line.attempts, line.tried, line.server], [2, `${scene.name(1)} outrun`, scene.name(0)]);
  assert.deepEqual([recordsOf(scene)[1]!.hedges, recordsOf(scene)[1]!.hedgesWon], [1, 0]);
  await eventually("the connection to the second is closed", () => scene.servers[1]!.open === 0);
});

test("a GET that is answered in time is not hedged", async (t) => {
  const scene = await open(t, [ok("first"), ok("second")], { hedge: "10s" });
  const c = await scene.client();
  for (let i = 1; i <= 3; i++) {
    c.send(get());
    await eventually(`answer ${i}`, () => c.received.match(/first/g)?.length === i);
  }
  assert.deepEqual(scene.counts(), [3, 0]);
});

test("a GET whose answer has begun is not hedged", async (t) => {
  const scene = await open(t, [isSilent, ok("second")]);
  const answer = scene.ask(ASKS);
  const connection = await reached(scene, 0);
  connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfi");
  await longEnough();
  connection.send("rst");
  assert.match(await answer, /first$/);
  assert.deepEqual(scene.counts(), [1, 0]);
});

const NEVER: [what: string, text: string, retries?: Record<string, unknown>][] = [
  ["a POST", post("x", CLOSE)],
  ["an OPTIONS", request("OPTIONS", "/", [CLOSE])],
  ["a GET with a body", post("x", CLOSE).replace("POST", "GET")],
  ["an upgrade", get("/", "Connection: upgrade", "Upgrade: websocket")],
  ["a GET where hedging is off", ASKS, { hedge: false }],
  ["a GET without enough answers to know how long one takes", ASKS, { hedge: "p95" }],
];
for (const [what, text, retries] of NEVER) {
  test(`${what} is not hedged`, async (t) => {
    const scene = await open(t, [isSilent, ok("second")], retries);
    const c = await scene.client();
    c.send(text);
    const first = await reached(scene, 0);
    await longEnough();
    first.send(text.includes("upgrade") ? ok("", "Connection: close") : ok("first"));
    await c.until("HTTP/1.1 200");
    assert.deepEqual(scene.counts(), [1, 0]);
  });
}

test("a HEAD is hedged", async (t) => {
  const scene = await open(t, [isSilent, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-From: second\r\n\r\n"]);
  assert.match(await scene.ask(request("HEAD", "/", [CLOSE])), /X-From: second/);
});

const TWO: [what: string, first: string | undefined, second: Behaviour, got: string, tried: number][] = [
  ["the second breaks off", "first", hangsUp, "200", 1],
  ["the second cannot be reached", "first", "refuses", "200", 1],
  ["the second answers 503", "first", BAD, "200", 1],
  ["both fail", undefined, resets, "502", 1],
];
for (const [what, first, second, got, tried] of TWO) {
  test(`a hedged GET goes on with the first server where ${what}`, async (t) => {
    const scene = await open(t, [isSilent, second]);
    const answer = scene.ask(ASKS);
    const connection = await reached(scene, 0);
    await eventually("the second one is over", () => recordsOf(scene)[1]!.requests === 1);
    assert.equal(recordsOf(scene)[0]!.inFlight, 1);
    if (first === undefined) connection.reset();
    else connection.send(ok(first));
    assert.equal(status(await answer), got);
    const line = await scene.proxy.access(0);
    assert.equal(line.server, scene.name(0));
    assert.equal(String(line.tried).split(", ").filter((one) => one.startsWith(scene.name(1))).length, tried);
    assert.equal(recordsOf(scene)[1]!.hedgesWon, 0);
  });
}

for (
  const [what, act] of [
    ["breaks off", (connection: RawConnection) => connection.reset()],
    ["answers 503", (connection: RawConnection) => connection.send(BAD)],
  ] as const
) {
  test(`a hedged GET goes on with the second server where the first ${what}`, async (t) => {
    const scene = await open(t, [isSilent, isSilent]);
    const answer = scene.ask(ASKS);
    const second = await reached(scene, 1);
    act(await reached(scene, 0));
    await eventually("the first one is over", () => recordsOf(scene)[0]!.requests === 1);
    second.send(ok("second"));
    assert.match(await answer, /second$/);
    const line = await scene.proxy.access(0);
    assert.equal(line.server, scene.name(1));
    assert.match(String(line.tried), new RegExp(`^${scene.name(0)} (?:upstream_reset|503)$`));
    assert.deepEqual(recordsOf(scene).map(({ errors }) => errors), [1, 0]);
  });
}

test("a hedged GET of which both attempts fail goes to a third server, without another hedge", async (t) => {
  const scene = await open(t, [isSilent, hangsUp, ok("third"), ok("fourth")], { attempts: 4 });
  const answer = scene.ask(ASKS);
  const first = await reached(scene, 0);
  await eventually("the second one is over", () => recordsOf(scene)[1]!.requests === 1);
  first.reset();
  assert.match(await answer, /third$/);
  assert.deepEqual(scene.counts(), [1, 1, 1, 0]);
  assert.equal((await scene.proxy.access(0)).attempts, 3);
});

test("a GET is hedged once, whatever becomes of it", async (t) => {
  const scene = await open(t, [isSilent, hangsUp, ok("third")], { attempts: 3 });
  const c = await scene.client();
  c.send(ASKS);
  const first = await reached(scene, 0);
  await eventually("the second one is over", () => recordsOf(scene)[1]!.requests === 1);
  await longEnough();
  assert.deepEqual(scene.counts(), [1, 1, 0]);
  first.send(ok("first"));
  assert.match(await c.untilClosed(), /first$/);
});

test("a client that leaves with two attempts under way ends both, and is nobody's fault", async (t) => {
  const scene = await open(t, [isSilent, isSilent]);
  const c = await scene.client();
  c.send(ASKS);
  await reached(scene, 1);
  assert.equal(scene.proxy.inFlight(), 2);
  c.reset();
  await eventually("nothing is under way", () => scene.proxy.inFlight() === 0);
  await eventually("both are closed", () => scene.servers.every((server) => server.open === 0));
  assert.equal((await scene.proxy.access(0)).reason, "client_closed");
  assert.deepEqual(recordsOf(scene).map(({ errors }) => errors), [0, 0]);
});

for (const survivor of [0, 1]) {
  test(`a client that leaves after attempt ${2 - survivor} failed ends the other`, async (t) => {
    const scene = await open(t, [isSilent, isSilent]);
    const c = await scene.client();
    c.send(ASKS);
    const second = await reached(scene, 1);
    const first = await reached(scene, 0);
    (survivor === 0 ? second : first).reset();
    await eventually("one is left", () => scene.proxy.inFlight() === 1);
    c.reset();
    await eventually("nothing is under way", () => scene.proxy.inFlight() === 0);
    await eventually("its connection is closed", () => scene.servers[survivor]!.open === 0);
  });
}

test("a client that leaves within the answer of the winner ends that", async (t) => {
  const begun = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nbegun";
  for (const winner of [0, 1]) {
    const scene = await open(t, [isSilent, isSilent]);
    const c = await scene.client();
    c.send(ASKS);
    await reached(scene, 1);
    (await reached(scene, winner)).send(begun);
    await c.until("begun");
    assert.equal(scene.proxy.inFlight(), 1);
    c.reset();
    await eventually("nothing is under way", () => scene.proxy.inFlight() === 0);
    await eventually("the connection is closed", () => scene.servers[winner]!.open === 0);
  }
});

/** A proxy before the servers of `scene`, with other entries for them. */
function before(
  t: TestContext,
  { servers }: RetryScene,
  entryOf: (port: number, i: number) => unknown,
  backend: Record<string, unknown> = {},
) {
  const entries = servers.map(({ port }, i) => entryOf(port, i));
  return openRetryScene(t, [], { backend: { servers: entries, retries: { hedge: "10ms" }, ...backend } });
}

test("a first attempt that still waits for its connection is given up as well", async (t) => {
  const behind = await open(t, [isSilent, ok("second")]);
  const [silent] = behind.servers;
  // No handshake comes of it.
  const scene = await before(t, behind, (port, i) => `http${i === 0 ? "s" : ""}://127.0.0.1:${port}`, {
    tls: { verify: false },
    timeouts: { connect: "60s" },
  });
  assert.match(await scene.ask(ASKS), /second$/);
  assert.equal(recordsOf(scene)[0]!.inFlight, 0);
  await eventually("its connection is closed", () => serversOf(scene)[0]!.pool.size === 0);
  await eventually("for its server as well", () => silent!.connections.length === 1 && silent!.open === 0);
});

test("a GET is not sent to a second server that is full", async (t) => {
  const behind = await open(t, [isSilent, isSilent]);
  const scene = await before(t, behind, (port) => ({ url: `http://127.0.0.1:${port}`, max_connections: 1 }));
  const [a, b] = [await scene.client(), await scene.client()];
  a.send(post("x", CLOSE)); // takes the first, and the GET the second
  const first = await reached(behind, 0);
  b.send(ASKS);
  const second = await reached(behind, 1);
  await longEnough();
  assert.deepEqual(recordsOf(scene).map(({ hedges }) => hedges), [0, 0]);
  second.send(ok("b"));
  first.send(ok("a"));
  assert.match(await b.untilClosed(), /b$/);
  assert.match(await a.untilClosed(), /a$/);
});

test("a first attempt in the queue of a full server may leave it for a second one while it is hedged", async (t) => {
  const behind = await open(t, [isSilent, isSilent]);
  const scene = await before(t, behind, (port) => ({ url: `http://127.0.0.1:${port}`, max_connections: 1 }));
  const [a, b, c] = [await scene.client(), await scene.client(), await scene.client()];
  a.send(post("a", CLOSE));
  const first = await reached(behind, 0);
  b.send(post("b", CLOSE));
  const second = await reached(behind, 1);
  c.send(ASKS);
  await longEnough(); // both are full: no hedge
  second.send(ok("b"));
  const moved = await eventually(
    "it has moved",
    () => behind.servers[1]!.connections.find(({ received }) => received.includes("GET")),
  );
  await longEnough(); // it is slow there as well, but the first is full
  moved.send(ok("c"));
  assert.match(await c.untilClosed(), /c$/);
  first.send(ok("a"));
  await a.untilClosed();
  assert.deepEqual(recordsOf(scene).map(({ hedges }) => hedges), [0, 0]);
});

test("hedges are bounded by the retry budget", async (t) => {
  const scene = await open(t, [isSilent, ok("second")], { budget: 0 });
  for (let i = 0; i < 3; i++) assert.match(await scene.ask(ASKS), /second$/);
  const answer = scene.ask(ASKS);
  const fourth = await eventually("it is sent", () => scene.servers[0]!.connections[3]);
  await fourth.until("\r\n\r\n");
  await longEnough();
  fourth.send(ok("first"));
  assert.match(await answer, /first$/);
  assert.equal(recordsOf(scene)[1]!.hedges, 3);
});

test("a client that stays with a server by a cookie gets no answer of another", async (t) => {
  const slow = (connection: RawConnection) => {
    if (!connection.received.includes("slow")) connection.send(ok("first"));
  };
  const scene = await open(t, [slow, ok("second")], {}, { sticky: { cookie: "at" } });
  const [, cookie] = /Set-Cookie: (at=[^;]+)/i.exec(await scene.ask(ASKS))!;
  const answer = scene.ask(get("/slow", CLOSE, `Cookie: ${cookie}`));
  const connection = await eventually(
    "it is sent",
    () => scene.servers[0]!.connections[1] ?? scene.servers[0]!.connections[0],
  );
  await connection.until("/slow");
  await longEnough();
  connection.send(ok("stayed"));
  assert.match(await answer, /stayed$/);
  assert.match(await scene.ask(get("/slow", CLOSE)), /Set-Cookie: at=[^]*second$/i); // a new one belongs to who answers
});

test("a GET with two attempts under way outlives a reload, and one is hedged that began before", async (t) => {
  const scene = await open(t, [isSilent, isSilent], { hedge: "60ms" });
  const answer = scene.ask(ASKS);
  const first = await reached(scene, 0);
  const { config } = scene.proxy.running.snapshot;
  const app = config.backends["app"]!;
  await scene.proxy.running.reload({ ...config, backends: { app: { ...app, maxRequests: 1000 } } });
  const second = await reached(scene, 1);
  await scene.proxy.running.reload({ ...config, backends: { app: { ...app, maxRequests: 2000 } } });
  assert.equal(scene.proxy.inFlight(), 2);
  second.send(ok("second"));
  assert.match(await answer, /second$/);
  await eventually("the first is given up", () => first.closed);
});

test("hedge = p95 hedges what is slower than nearly all others, which it learns", async (t) => {
  const scene = await open(t, [
    (connection) => {
      const heads = connection.received.split("\r\n\r\n").slice(0, -1);
      if (pathOf(heads.at(-1)!) !== "/slow") connection.send(ok("first"));
    },
    ok("second"),
  ], { hedge: "p95" });
  const c = await scene.client();
  for (let i = 1; i <= 60; i++) {
    c.send(get());
    await eventually(`answer ${i}`, () => c.received.match(/first/g)?.length === i);
  }
  // What was worked out with too few of them holds for a second.
  await eventually("it is hedged", async () => {
    const asking = await scene.client();
    asking.send(get("/slow", CLOSE));
    const answer = await Promise.race([
      asking.untilClosed(),
      new Promise<string>((resolve) => setTimeout(() => resolve(""), 200)),
    ]);
    asking.reset();
    return answer.endsWith("second");
  });
});

test("what is learnt of a hedged GET is how long its first server took at least", async (t) => {
  const scene = await open(t, [isSilent, ok("second")]);
  const { hedgeDelay } = scene.proxy.running.snapshot.backends.get("app")!;
  const observe = t.mock.method(hedgeDelay!, "observe");
  await scene.ask(ASKS);
  const [ms] = observe.mock.calls[0]!.arguments;
  assert.equal(observe.mock.callCount(), 1);
  assert.ok(ms >= 9, `${ms}`);
});

test("a program that asks hears of one answer, not of the attempt that was given up", async (t) => {
  const scene = await open(t, [isSilent, ok("second")]);
  const { app } = scene.proxy.running.snapshot.frontends[0]!;
  const answer = await app.fetch(new Request("http://a.example/"));
  assert.deepEqual([answer.status, await answer.text()], [200, "second"]);
});

test("the metrics count hedges", async (t) => {
  const scene = await open(t, [isSilent, ok("second")]);
  await scene.ask(ASKS);
  const families = parseMetrics(scene.proxy.running.metricsPage());
  for (const name of ["sluice_server_hedges_total", "sluice_server_hedges_won_total"]) {
    assert.deepEqual(families.get(name)!.samples.map(({ value }) => value), [0, 1]);
  }
});

test("hedge reads percentiles and durations", () => {
  const read = (hedge: unknown) =>
    validateConfig({
      frontends: [{ bind: ":0", default_backend: "a" }],
      backends: { a: { servers: ["http://127.0.0.1:9"], retries: { hedge } } },
      defaults: { retries: { hedge: "p99" } },
    }).backends["a"]!.retries.hedge;
  assert.deepEqual(read("p95"), { quantile: 0.95 });
  assert.deepEqual(read("p99.9"), { quantile: 0.999 });
  assert.deepEqual(read("150ms"), { ms: 150 });
  assert.equal(read(false), false);
  assert.deepEqual(read(undefined), { quantile: 0.99 });
});

test("hedge says what it accepts, and where it does nothing", () => {
  const text = (hedge: string) => `
[defaults.retries]
attempts = 1
[[frontends]]
bind = ":0"
default_backend = "a"
[backends.a]
servers = ["http://127.0.0.1:9"]
[backends.a.retries]
hedge = ${hedge}
`;
  const accepted = 'accepted: false, a percentile such as "p95", or a duration such as "150ms"';
  assert.deepEqual(refusals(text('"p10"')), [
    'c:10:9: backends.a.retries.hedge: is "p10"; ' + accepted,
    "c:10:9: backends.a.retries.hedge: does nothing with attempts = 1; accepted: two or more attempts",
  ]);
  assert.deepEqual(refusals(text("true").replace("attempts = 1", "")), [
    "c:10:9: backends.a.retries.hedge: is true; " + accepted,
  ]);
  assert.deepEqual(refusals(text("false")), []);
});
