// What a route does in place of sending an answer on, by its status, and in place of its own failures.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { eventually } from "../support/eventually.ts";
import { RawClient } from "../support/raw-client.ts";
import { type RawConnection, RawServer } from "../support/raw-server.ts";
import { startTestProxy, type TestProxy } from "../support/test-proxy.ts";
import { asked, bodyOf, get, messagesIn, ok, pathOf, post, request } from "./scene.ts";

type Behaviour = string | ((connection: RawConnection) => void);

interface Stage {
  readonly app: RawServer;
  readonly other: RawServer;
  readonly proxy: TestProxy;
  client(): Promise<RawClient>;
  /** Sends `text` on a connection of its own and returns what came until its end. */
  ask(text: string): Promise<string>;
}

const CLOSE = "Connection: close";

function answer(status: number, body = "theirs", ...lines: string[]): string {
  return [`HTTP/1.1 ${status} Said`, ...lines, `Content-Length: ${body.length}`, "", body].join("\r\n");
}

/** A proxy whose one route leads to `app` and has `onStatus`, which may name the backend `other`. */
async function open(
  t: TestContext,
  onStatus: Record<string, unknown>,
  { app = answer(502), other = ok("other"), keys = {}, backend = {}, config = {}, pair = false }: {
    app?: Behaviour | "refuses";
    other?: Behaviour;
    keys?: Record<string, unknown>;
    backend?: Record<string, unknown>;
    config?: Record<string, unknown>;
    /** Whether there is a backend `pair` of the other server and one that refuses connections. */
    pair?: boolean;
  } = {},
): Promise<Stage> {
  const servers = await Promise.all(
    [app, other].map((behaviour) =>
      typeof behaviour === "string" ? RawServer.answering(behaviour) : RawServer.listen({ onData: behaviour })
    ),
  );
  if (app === "refuses") await servers[0]!.close();
  const url = (i: number) => `http://127.0.0.1:${servers[i]!.port}`;
  const proxy = await startTestProxy({
    servers: [],
    frontend: { routes: [{ backend: "app", on_status: onStatus, ...keys }] },
    config: {
      backends: {
        app: { servers: [url(0)], retries: { attempts: 1 }, ...backend },
        other: { servers: [url(1)], host_header: "rewrite" },
        ...(pair &&
          { pair: { servers: [url(0), url(1)], ejection: { enabled: false }, retries: { budget: 1 } } }),
      },
      ...config,
    },
  });
  const clients: RawClient[] = [];
  const client = async () => {
    clients.push(await RawClient.open(proxy.port));
    return clients.at(-1)!;
  };
  t.after(async () => {
    for (const client of clients) client.close();
    await eventually("no request in flight", () => proxy.inFlight() === 0);
    await proxy.stop();
    await Promise.all(servers.map((server, i) => (i === 0 && app === "refuses") || server.close()));
  });
  return {
    app: servers[0]!,
    other: servers[1]!,
    proxy,
    client,
    async ask(text) {
      const c = await client();
      c.send(text);
      return await c.untilClosed();
    },
  };
}

const page = (body: string) => ({ respond: { body } });
const RANGES = { "4xx": page("class"), "400-410": page("range"), "404": page("one"), "500": page("other") };
const STATUSES: [status: number, body: string][] = [
  [404, "one"],
  [405, "range"],
  [411, "class"],
  [500, "other"],
  [501, "theirs"],
  [304, ""],
  [201, "theirs"],
];
for (const [status, body] of STATUSES) {
  test(`on_status answers ${status} with ${body || "nothing"}, by the narrowest range that holds it`, async (t) => {
    const { ask } = await open(t, RANGES, { app: answer(status) });
    const got = await ask(get("/", CLOSE));
    assert.match(got, new RegExp(`^HTTP/1\\.1 ${status} `));
    assert.equal(bodyOf(got), body);
  });
}

test("on_status with respond keeps the status, drops the answer and keeps the server's connection", async (t) => {
  const { app, client, proxy } = await open(
    t,
    { "5xx": { respond: { body: "sorry", headers: { X: "1" } } } },
    {
      app: answer(502, "x".repeat(10_000), "Set-Cookie: a=b", "Cache-Control: max-age=60"),
    },
  );
  const c = await client();
  for (let i = 1; i <= 3; i++) {
    c.send(get("/"));
    await eventually("an answer", () => c.received.split("sorry").length === i + 1);
    await eventually("what was dropped to be over", () => proxy.inFlight() === 0);
  }
  assert.match(c.received, /^HTTP\/1\.1 502 Bad Gateway\r\n/);
  assert.match(c.received, /\r\nx: 1\r\n/i);
  assert.match(c.received, /\r\ncache-control: no-store\r\n/i);
  assert.doesNotMatch(c.received, /Set-Cookie|max-age|xx/i);
  assert.equal(app.connections.length, 1);
  const { status, reason, server, tried } = await proxy.access(0);
  assert.deepEqual([status, reason, tried], [502, "ok", `${server} 502`]);
});

test("on_status keeps the server's connection behind a request whose body is complete", async (t) => {
  const { app, ask } = await open(t, { 404: { respond: { body: "ours" } } }, { app: answer(404) });
  for (let i = 0; i < 4; i++) {
    const text = request("PUT", "/", ["Content-Length: 3", CLOSE]) + "abc";
    assert.equal(bodyOf(await ask(text)), "ours");
  }
  assert.equal(app.connections.length, 1);
});

test("on_status leaves the other backend its own retries, and says nothing of retries that were not needed", async (t) => {
  const { proxy, ask, other } = await open(t, { 502: { backend: "pair" } }, {
    app: "refuses",
    config: {},
    backend: { retries: { attempts: 1 } },
    pair: true,
  });
  for (let i = 0; i < 4; i++) {
    assert.equal(bodyOf(await ask(get("/", CLOSE))), "other");
    assert.equal((await proxy.access(i))["retry"], undefined);
  }
  assert.equal(messagesIn(other.received), 4);
});

test("on_status breaks an answer off that is too long to be read for nothing", async (t) => {
  const { app, client } = await open(t, { "5xx": page("sorry") }, {
    app: answer(503, "x".repeat(1_000_000)),
  });
  const c = await client();
  c.send(get("/") + get("/"));
  await c.until(/sorry[^]*sorry/);
  assert.equal(app.connections.length, 2);
  await eventually(
    "the first connection to be closed",
    () => app.connections[0]!.ended || app.connections[0]!.closed,
  );
});

test("on_status may name another status, and its own Cache-Control", async (t) => {
  const { ask } = await open(t, {
    "502": { respond: { status: 200, body: "{}", headers: { "Cache-Control": "max-age=1" } } },
  });
  const got = await ask(get("/", CLOSE));
  assert.match(got, /^HTTP\/1\.1 200 OK\r\n[^]*cache-control: max-age=1\r\n/i);
});

test("on_status leads elsewhere with redirect", async (t) => {
  const { ask } = await open(t, { "401": { redirect: "https://login.example/?to={uri}" } }, {
    app: answer(401),
  });
  const got = await ask(get("/a", CLOSE));
  assert.match(got, /^HTTP\/1\.1 302 Found\r\n[^]*location: https:\/\/login\.example\/\?to=\/a\r\n/i);
});

test("on_status sends the request to another backend, whole and as the route shapes it", async (t) => {
  const { ask, other, proxy, app } = await open(t, { "404": { backend: "other" } }, {
    app: answer(404),
    keys: { strip_prefix: "/api" },
  });
  const got = await ask(post("the body", "X-Mine: 1", CLOSE).replace("POST / ", "POST /api/x "));
  assert.equal(bodyOf(got), "other");
  const { received } = await asked(other);
  assert.match(received, /^POST \/x HTTP\/1\.1\r\n/);
  assert.match(received, /\r\nX-Mine: 1\r\n/);
  assert.match(received, new RegExp(`\r\nHost: 127\\.0\\.0\\.1:${other.port}\r\n`)); // as that backend has it
  assert.equal(bodyOf(received), "the body");
  assert.equal(messagesIn(app.received), 1);
  const line = await proxy.access(0);
  assert.deepEqual([line["status"], line["reason"], line["backend"], line["attempts"]], [
    200,
    "ok",
    "other",
    2,
  ]);
  assert.equal(line["tried"], `http://127.0.0.1:${app.port} 404`);
});

const METHODS: [method: string, status: number, goesOn: boolean][] = [
  ["GET", 502, true],
  ["PUT", 500, true],
  ["POST", 404, true],
  ["POST", 501, true],
  ["POST", 500, false],
  ["POST", 502, false],
  ["PATCH", 503, false],
];
for (const [method, status, goesOn] of METHODS) {
  test(`on_status ${goesOn ? "sends" : "does not send"} a ${method} to another backend that was answered ${status}`, async (t) => {
    const { ask, other } = await open(t, { "4xx": { backend: "other" }, "5xx": { backend: "other" } }, {
      app: answer(status),
    });
    const got = await ask(post("abc", CLOSE).replace("POST", method));
    assert.equal(bodyOf(got), goesOn ? "other" : "theirs");
    assert.equal(other.connections.length, goesOn ? 1 : 0);
  });
}

test("on_status asks one other backend, whose answer counts", async (t) => {
  const { ask, other } = await open(t, { "404": { backend: "other" } }, {
    app: answer(404, "first"),
    other: answer(404, "second"),
  });
  assert.equal(bodyOf(await ask(get("/", CLOSE))), "second");
  assert.equal(messagesIn(other.received), 1);
});

test("on_status sends an answer on where the body of its request is too long to be kept", async (t) => {
  const { ask, other, app } = await open(t, { "503": { backend: "other" } }, {
    app(connection) {
      if (connection.received.endsWith("end")) connection.send(answer(503));
    },
  });
  const body = "x".repeat(200_000) + "end";
  assert.equal(bodyOf(await ask(post(body, CLOSE).replace("POST", "PUT"))), "theirs");
  assert.equal(app.connections.length, 1);
  assert.equal(other.connections.length, 0);
});

test("on_status sends the whole of a body that was still coming when the first answer came", async (t) => {
  const { client, other } = await open(t, { "503": { backend: "other" } }, {
    app(connection) {
      if (connection.received.endsWith("first half, ")) connection.send(answer(503));
    },
    other(connection) {
      if (connection.received.endsWith("second half")) connection.send(ok("other"));
    },
  });
  const c = await client();
  const whole = "first half, second half";
  c.send(request("PUT", "/", [`Content-Length: ${whole.length}`]) + "first half, ");
  const { received } = await asked(other);
  assert.equal(pathOf(received), "/");
  c.send("second half");
  await c.until("other");
  assert.equal(bodyOf(other.received), whole);
});

const FAILURES: [why: string, options: Parameters<typeof open>[2], reason: string, status: number][] = [
  ["a refused connection", { app: "refuses" }, "connect_refused", 502],
  ["a broken connection", { app: (connection) => connection.reset() }, "upstream_reset", 502],
  ["silence", { app: () => {}, backend: { timeouts: { response: "30ms" } } }, "response_timeout", 504],
  ["nonsense", { app: "nonsense\r\n\r\n" }, "upstream_invalid", 502],
];
for (const [why, options, reason, status] of FAILURES) {
  test(`on_status answers ${why}, which the log and the client's status still tell`, async (t) => {
    const { ask, proxy } = await open(t, { "502-504": page("sorry") }, options);
    const got = await ask(post("abc", CLOSE));
    assert.match(got, new RegExp(`^HTTP/1\\.1 ${status} [^]*no-store`, "i"));
    assert.equal(bodyOf(got), "sorry");
    const line = await proxy.access(0);
    assert.deepEqual([line["status"], line["reason"]], [status, reason]);
  });

  const goesOn = reason !== "upstream_invalid"; // the beginning of an answer came
  test(`on_status ${goesOn ? "asks" : "does not ask"} another backend behind ${why}`, async (t) => {
    const { ask, proxy } = await open(t, { "502-504": { backend: "other" } }, options);
    assert.match(await ask(get("/", CLOSE)), goesOn ? /other$/ : new RegExp(`^HTTP/1\\.1 ${status} `));
    const line = await proxy.access(0);
    assert.equal(line["reason"], goesOn ? "ok" : reason);
    if (goesOn) assert.match(String(line["tried"]), new RegExp(`^http://127.0.0.1:\\d+ ${reason}$`));
  });
}

test("on_status asks another backend where one has no server, for any method", async (t) => {
  const { ask, proxy } = await open(t, { "503": { backend: "other" } }, {
    backend: { servers: [{ url: "http://127.0.0.1:1", weight: 0 }] },
  });
  assert.match(await ask(post("abc", CLOSE)), /other$/);
  assert.equal((await proxy.access(0))["tried"], "app no_server");
});

test("on_status does not send a POST to another backend that a server may have got", async (t) => {
  const { ask, other, proxy } = await open(t, { "502": { backend: "other" } }, {
    app: (connection) => connection.reset(),
  });
  assert.match(await ask(post("abc", CLOSE)), /^HTTP\/1\.1 502 /);
  assert.equal(other.connections.length, 0);
  assert.equal((await proxy.access(0))["reason"], "upstream_reset");
});

test("on_status leaves an answer alone that has begun", async (t) => {
  const { ask, other, proxy } = await open(t, { "5xx": { backend: "other" } }, {
    app(connection) {
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
      connection.end();
    },
  });
  assert.match(await ask(get("/", CLOSE)), /^HTTP\/1\.1 200 OK\r\n[^]*half$/);
  assert.equal((await proxy.access(0))["reason"], "upstream_reset");
  assert.equal(other.connections.length, 0);
});

test("on_status leaves what is the client's fault alone", async (t) => {
  const { ask, proxy } = await open(t, { "4xx": page("sorry") }, {
    app: () => {},
    config: { limits: { body_size: "4B" } },
  });
  const chunked = request("POST", "/", ["Transfer-Encoding: chunked", CLOSE]) + "8\r\n01234567\r\n0\r\n\r\n";
  assert.match(await ask(chunked), /^HTTP\/1\.1 413 [^]*body_too_large/);
  assert.equal((await proxy.access(0))["reason"], "body_too_large");
});

test("on_status tells HEAD what it would tell GET", async (t) => {
  const { ask } = await open(t, { "404": page("sorry") }, {
    app: "HTTP/1.1 404 No\r\nContent-Length: 99\r\n\r\n",
  });
  const got = await ask(request("HEAD", "/", [CLOSE]));
  assert.match(got, /^HTTP\/1\.1 404 Not Found\r\n[^]*content-length: 5\r\n[^]*\r\n\r\n$/i);
});

test("on_status lets go of the other server when the client leaves, though the first answer ended meanwhile", async (t) => {
  const { client, app, other, proxy } = await open(t, { "404": { backend: "other" } }, {
    app: (connection) => connection.send("HTTP/1.1 404 No\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n"),
    other: () => {},
  });
  const c = await client();
  c.send(get("/"));
  const second = await asked(other);
  app.connections[0]!.send("0\r\n\r\n");
  await eventually("the first to be over", () => proxy.inFlight() === 1);
  c.reset();
  await eventually("the other to be let go of", () => second.ended || second.closed);
  assert.equal((await proxy.access(0))["reason"], "client_closed");
});
