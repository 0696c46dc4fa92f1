// A circuit breaker in front of real servers: when nothing is sent to them any more, and when it is tried again.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { validateConfig } from "../../src/config/load.ts";
import { explainRequest } from "../../src/explain/explain.ts";
import { eventually } from "../support/eventually.ts";
import { parseMetrics } from "../support/metrics-parser.ts";
import { type TestProxy } from "../support/test-proxy.ts";
import { refusals } from "../unit/config/support.ts";
import { get, ok, openScene, pathOf, type SceneOptions } from "./scene.ts";

const BAD = "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n";
const NO_EJECTION = { ejection: { enabled: false } };

/** A server that answers `/bad` by 500, and `/slow` never. */
function openBreakerScene(t: TestContext, breaker: Record<string, unknown>, more: SceneOptions = {}) {
  return openScene(t, {
    answer: (head) => pathOf(head) === "/bad" ? BAD : pathOf(head) === "/slow" ? undefined : ok(),
    backend: NO_EJECTION,
    frontend: { circuit_breaker: { min_requests: 4, open_for: "20ms", ...breaker } },
    ...more,
  });
}

type Opened = Awaited<ReturnType<typeof openScene>>;

/** Asks for `path` on a connection of its own; returns the whole answer. */
async function ask({ client }: Pick<Opened, "client">, path: string): Promise<string> {
  const c = await client();
  c.send(get(path, "Connection: close"));
  return await c.untilClosed();
}

const status = (answer: string) => answer.split(" ")[1];
const received = ({ server }: Opened) => server.connections.length;

function changes({ events }: TestProxy) {
  return events.filter(({ event }) => event.startsWith("circuit_"));
}

async function trip(scene: Opened, count = 4) {
  for (let i = 0; i < count; i++) assert.equal(status(await ask(scene, "/bad")), "500");
}

test("a breaker that is open answers 503 with Retry-After, and sends nothing to servers", async (t) => {
  const scene = await openBreakerScene(t, { open_for: "90s" });
  await trip(scene);
  const before = received(scene);
  const answer = await ask(scene, "/");
  assert.match(answer, /^HTTP\/1\.1 503 [^]*\r\nRetry-After: (?:90|89)\r\n/);
  assert.equal(answer.match(/Retry-After/g)!.length, 1);
  assert.match(answer, /details="circuit_open"/);
  assert.equal(received(scene), before);
  const line = await scene.proxy.access(4);
  assert.deepEqual([line.reason, line.server, line.attempts], ["circuit_open", undefined, 0]);
  assert.deepEqual(changes(scene.proxy), [
    { event: "circuit_open", fields: { at: "web", requests: 4, errors: 4, slow: 0 } },
  ]);
});

test("a breaker does not close the connection of a client that it refuses", async (t) => {
  const scene = await openBreakerScene(t, { open_for: "90s" });
  await trip(scene);
  const c = await scene.client();
  c.send(get("/"));
  await c.until("circuit_open\n");
  c.send(get("/", "Connection: close"));
  assert.equal((await c.untilClosed()).match(/HTTP\/1\.1 503/g)!.length, 2);
});

test("a breaker that was open lets a trial through and closes, which is logged once", async (t) => {
  const scene = await openBreakerScene(t, {});
  await trip(scene);
  await eventually("it lets a trial through", async () => status(await ask(scene, "/")) === "200");
  assert.equal(status(await ask(scene, "/")), "200");
  assert.deepEqual(changes(scene.proxy).map(({ event }) => event), [
    "circuit_open",
    "circuit_half_open",
    "circuit_closed",
  ]);
});

test("a breaker counts servers that cannot be reached and answers that are slow", async (t) => {
  const unreached = await openBreakerScene(t, { open_for: "90s" }, {
    entry: { url: "http://127.0.0.1:9" },
    backend: { ...NO_EJECTION, retries: { attempts: 1 } },
  });
  for (let i = 0; i < 4; i++) assert.equal(status(await ask(unreached, "/")), "502");
  assert.match(await ask(unreached, "/"), /circuit_open/);
  const slow = await openBreakerScene(t, { open_for: "90s", slow: "1ms", errors: 1 }, {
    answer: (_, connection) => void setTimeout(() => connection.send(ok()), 5),
  });
  for (let i = 0; i < 4; i++) assert.equal(status(await ask(slow, "/")), "200");
  assert.match(await ask(slow, "/"), /circuit_open/);
});

test("a breaker counts no client that leaves, as a trial neither", async (t) => {
  const scene = await openBreakerScene(t, {});
  for (let i = 0; i < 6; i++) {
    const c = await scene.client();
    c.send(get("/slow"));
    await eventually("it is sent", () => scene.proxy.inFlight() === 1);
    c.reset();
    await eventually("it is given up", () => scene.proxy.inFlight() === 0);
  }
  await trip(scene);
  const isTried = () => changes(scene.proxy).some(({ event }) => event === "circuit_half_open");
  while (!isTried()) {
    const trial = await scene.client();
    trial.send(get("/slow"));
    await eventually("it is tried or refused", () => isTried() || trial.received.includes("circuit_open"));
    trial.reset();
  }
  await eventually("it is given up", () => scene.proxy.inFlight() === 0);
  assert.equal(status(await ask(scene, "/")), "200"); // the place of the one that left
});

test("a breaker waits for no trial that a client's bad request was", async (t) => {
  const scene = await openBreakerScene(t, { open_for: "300ms" }, {
    frontend: {
      circuit_breaker: { min_requests: 4, open_for: "300ms" },
      routes: [{ path_prefix: "/s", backend: "app", strip_prefix: "/s", add_prefix: "/folder" }],
    },
  });
  await trip(scene);
  const leaving = () => ask(scene, "/s/../s/x"); // out of the folder: no server gets it
  await eventually("it is the trial", async () => status(await leaving()) === "400");
  assert.equal(status(await ask(scene, "/")), "200");
});

test("a breaker goes by the statuses that it is told", async (t) => {
  const scene = await openBreakerScene(t, { open_for: "90s", statuses: [503] });
  await trip(scene, 6);
  assert.equal(status(await ask(scene, "/")), "200");
});

test("routes have breakers of their own, and a frontend's is common to all others", async (t) => {
  const scene = await openBreakerScene(t, { open_for: "90s" }, {
    frontend: {
      circuit_breaker: { min_requests: 4, open_for: "90s" },
      routes: [
        { path_prefix: "/own", backend: "app", circuit_breaker: { min_requests: 4, open_for: "90s" } },
        { path_prefix: "/never", backend: "app", circuit_breaker: false },
      ],
    },
  });
  await trip(scene);
  assert.equal(status(await ask(scene, "/")), "503");
  assert.equal(status(await ask(scene, "/own")), "200");
  assert.equal(status(await ask(scene, "/never")), "200");
});

test("a breaker stays open through a reload that leaves it as it is", async (t) => {
  const scene = await openBreakerScene(t, { open_for: "90s" });
  await trip(scene);
  const { config } = scene.proxy.running.snapshot;
  const [web] = config.frontends;
  const reloadWith = (breaker: object, via: string) =>
    scene.proxy.running.reload({
      ...config,
      frontends: [{ ...web!, via, circuitBreaker: breaker as never }],
    });
  await reloadWith(web!.circuitBreaker!, "another");
  assert.equal(status(await ask(scene, "/")), "503");
  await reloadWith({ ...web!.circuitBreaker, minRequests: 5 }, "another");
  assert.equal(status(await ask(scene, "/")), "200");
});

test("explain and the metrics show the state of a breaker", async (t) => {
  const scene = await openBreakerScene(t, { open_for: "90s", slow: "2s" });
  const { running } = scene.proxy;
  const told = () =>
    explainRequest(running.snapshot, { method: "GET", url: "http://a.example/", headers: [], from: "::1" })
      .rules.filter((rule) => rule.startsWith("circuit_breaker"));
  const words =
    "circuit_breaker: opens for 90s where 50 % failed or 50 % slower than 2s of at least 4 in 10s";
  assert.deepEqual(told(), [words]);
  await trip(scene);
  assert.match(told()[0]!, /; open now, for (?:90|89) s more$/);
  const families = parseMetrics(running.metricsPage());
  const shown = (name: string) =>
    families.get(name)!.samples.map(({ labels, value }) => ({ ...labels, value }));
  assert.deepEqual(shown("sluice_circuit_breaker_state"), [{ frontend: "web", route: "", value: 2 }]);
  assert.deepEqual(shown("sluice_circuit_breaker_opened_total"), [{ frontend: "web", route: "", value: 1 }]);
});

test("circuit_breaker has its defaults", () => {
  const { frontends } = validateConfig({
    frontends: [{ bind: ":0", default_backend: "a", circuit_breaker: {} }],
    backends: { a: { servers: ["http://127.0.0.1:9"] } },
  });
  assert.deepEqual(frontends[0]!.circuitBreaker, {
    errors: 0.5,
    slowShare: 0.5,
    minRequests: 20,
    window: 10_000,
    openFor: 10_000,
    trialRequests: 1,
    statuses: [{ from: 500, to: 599 }],
  });
});

test("circuit_breaker says what it accepts", () => {
  const text = `
[[frontends]]
bind = ":0"
default_backend = "a"
circuit_breaker = { errors = 2, window = "0s", min_requests = 0, trials = 3 }
[backends.a]
servers = ["http://127.0.0.1:9"]
`;
  assert.deepEqual(refusals(text), [
    "c:5:30: frontends[0].circuit_breaker.errors: is 2; accepted: a share from 0 to 1, such as 0.2",
    'c:5:42: frontends[0].circuit_breaker.window: is "0s"; accepted: a duration from 1ms to 596h',
    "c:5:63: frontends[0].circuit_breaker.min_requests: is 0; accepted: a whole number, 1 to 1000000",
    "c:5:66: frontends[0].circuit_breaker.trials: unknown key; accepted: errors, slow, slow_share, " +
    "min_requests, window, open_for, trial_requests, statuses",
  ]);
});
