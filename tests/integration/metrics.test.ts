// What is counted, and where it can be read.
import assert from "node:assert/strict";
import { test } from "node:test";
import { METRICS } from "../../src/base/metric-names.ts";
import { eventually } from "../support/eventually.ts";
import { RawClient, roundTrip } from "../support/raw-client.ts";
import { RawServer } from "../support/raw-server.ts";
import { parseOpenMetrics } from "../support/openmetrics-parser.ts";
import { Metrics, openMetricsScene } from "./metrics-scene.ts";
import { asked, get, ok, pathOf, post, request } from "./scene.ts";

const CLOSE = "Connection: close";
/** Of no password that is known, and cheap to compute. */
const HASH = `scrypt$16384$8$1$${"A".repeat(22)}$${"A".repeat(43)}`;

/** A server that answers with the status in the path, 200 where there is none. */
function answer(head: string): string {
  const status = /^\/(\d{3})/.exec(pathOf(head))?.[1];
  if (status === undefined) return head.startsWith("HEAD") ? ok("four").slice(0, -4) : ok("four");
  return `HTTP/1.1 ${status} Any\r\nContent-Length: 0\r\n\r\n`;
}

test("the metrics are exact after known traffic", async (t) => {
  const { port, measure, names } = await openMetricsScene(t, { answer });
  const web = [
    get("/"),
    get("/?again"),
    get("/404"),
    get("/599"),
    get("/600"),
    request("HEAD", "/"),
    post("12345"),
    post("1234567"),
    request("BREW", "/418"),
    request("get", "/"),
    request("TRACE", "/"),
  ];
  const side = [get("/dead/1"), get("/dead/2"), get("/nowhere"), "hello\r\n\r\n"];
  for (const text of web.slice(0, -1)) {
    await roundTrip(port(0), text.replace("\r\n\r\n", `\r\n${CLOSE}\r\n\r\n`));
  }
  await roundTrip(port(0), web.at(-1)!);
  for (const text of side) await roundTrip(port(1), text.replace("\r\n\r\n", `\r\n${CLOSE}\r\n\r\n`));
  const metrics = await measure(web.length + side.length);

  assert.deepEqual(metrics.all("sluice_requests_total"), {
    "side  GET 404": 1,
    "side  _other 400": 1,
    "side dead GET 502": 2,
    "web  TRACE 405": 1,
    "web app GET 200": 2,
    "web app GET 404": 1,
    "web app GET 599": 1,
    "web app GET 600": 1,
    "web app HEAD 200": 1,
    "web app POST 200": 2,
    "web app _other 200": 1,
    "web app _other 418": 1,
  });
  assert.deepEqual(metrics.all("sluice_request_failures_total"), {
    "side  bad_request": 1,
    "side  no_route": 1,
    "side dead connect_refused": 2,
    "web  method_not_allowed": 1,
  });
  assert.deepEqual(metrics.all("sluice_request_duration_seconds_count"), {
    "side ": 2,
    "side dead": 2,
    "web ": 1,
    "web app": 10,
  });
  assert.deepEqual(metrics.all("sluice_requests_in_flight"), { side: 0, web: 0 });
  assert.deepEqual(metrics.all("sluice_received_body_bytes_total"), { side: 0, web: 12 });
  assert.equal(metrics.all("sluice_sent_body_bytes_total")["web"]! >= 20, true);
  assert.deepEqual(metrics.all("sluice_backend_requests_in_flight"), { app: 0, dead: 0 });
  const [up, down] = [`app ${names.up}`, `dead ${names.down}`];
  assert.deepEqual(metrics.all("sluice_server_responses_total"), {
    [`${up} 2xx`]: 6,
    [`${up} 4xx`]: 2,
    [`${up} 5xx`]: 1,
    [`${up} _other`]: 1,
    [`${down} 2xx`]: 0,
  });
  assert.deepEqual(metrics.all("sluice_server_failures_total"), { [`${down} connect_refused`]: 2 });
  assert.deepEqual(metrics.all("sluice_server_response_seconds_count"), { [up]: 10, [down]: 0 });
  assert.deepEqual(metrics.all("sluice_server_requests_in_flight"), { [up]: 0, [down]: 0 });
  assert.deepEqual(metrics.all("sluice_server_weight"), { [up]: 1, [down]: 1 });
});

test("the metrics have the types and texts of the table, and every one of them after such traffic", async (t) => {
  const relay = { name: "relay", mode: "relay", bind: "127.0.0.1:0", relay: { users: { ann: HASH } } };
  const staged = {
    name: "staged",
    bind: "127.0.0.1:0",
    default_backend: "app",
    rate_limit: { rate: "10/s", store: "redis://127.0.0.1:1" },
    concurrency: { limit: 10 },
    cache: {},
    circuit_breaker: {},
  };
  const { port, measure } = await openMetricsScene(t, { answer, further: [relay, staged] });
  await roundTrip(port(0), get("/", CLOSE));
  await roundTrip(port(1), get("/dead", CLOSE));
  const credentials = `Proxy-Authorization: Basic ${btoa("ann:wrong")}`;
  await roundTrip(port(2), get("http://a.example/", CLOSE, credentials));
  const { families } = await measure(3);
  const described = [...families.values()].map(({ name, type, help }) => [name, { type, help }]);
  // The log is the test's: nobody knows what it loses.
  const { sluice_log_lines_lost_total: _, ...others } = METRICS;
  assert.deepEqual(Object.fromEntries(described), others);
});

test("the metrics count what is under way, and no longer when it is over", async (t) => {
  const { port, measure, server, names } = await openMetricsScene(t);
  const underWay = async () => {
    const metrics = await measure();
    return [
      metrics.all("sluice_requests_in_flight")["web"],
      metrics.all("sluice_backend_requests_in_flight")["app"],
      metrics.all("sluice_server_requests_in_flight")[`app ${names.up}`],
      metrics.all("sluice_connections")[""],
      metrics.all("sluice_server_connections")[`app ${names.up}`],
    ];
  };
  const leaving = await RawClient.open(port(0));
  leaving.send(get());
  await asked(server);
  const staying = await RawClient.open(port(0));
  staying.send(get());
  const second = await asked(server, 1);
  const tunnel = await RawClient.open(port(0));
  tunnel.send(get("/", "Connection: Upgrade", "Upgrade: x"));
  const third = await asked(server, 2);
  third.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n");
  await tunnel.until("101 Switching");
  assert.deepEqual(await underWay(), [3, 3, 3, 3, 3]);
  leaving.reset();
  second.send(ok("done"));
  await staying.until("done");
  third.close();
  tunnel.close();
  await eventually("nothing under way", async () => (await underWay()).slice(0, 3).join() === "0,0,0");
  staying.close();
  await eventually("no client", async () => (await underWay())[3] === 0);
  const metrics = await measure(3);
  assert.deepEqual(metrics.all("sluice_requests_total"), {
    "web app GET 101": 1,
    "web app GET 200": 1,
    "web app GET 499": 1,
  });
});

test("the metrics do not grow with what clients invent", async (t) => {
  const { port, measure } = await openMetricsScene(t, { answer });
  const invent = async (from: number, to: number) => {
    const client = await RawClient.open(port(0));
    for (let i = from; i < to; i++) {
      client.send(
        `INVENTED-${i} /path/${i}?q=${i} HTTP/1.1\r\nHost: h${i}.example\r\nX-N-${i}: ${i}\r\n\r\n`,
      );
    }
    await eventually("all answers", () => client.received.split("four").length > to - from);
    client.close();
    return await measure(to);
  };
  const before = await invent(0, 1);
  const after = await invent(1, 300);
  assert.equal(after.size, before.size);
  assert.equal(after.all("sluice_requests_total")["web app _other 200"], 300);
});

test("the metrics carry any name of a frontend", async (t) => {
  const name = 'a "b" \\ c=\u20ac,{}';
  const { port, measure } = await openMetricsScene(t, {
    config: {
      frontends: [{ name, bind: "127.0.0.1:0", default_backend: "app" }],
      backends: { app: { servers: ["http://127.0.0.1:1"] } },
    },
  });
  await roundTrip(port(0), get("/", CLOSE));
  const metrics = await measure(1);
  assert.deepEqual(metrics.all("sluice_requests_total"), { [`${name} app GET 502`]: 1 });
});

test("the admin listener answers at its own paths only", async (t) => {
  const { admin, proxy } = await openMetricsScene(t);
  const { port } = proxy.running.adminListener!;
  const paths = [
    "/metrics/",
    "/metricsx",
    "/metrics/x",
    "//metrics",
    "/METRICS",
    "/stats",
  ];
  const statusOf = async (line: string) =>
    Number((await roundTrip(port, `${line} HTTP/1.1\r\nHost: localhost\r\n${CLOSE}\r\n\r\n`)).split(" ")[1]);
  for (const path of paths) assert.equal(await statusOf(`GET ${path}`), 404, path);
  for (const method of ["POST", "PUT", "DELETE"]) assert.equal(await statusOf(`${method} /metrics`), 405);
  assert.equal(await statusOf("OPTIONS *"), 404);
  const query = await admin("/metrics?x=1");
  assert.equal(query.status, 200);
  assert.equal(query.headers.get("cache-control"), "no-store");
  new Metrics(await query.text());
  const head = await admin("/metrics", { method: "HEAD" });
  assert.equal(head.status, 200);
  assert.equal(await head.text(), "");
  assert.match(await roundTrip(proxy.running.adminListener!.port, "hello\r\n\r\n"), /^HTTP\/1\.1 400 /);
  assert.deepEqual(proxy.accesses, []);
});

test("the metrics are OpenMetrics for who likes that better, on the admin listener and on frontends", async (t) => {
  const { admin, port } = await openMetricsScene(t, { answer, config: { metrics: { enabled: true } } });
  await roundTrip(port(0), get("/", CLOSE));
  const accept = "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
  for (const url of ["admin", "frontend"]) {
    const ask = (headers: Record<string, string>) =>
      url === "admin"
        ? admin("/metrics", { headers })
        : fetch(`http://127.0.0.1:${port(0)}/metrics`, { headers });
    const answer = await ask({ Accept: accept });
    assert.equal(
      answer.headers.get("content-type"),
      "application/openmetrics-text; version=1.0.0; charset=utf-8",
    );
    assert.equal(answer.headers.get("vary"), "Accept");
    assert.ok(parseOpenMetrics(await answer.text()).has("sluice_requests_total"));
    const plain = await ask({ Accept: "text/plain" });
    assert.equal(plain.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    new Metrics(await plain.text());
  }
});

test("the admin listener keeps a connection that comes right behind the start", async (t) => {
  const { proxy } = await openMetricsScene(t);
  const client = await RawClient.open(proxy.running.adminListener!.port);
  t.after(() => client.close());
  const started = performance.now();
  await eventually("what was there before to be let go", () => performance.now() - started > 100);
  client.send(get("/ready"));
  assert.match(await client.until("ready"), /^HTTP\/1\.1 200 OK\r\n/);
});

test("the admin listener does not count its own requests", async (t) => {
  const { measure } = await openMetricsScene(t);
  for (let i = 0; i < 3; i++) await measure();
  const metrics = await measure();
  assert.deepEqual(metrics.all("sluice_requests_total"), {});
  assert.deepEqual(metrics.all("sluice_connections"), { "": 0 });
});

for (const taken of ["admin", "frontend"] as const) {
  test(`the proxy does not start where the address of the ${taken} is taken, and leaves nothing open`, async (t) => {
    const holder = await RawServer.listen();
    t.after(() => holder.close());
    const free = await RawServer.listen();
    await free.close();
    const [admin, frontend] = taken === "admin" ? [holder.port, free.port] : [free.port, holder.port];
    const config = {
      admin: { bind: `127.0.0.1:${admin}` },
      frontends: [{ bind: `127.0.0.1:${frontend}`, default_backend: "app" }],
      backends: { app: { servers: ["http://127.0.0.1:1"] } },
    };
    await assert.rejects(openMetricsScene(t, { config }), /another program listens there/);
    await assert.rejects(RawClient.open(free.port));
  });
}

const ON_FRONTENDS: [line: string, isMetrics: boolean][] = [
  ["GET /m HTTP/1.1", true],
  ["GET /m?x=1 HTTP/1.1", true],
  ["GET http://a.example/m HTTP/1.1", true],
  ["GET /m/ HTTP/1.1", false],
  ["GET /mx HTTP/1.1", false],
  ["GET /m/x HTTP/1.1", false],
  ["GET /M HTTP/1.1", false],
  ["GET /%6d HTTP/1.1", false],
  ["GET //m HTTP/1.1", false],
  ["GET /x/../m HTTP/1.1", false],
  ["GET /?/m HTTP/1.1", false],
  ["GET /metrics HTTP/1.1", false],
  ["POST /m HTTP/1.1", false],
];
for (const [line, isMetrics] of ON_FRONTENDS) {
  test(`a frontend that shows metrics ${isMetrics ? "answers" : "forwards"} ${line}`, async (t) => {
    const config = { metrics: { enabled: true, path: "/m" } };
    const { port, server } = await openMetricsScene(t, { answer, config });
    const received = await roundTrip(port(0), `${line}\r\nHost: a.example\r\n${CLOSE}\r\n\r\n`);
    assert.match(received, /^HTTP\/1\.1 200 /);
    assert.equal(received.includes("sluice_requests_in_flight"), isMetrics);
    assert.equal(server.connections.length, isMetrics ? 0 : 1);
  });
}

for (const metrics of [undefined, { enabled: false, path: "/m" }, { path: "/m" }]) {
  test(`a frontend shows no metrics with ${JSON.stringify(metrics)}`, async (t) => {
    const { port, server } = await openMetricsScene(t, {
      answer,
      config: metrics === undefined ? {} : { metrics },
    });
    for (const path of ["/m", "/metrics"]) await roundTrip(port(0), get(path, CLOSE));
    assert.equal(server.received.match(/^GET /gm)?.length, 2);
  });
}
