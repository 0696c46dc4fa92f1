// Passive checks: what requests say of a server, and who gets requests then. The first available server is asked.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { eventually } from "../support/eventually.ts";
import { roundTrip } from "../support/raw-client.ts";
import { type RawConnection, RawServer } from "../support/raw-server.ts";
import type { TestProxy } from "../support/test-proxy.ts";
import {
  ask,
  closedPort,
  eventsOf,
  HealthServer,
  logged,
  type Saying,
  startHealthProxy,
} from "./health-scene.ts";
import { get, ok } from "./scene.ts";

/** An answer without a body. */
const says = (status: number) => `HTTP/1.1 ${status} So\r\nContent-Length: 0\r\n\r\n`;
const FAILING = says(503);

/** `count` servers, and a proxy that asks the first of them that is available, and nobody else after it. */
async function open(
  t: TestContext,
  count: number,
  backend: Record<string, unknown> = {},
): Promise<{ proxy: TestProxy; servers: HealthServer[]; first: HealthServer; asked(): number[] }> {
  const servers: HealthServer[] = [];
  while (servers.length < count) servers.push(await HealthServer.listen(t));
  const proxy = await startHealthProxy(t, servers, {
    check: null,
    balance: "first",
    ...backend,
    ejection: { min_requests: 5, ...backend["ejection"] as Record<string, unknown> },
  });
  return { proxy, servers, first: servers[0]!, asked: () => servers.map(({ requests }) => requests.length) };
}

/** Statuses of the answers to `count` requests, one after the other. */
async function askTimes(proxy: TestProxy, count: number): Promise<number[]> {
  const statuses: number[] = [];
  while (statuses.length < count) statuses.push(await ask(proxy));
  return statuses;
}

for (const status of [500, 503, 599]) {
  test(`a server that answers five requests in a row with ${status} gets no more, and the others serve`, async (t) => {
    const { proxy, first, asked } = await open(t, 2);
    first.asked = says(status);
    assert.deepEqual(await askTimes(proxy, 4), [status, status, status, status]);
    assert.deepEqual(eventsOf(proxy, "server_ejected"), []);
    assert.equal(await ask(proxy), status);
    const fields = { backend: "app", server: first.url, cause: String(status), ms: 10_000 };
    assert.deepEqual(eventsOf(proxy, "server_ejected"), [fields]);
    assert.deepEqual(new Set(await askTimes(proxy, 12)), new Set([200]));
    assert.deepEqual(asked(), [5, 12]);
  });
}

for (const status of [304, 404, 429, 499]) {
  test(`a server that answers ${status} to all is not ejected`, async (t) => {
    const { proxy, first, asked } = await open(t, 2);
    first.asked = says(status);
    await askTimes(proxy, 12);
    assert.deepEqual(asked(), [12, 0]);
  });
}

for (const status of [200, 404]) {
  test(`an answer of ${status} between failures begins their row anew`, async (t) => {
    const { proxy, first, asked } = await open(t, 2, { ejection: { failure_share: 0 } });
    first.asked = () => first.requests.length % 5 === 0 ? says(status) : FAILING;
    await askTimes(proxy, 24);
    assert.deepEqual(asked(), [24, 0]);
    first.asked = FAILING; // the fifth in a row
    await ask(proxy);
    assert.deepEqual(asked(), [25, 0]);
    await ask(proxy);
    assert.deepEqual(asked(), [25, 1]);
  });
}

const failures: [cause: string, how: string, status: number, does: Saying][] = [
  ["response_timeout", "is silent", 504, undefined],
  ["response_timeout", "says half a head", 504, "HTTP/1.1 200 OK\r\nX"],
  ["upstream_reset", "hangs up", 502, (_head, connection) => void connection.close()],
  ["upstream_reset", "resets", 502, (_head, connection) => void connection.reset()],
  ["upstream_invalid", "says what is no answer", 502, "220 smtp.example ESMTP\r\n\r\n"],
];
for (const [cause, how, status, does] of failures) {
  test(`a server that ${how} is ejected for ${cause} after five requests`, async (t) => {
    const response = cause === "response_timeout" ? "100ms" : "30s";
    const { proxy, first, asked } = await open(t, 2, { timeouts: { response } });
    first.asked = does;
    assert.deepEqual(await askTimes(proxy, 5), Array(5).fill(status));
    assert.deepEqual(eventsOf(proxy, "server_ejected").map((fields) => fields["cause"]), [cause]);
    first.asked = ok("too late");
    assert.equal(await ask(proxy), 200);
    assert.deepEqual(asked(), [5, 1]);
  });
}

test("failures of all kinds make one row", async (t) => {
  const { proxy, first, asked } = await open(t, 2, { timeouts: { response: "100ms" } });
  const kinds = failures.map(([, , , does]) => does).slice(1);
  first.asked = (head, connection) => {
    const does = kinds.shift() ?? FAILING;
    return typeof does === "function" ? does(head, connection) : does;
  };
  await askTimes(proxy, 5);
  assert.equal((await logged(proxy, "server_ejected"))["cause"], "503");
  assert.equal(await ask(proxy), 200);
  assert.deepEqual(asked(), [5, 1]);
});

test("a server that never finishes a TLS handshake is ejected for connect_timeout", async (t) => {
  const [hole, good] = [await RawServer.listen(), await HealthServer.listen(t)];
  t.after(() => hole.close());
  const proxy = await startHealthProxy(t, [good, { url: `https://127.0.0.1:${hole.port}`, priority: 1 }], {
    check: null,
    balance: "priority",
    timeouts: { connect: "100ms" },
  });
  assert.deepEqual(await askTimes(proxy, 6), [504, 504, 504, 504, 504, 200]);
  assert.equal(eventsOf(proxy, "server_ejected")[0]?.["cause"], "connect_timeout");
});

test("failures that a repetition hides from the client count all the same", async (t) => {
  const retries = { attempts: 2, budget: 1, statuses: [503] };
  const { proxy, first, asked } = await open(t, 2, { retries });
  first.asked = "HTTP/1.1 503 No\r\nContent-Length: 9\r\n\r\nhalf"; // the rest would never come
  assert.deepEqual(new Set(await askTimes(proxy, 9)), new Set([200]));
  assert.deepEqual(asked(), [5, 9]);
  assert.deepEqual(eventsOf(proxy, "server_ejected").map((fields) => fields["cause"]), ["503"]);
});

test("many requests that fail at the same time eject a server once", async (t) => {
  const { proxy, first } = await open(t, 2);
  const waiting: RawConnection[] = [];
  first.asked = (_head, connection) => void waiting.push(connection);
  const asking = Array.from({ length: 20 }, () => ask(proxy));
  await eventually("all requests to wait", () => waiting.length === 20);
  for (const connection of waiting) connection.send(FAILING);
  assert.deepEqual(new Set(await Promise.all(asking)), new Set([503]));
  assert.equal(eventsOf(proxy, "server_ejected").length, 1);
  assert.equal(await ask(proxy), 200);
});

test("a refused connection ejects at once, and no client notices", async (t) => {
  const [refusing, good] = [await closedPort(), await HealthServer.listen(t)];
  const proxy = await startHealthProxy(t, [refusing, good], {
    check: null,
    balance: "first",
    retries: { attempts: 2 },
  });
  assert.deepEqual(new Set(await askTimes(proxy, 10)), new Set([200]));
  const cause = "connect_refused";
  const ejected = { backend: "app", server: `http://127.0.0.1:${refusing}`, cause, ms: 10_000 };
  assert.deepEqual(eventsOf(proxy, "server_ejected"), [ejected]);
  assert.equal(proxy.accesses.filter(({ tried }) => tried !== undefined).length, 1);
});

test("a refused connection takes a server down at once where it is probed", async (t) => {
  const [leaving, good] = [await HealthServer.listen(t), await HealthServer.listen(t)];
  const proxy = await startHealthProxy(t, [leaving, good], { check: { interval: "1h" }, balance: "first" });
  await leaving.raw.close();
  assert.deepEqual(await askTimes(proxy, 3), [502, 200, 200]);
  assert.equal(eventsOf(proxy, "server_down", leaving)[0]?.["cause"], "connect_refused");
  assert.deepEqual(eventsOf(proxy, "server_ejected"), []);
});

for (const how of ["answers 503", "refuses connections"]) {
  test(`a server without others is asked for ever though it ${how}`, async (t) => {
    const server = await HealthServer.listen(t);
    const refuses = how !== "answers 503";
    const proxy = await startHealthProxy(t, [refuses ? await closedPort() : server], { check: null });
    server.asked = FAILING;
    assert.deepEqual(new Set(await askTimes(proxy, 20)), new Set([refuses ? 502 : 503]));
    assert.deepEqual(eventsOf(proxy, "server_ejected"), []);
    if (refuses) return;
    server.asked = ok("back");
    assert.equal(await ask(proxy), 200);
    assert.equal(server.requests.length, 21);
  });
}

const halves: [servers: number, out: number][] = [[2, 1], [3, 1], [4, 2], [5, 2]];
for (const [count, out] of halves) {
  test(`${out} of ${count} servers at most are ejected where all fail`, async (t) => {
    const { proxy, servers, asked } = await open(t, count, { balance: "round_robin" });
    for (const server of servers) server.asked = FAILING;
    await askTimes(proxy, 60);
    const ejected = new Set(eventsOf(proxy, "server_ejected").map(({ server }) => server));
    assert.deepEqual([ejected.size, eventsOf(proxy, "server_ejected").length], [out, out]);
    assert.deepEqual(asked().filter((times) => times > 5).length, count - out);
    for (const server of servers) server.asked = ok();
    const before = servers.map(({ requests }) => requests.length);
    assert.deepEqual(new Set(await askTimes(proxy, 2 * count)), new Set([200]));
    for (const [i, { url, requests }] of servers.entries()) {
      assert.equal(requests.length > before[i]!, !ejected.has(url));
    }
  });
}

test("an ejected server is asked again when its time is over", async (t) => {
  const { proxy, first, asked } = await open(t, 2, { ejection: { time: "150ms" } });
  first.asked = FAILING;
  await askTimes(proxy, 4);
  const began = performance.now();
  await ask(proxy);
  first.asked = ok();
  const back = await logged(proxy, "server_readmitted");
  assert.deepEqual(back, { backend: "app", server: first.url, cause: "its time is over" });
  assert.ok(performance.now() - began >= 149);
  assert.equal(await ask(proxy), 200);
  assert.deepEqual(asked(), [6, 0]);
});

test("a server stays out for longer each time that it only fails again, until it has answered well", async (t) => {
  const { proxy, first } = await open(t, 2, { ejection: { time: "20ms", max_time: "50ms" } });
  const times: unknown[] = [];
  first.asked = FAILING;
  for (let count = 1; count <= 4; count++) {
    await askTimes(proxy, 5);
    times.push((await logged(proxy, "server_ejected", { count }))["ms"]);
    await logged(proxy, "server_readmitted", { count });
  }
  first.asked = ok();
  await ask(proxy);
  first.asked = FAILING;
  await askTimes(proxy, 5);
  times.push((await logged(proxy, "server_ejected", { count: 5 }))["ms"]);
  assert.deepEqual(times, [20, 40, 50, 50, 20]);
});

test("an ejected server is asked again when `rise` probes have passed, where that is asked for", async (t) => {
  const ejection = { time: "1h", max_time: "1h", probes_readmit: true };
  const { proxy, first, asked } = await open(t, 2, {
    ejection,
    health_check: { interval: "30ms", fast_interval: "10ms", timeout: "2s", rise: 4 },
  });
  first.asked = FAILING;
  await askTimes(proxy, 5);
  const probes = first.probes.length;
  assert.equal((await logged(proxy, "server_readmitted"))["cause"], "probes passed");
  assert.ok(first.probes.length - probes >= 3); // one may have been under way
  first.asked = ok();
  assert.equal(await ask(proxy), 200);
  assert.deepEqual(asked(), [6, 0]);
});

test('health_check.when = "ejected" probes ejected servers alone, lets them back in, and takes none out', async (t) => {
  const { proxy, first, servers, asked } = await open(t, 2, {
    ejection: { time: "1h", max_time: "1h" },
    health_check: { when: "ejected", interval: "20ms", timeout: "2s", rise: 1 },
  });
  assert.deepEqual(servers.map(({ probes }) => probes.length), [0, 0]);
  first.probed = says(500);
  first.asked = FAILING;
  await askTimes(proxy, 5);
  await logged(proxy, "server_ejected");
  await eventually("probes", () => first.probes.length >= 3);
  assert.equal(await ask(proxy), 200); // of the other
  first.probed = ok();
  first.asked = ok();
  assert.equal((await logged(proxy, "server_readmitted"))["cause"], "probes passed");
  assert.equal(servers[1]!.probes.length, 0);
  assert.deepEqual(eventsOf(proxy, "server_down"), []);
  assert.ok(asked()[1]! > 0);
});

test("ejection counts as many failures as the backend says, and none where it is off", async (t) => {
  const two = await open(t, 2, { ejection: { failures: 2, min_requests: 2 } });
  const off = await open(t, 2, { ejection: { enabled: false } });
  for (const { first, proxy } of [two, off]) {
    first.asked = FAILING;
    await askTimes(proxy, 12);
  }
  assert.deepEqual([two.asked(), off.asked()], [[2, 10], [12, 0]]);
});

const ATTACKER = "192.0.2.66";

for (const balance of ["round_robin", "leastconn", "first"]) {
  test(`one client whose requests fail wherever they go takes no server out (${balance})`, async (t) => {
    const { proxy, servers } = await open(t, 2, { balance });
    for (const server of servers) {
      server.asked = (head) => head.startsWith("GET /boom ") ? says(500) : ok();
    }
    const began = performance.now();
    // Longer than it takes until a client that is alone counts.
    for (let i = 0; i < 60 || performance.now() - began < 700; i++) {
      assert.equal(await ask(proxy, "/boom", ATTACKER), 500);
      if (i % 3 === 0) assert.equal(await ask(proxy, "/", balance === "first" ? undefined : ATTACKER), 200);
    }
    assert.deepEqual(eventsOf(proxy, "server_ejected"), []);
  });
}

test("one client that has one server fail and another answer takes none out that others are content with", async (t) => {
  const { proxy, servers } = await open(t, 2, { balance: "round_robin" });
  for (const server of servers) { // as if it chose by hash or cookie whom it asks for what
    server.asked = (head) => head.includes("Evil: yes") && server === servers[0] ? says(500) : ok();
  }
  const began = performance.now();
  let bystanders = 0;
  for (let i = 0; i < 60 || performance.now() - began < 700; i++) {
    await roundTrip(
      proxy.port,
      get("/", `X-Forwarded-For: ${ATTACKER}`, "Evil: yes", "Connection: close"),
    );
    if (i % 5 === 0 && await ask(proxy) === 200) bystanders++;
  }
  assert.ok(bystanders >= 12);
  assert.deepEqual(eventsOf(proxy, "server_ejected"), []);
});

for (const who of ["many clients", "the only client there is"]) {
  test(`a server that fails every second request of ${who} is ejected for their share`, async (t) => {
    const retries = { attempts: who === "many clients" ? 1 : 2 };
    const { proxy, first, servers } = await open(t, 3, { balance: "leastconn", retries });
    first.asked = () => first.requests.length % 2 === 0 ? says(500) : ok();
    await eventually("the ejection", async () => {
      await ask(proxy, "/", who === "many clients" ? undefined : ATTACKER);
      return eventsOf(proxy, "server_ejected").length > 0;
    });
    const [ejected] = eventsOf(proxy, "server_ejected");
    assert.deepEqual([ejected!["server"], ejected!["cause"], ejected!["ms"]], [first.url, "500", 10_000]);
    assert.match(String(ejected!["failed"]), /^\d+ of \d+$/);
    const before = servers.map(({ requests }) => requests.length);
    for (let i = 0; i < 6; i++) assert.equal(await ask(proxy), 200);
    assert.equal(servers[0]!.requests.length, before[0]);
    const metrics = proxy.running.metricsPage();
    const values = (name: string) =>
      [...metrics.matchAll(new RegExp(`^${name}\\{.*\\} (\\d)$`, "gm"))].map(([, value]) => value);
    assert.deepEqual(values("sluice_server_ejected"), ["1", "0", "0"]);
    assert.deepEqual(values("sluice_server_ejections_total"), ["1", "0", "0"]);
  });
}

test("a repeated request goes to an ejected server where no other is left, and what answers takes its place", async (t) => {
  const { proxy, servers, first, asked } = await open(t, 2, {
    retries: { attempts: 2, budget: 1 },
    timeouts: { response: "60ms" },
    ejection: { time: "1h", max_time: "1h" },
  });
  const second = servers[1]!;
  first.asked = (_head, connection) => void connection.close();
  assert.deepEqual(new Set(await askTimes(proxy, 5)), new Set([200]));
  assert.equal(eventsOf(proxy, "server_ejected", first).length, 1);
  first.asked = ok("back");
  second.asked = undefined;
  assert.deepEqual(await askTimes(proxy, 8), Array(8).fill(200));
  assert.deepEqual(eventsOf(proxy, "server_readmitted", first).map(({ cause }) => cause), [
    "it answers again",
  ]);
  assert.equal(eventsOf(proxy, "server_ejected", second).length, 1);
  assert.deepEqual(asked(), [5 + 8, 5 + 5]);
});

test("passed probes end no ejection before its time, unless that is asked for", async (t) => {
  const { proxy, first, asked } = await open(t, 2, {
    ejection: { time: "400ms" },
    health_check: { interval: "10ms", fast_interval: "5ms", timeout: "2s", rise: 1 },
  });
  first.asked = FAILING;
  const began = performance.now();
  await askTimes(proxy, 5);
  const probes = first.probes.length;
  assert.equal((await logged(proxy, "server_readmitted"))["cause"], "its time is over");
  assert.ok(first.probes.length > probes + 2);
  assert.ok(performance.now() - began >= 399);
  assert.deepEqual(asked(), [5, 0]);
});

test("leastconn sends a server that fails at once no more than its share, and its failures are no latency", async (t) => {
  const { proxy, servers, first, asked } = await open(t, 3, {
    balance: "leastconn",
    ejection: { enabled: false },
  });
  for (const server of servers) {
    server.asked = (_head, connection) => {
      if (server === first && first.requests.length % 8 !== 0) return says(500);
      return void setTimeout(() => connection.send(ok()), 40);
    };
  }
  await Promise.all(Array.from({ length: 6 }, () => askTimes(proxy, 20)));
  assert.ok(asked()[0]! <= 50, `${asked()}`); // a third is 40; it was over 70
  const [failing] = proxy.running.snapshot.backends.get("app")!.servers;
  assert.ok(failing!.latency.averageMs! >= 39, `${failing!.latency.averageMs}`);
});
