// What a line of the access log holds.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogFields } from "../../src/base/log-event.ts";
import { eventually } from "../support/eventually.ts";
import { roundTrip } from "../support/raw-client.ts";
import { openRetryScene } from "./retry-scene.ts";
import { asked, get, ok, openScene, post } from "./scene.ts";
import { openAppScene } from "./app-scene.ts";
import { openFailingScene } from "./failing-scene.ts";

const CLOSE = "Connection: close";

/** `line` without what is undefined and what is another each time, which is checked here. */
function steady(line: LogFields): Record<string, unknown> {
  const { request_id: id, detail: _, ...rest } = line;
  assert.match(String(id), /^[\w.-]+$/);
  assert.ok(typeof line["elapsed_ms"] === "number");
  const said = Object.entries(rest).filter(([, value]) => value !== undefined);
  for (const [name, value] of said) {
    if (name.endsWith("_ms")) assert.ok(typeof value === "number" && value >= 0 && value < 5000);
  }
  return Object.fromEntries(said.filter(([name]) => !name.endsWith("_ms")));
}

test("the access log tells all about a request", async (t) => {
  const { proxy, server } = await openScene(t, { answer: ok("answer") });
  await roundTrip(proxy.port, post("12345", "User-Agent: curl/8", "X-Request-Id: id-1", CLOSE));
  const line = await proxy.access(0);
  assert.deepEqual(steady(line), {
    frontend: "web",
    client: "127.0.0.1",
    method: "POST",
    host: "a.example",
    target: "/",
    protocol: "HTTP/1.1",
    status: 200,
    reason: "ok",
    backend: "app",
    server: `http://127.0.0.1:${server.port}`,
    attempts: 1,
    bytes_in: 5,
    bytes_out: 6,
    user_agent: "curl/8",
  });
  assert.deepEqual([line["request_id"], line["detail"]], ["id-1", undefined]);
});

const FAILURES: [what: string, request: string, line: Record<string, unknown>][] = [
  ["a path that leads nowhere", get("/nowhere?x", CLOSE), {
    method: "GET",
    host: "a.example",
    target: "/nowhere?x",
    status: 404,
    reason: "no_route",
    attempts: 0,
  }],
  ["a backend without a server", get("/no_server", CLOSE), {
    method: "GET",
    host: "a.example",
    target: "/no_server",
    status: 503,
    reason: "no_server",
    backend: "no_server",
    attempts: 0,
  }],
  ["bytes that are no request", "hello\r\n\r\n", {
    method: "-",
    host: "-",
    target: "-",
    status: 400,
    reason: "bad_request",
    attempts: 0,
  }],
];
for (const [what, request, expected] of FAILURES) {
  test(`the access log tells about ${what}`, async (t) => {
    const { ask, proxy } = await openFailingScene(t);
    const { body } = await ask(request);
    const line = await proxy.access(0);
    assert.deepEqual(steady(line), {
      frontend: "web",
      client: "127.0.0.1",
      protocol: "HTTP/1.1",
      bytes_in: 0,
      bytes_out: body.length,
      ...expected,
    });
    assert.ok(typeof line["detail"] === "string" && line["detail"].length > 5);
  });
}

test("the access log names the server that failed, and why", async (t) => {
  const { ask, proxy } = await openFailingScene(t);
  await ask(get("/connect_refused", CLOSE));
  const { status, reason, backend, server, attempts, detail } = await proxy.access(0);
  assert.deepEqual([status, reason, backend, attempts], [502, "connect_refused", "connect_refused", 1]);
  assert.match(String(server), /^http:\/\/127\.0\.0\.1:\d+$/);
  assert.match(String(detail), /\S/);
});

test("the access log names the backend that a refused path was on its way to", async (t) => {
  const routes = [{ add_prefix: "/base", backend: "app" }];
  const { proxy } = await openScene(t, { answer: ok(), frontend: { routes, default_backend: undefined } });
  await roundTrip(proxy.port, get("/../x", CLOSE));
  const { status, backend, server } = await proxy.access(0);
  assert.deepEqual([status, backend, server], [400, "app", undefined]);
});

test("the access log has 499 for a client that left before an answer", async (t) => {
  const { proxy, server, client } = await openScene(t);
  const leaving = await client();
  leaving.send(get());
  await asked(server);
  leaving.reset();
  const { status, reason, bytes_out: sent } = await proxy.access(0);
  assert.deepEqual([status, reason, sent], [499, "client_closed", 0]);
});

const PEERS: [line: string, client: string, peer: string | undefined][] = [
  ["X-A: 1", "127.0.0.1", undefined],
  ["X-Forwarded-For: 192.0.2.7", "192.0.2.7", "127.0.0.1"],
  ["X-Forwarded-For: 127.0.0.1", "127.0.0.1", undefined],
  ["X-Forwarded-For: unknown", "127.0.0.1", undefined],
];
for (const [line, client, peer] of PEERS) {
  test(`the access log names ${peer === undefined ? "no peer" : "the peer"} beside the client with ${line}`, async (t) => {
    const frontend = { trusted_proxies: ["127.0.0.1"] };
    const { proxy } = await openScene(t, { answer: ok(), frontend });
    await roundTrip(proxy.port, get("/", line, CLOSE));
    const fields = await proxy.access(0);
    assert.deepEqual([fields["client"], fields["peer"]], [client, peer]);
  });
}

test("the access log is empty where it is off", async (t) => {
  const { proxy } = await openScene(t, { answer: ok(), config: { log: { access: false } } });
  await roundTrip(proxy.port, get("/", CLOSE));
  await proxy.stop();
  assert.deepEqual(proxy.accesses, []);
});

test("the access log says how long a request waited for what", async (t) => {
  const { proxy, server, client } = await openScene(t);
  const c = await client();
  for (let i = 0; i < 2; i++) {
    c.send(get());
    const connection = await eventually("the request", () => server.connections[0]);
    await connection.until(new RegExp(`(?:GET[^]*?\\r\\n\\r\\n){${i + 1}}`));
    const asked = performance.now();
    await eventually("a while", () => performance.now() - asked > 60);
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na");
    await c.until(new RegExp(`(?:HTTP[^]*?\\r\\n\\r\\nab?){${i + 1}}`));
    const begun = performance.now();
    await eventually("a while", () => performance.now() - begun > 60);
    connection.send("b");
    const line = await proxy.access(i);
    const { elapsed_ms: elapsed, connect_ms: connect, head_ms: head, body_ms: body } = line as Record<
      string,
      number
    >;
    assert.ok(head! >= 55 && body! >= 55);
    assert.ok(head! + body! + (connect ?? 0) <= elapsed! + 0.3);
    assert.equal(connect === undefined, i === 1); // the second request finds the connection open
    assert.equal(line["queue_ms"], undefined);
  }
});

test("the access log says how long a request waited for a connection of a full server", async (t) => {
  const { proxy, server, client } = await openScene(t, { entry: { max_connections: 1 } });
  const [first, second] = [await client(), await client()];
  first.send(get("/1"));
  const connection = await asked(server);
  second.send(get("/2"));
  await eventually(
    "the second to wait",
    () => proxy.running.snapshot.backends.get("app")!.servers[0]!.pool.waiting,
  );
  const waiting = performance.now();
  await eventually("a while", () => performance.now() - waiting > 60);
  connection.send(ok());
  await connection.until("GET /2");
  connection.send(ok());
  const line = await proxy.access(1);
  assert.equal(line["target"], "/2");
  assert.ok(Number(line["queue_ms"]) >= 55);
  assert.equal(line["connect_ms"], undefined);
});

test("the access log has the time that failed to open a connection, and none of an answer", async (t) => {
  const { ask, proxy } = await openFailingScene(t);
  await ask(get("/connect_refused", CLOSE));
  const { connect_ms: connect, head_ms: head, body_ms: body } = await proxy.access(0);
  assert.ok(Number(connect) >= 0);
  assert.deepEqual([head, body], [undefined, undefined]);
});

const SHOWN: [what: string, log: Record<string, unknown>, shown: Record<string, string>][] = [
  ["no header where none is asked for", {}, {}],
  [
    "the headers that are asked for",
    {
      request_headers: ["Referer", "x-forwarded-for", "X-None", "accept"],
      response_headers: ["Content-Type", "x-one", "Via"],
    },
    {
      "request.referer": "http://b.example/",
      "request.x-forwarded-for": "192.0.2.1",
      "request.accept": "a, b",
      "response.content-type": "text/plain",
      "response.x-one": "set",
      "response.via": "1.1 sluice",
    },
  ],
  [
    "a mask for credentials",
    { request_headers: ["Cookie", "authorization", "X-API-Key"], response_headers: ["Set-Cookie"] },
    {
      "request.cookie": "[masked]",
      "request.authorization": "[masked]",
      "request.x-api-key": "[masked]",
      "response.set-cookie": "[masked]",
    },
  ],
  [
    "credentials where they are asked for",
    { request_headers: ["Cookie"], response_headers: ["Set-Cookie"], show_secrets: true },
    { "request.cookie": "id=secret", "response.set-cookie": "a=1, b=2" },
  ],
];
for (const [what, log, shown] of SHOWN) {
  test(`the access log shows ${what}`, async (t) => {
    const { proxy } = await openScene(t, {
      answer: ok("", "Content-Type: text/plain", "X-One: server", "Set-Cookie: a=1", "Set-Cookie: b=2"),
      config: { log },
      frontend: {
        routes: [{ path_prefix: "/", backend: "app", response_headers: { set: { "X-One": "set" } } }],
      },
    });
    const lines = [
      "Referer: http://b.example/",
      "X-Forwarded-For: 192.0.2.1",
      "Accept: a",
      "Accept: b",
      "Cookie: id=secret",
      "Authorization: Basic c2VjcmV0",
      "X-Api-Key: secret",
    ];
    await roundTrip(proxy.port, get("/", ...lines, CLOSE));
    const line = Object.entries(await proxy.access(0)).filter(([name]) => name.includes("."));
    assert.deepEqual(Object.fromEntries(line), shown);
  });
}

test("the access log shows an answer that nothing is changed of as the client gets it", async (t) => {
  const { proxy } = await openScene(t, {
    answer: ok("", "Connection: keep-alive", "Keep-Alive: timeout=9"),
    config: { log: { response_headers: ["Via", "Keep-Alive", "Connection"] } },
  });
  await roundTrip(proxy.port, get("/", CLOSE));
  const line = Object.entries(await proxy.access(0)).filter(([name]) => name.includes("."));
  assert.deepEqual(Object.fromEntries(line), { "response.via": "1.1 sluice" });
});

test("the access log shows headers of the proxy's own answers", async (t) => {
  const { proxy } = await openScene(t, {
    config: { log: { response_headers: ["Content-Type", "Location"] } },
    frontend: { routes: [{ path_prefix: "/", redirect: "https://b.example/" }] },
  });
  await roundTrip(proxy.port, get("/", CLOSE));
  assert.equal((await proxy.access(0))["response.location"], "https://b.example/");
});

for (const keepsSentFields of [true, false]) {
  test(
    `an exchange keeps ${keepsSentFields ? "the" : "no"} fields of its answer where the log asks for ${
      keepsSentFields ? "some" : "none"
    }`,
    async (t) => {
      const scene = await openAppScene(t, { answer: ok("", "X-One: server"), keepsSentFields, use() {} });
      const client = await scene.client();
      client.send(get("/"));
      const exchange = await eventually("the exchange", () => scene.exchanges[0]);
      assert.equal(exchange.sentFields?.get("x-one"), keepsSentFields ? "server" : undefined);
      assert.equal(exchange.answer, undefined);
    },
  );
}

test("the access log tells of failures only where the sample is empty", async (t) => {
  const routes = [{ path_prefix: "/ok", respond: { status: 204 } }];
  const frontend = { routes, default_backend: undefined };
  const { proxy } = await openScene(t, { answer: ok(), frontend, config: { log: { sample: 0 } } });
  for (const target of ["/ok", "/nowhere", "/ok"]) await roundTrip(proxy.port, get(target, CLOSE));
  await proxy.stop();
  assert.deepEqual(proxy.accesses.map(({ target }) => target), ["/nowhere"]);
});

test("the access log says how long the proxy itself took, and what else was under way, where it is asked for details", async (t) => {
  const { proxy, server, client } = await openScene(t, { config: { log: { details: true } } });
  const [first, second] = [await client(), await client()];
  first.send(get("/first"));
  await asked(server);
  second.send(get("/second", CLOSE));
  const other = await eventually(
    "the second request",
    () => server.connections.find(({ received }) => received.includes("/second")),
  );
  other.send(ok());
  const line = await proxy.access(0);
  assert.deepEqual([line["target"], line["in_flight"], line["server_in_flight"]], ["/second", 1, 1]);
  const own = Number(line["proxy_ms"]);
  assert.ok(own >= 0 && own <= Number(line["elapsed_ms"]));
});

test("the proxy's own share of the time holds no wait for a server that failed", async (t) => {
  const { proxy, ask, name } = await openRetryScene(t, [() => {}, ok()], {
    backend: { timeouts: { response: "300ms" } },
    config: { log: { details: true } },
  });
  await ask(get("/", CLOSE));
  const { attempts, tried, proxy_ms: own, elapsed_ms: elapsed } = await proxy.access(0);
  assert.deepEqual([attempts, tried], [2, `${name(0)} response_timeout`]);
  assert.ok(Number(elapsed) >= 300 && Number(own) < 290);
});
