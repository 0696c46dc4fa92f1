// Another server says whether requests may pass; where it does not say so, they may not.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { eventually } from "../support/eventually.ts";
import { exchangeOn, statusIn, valuesIn } from "../support/exchanges.ts";
import { type RawConnection, RawServer } from "../support/raw-server.ts";
import { get, ok, openScene, post, type SceneOptions } from "./scene.ts";

type Say = string | ((head: string, connection: RawConnection) => string | undefined);

/** A proxy whose requests are asked about at a server that answers with `says`. */
async function openForward(
  t: TestContext,
  says: Say,
  { auth = {}, frontend = {}, ...scene }: SceneOptions & { auth?: Record<string, unknown> } = {},
) {
  const asked = await RawServer.answering(says);
  t.after(() => asked.close());
  const opened = await openScene(t, {
    answer: ok("in"),
    frontend: {
      auth: { forward: { url: `http://127.0.0.1:${asked.port}/verify?x=1`, ...auth } },
      ...frontend,
    },
    ...scene,
  });
  const client = await opened.client();
  return { ...opened, asked, first: client, ask: (text: string) => exchangeOn(client, text) };
}

const NO = (status: string, ...lines: string[]) =>
  [`HTTP/1.1 ${status}`, ...lines, "Content-Length: 2", "", "no"].join("\r\n");

test("forward auth asks with a GET that says what the client wants, and sends on what is let through", async (t) => {
  const { ask, asked, server, proxy } = await openForward(t, ok("", "X-User: ada"), {
    auth: { copy_response_headers: ["X-User"] },
  });
  const answer = await ask(
    post("abc", "Cookie: sid=1", "Authorization: Bearer x", "X-Other: 1", "X-Forwarded-Uri: /forged").replace(
      "POST /",
      "POST /a%2Fb?q=1",
    ),
  );
  assert.equal(statusIn(answer), "200");
  const head = asked.received;
  assert.match(head, /^GET \/verify\?x=1 HTTP\/1\.1\r\n/);
  assert.deepEqual(valuesIn(head, "host"), [`127.0.0.1:${asked.port}`]);
  assert.deepEqual(
    ["method", "proto", "host", "uri", "for"].map((name) => valuesIn(head, `x-forwarded-${name}`)),
    [["POST"], ["http"], ["a.example"], ["/a%2Fb?q=1"], ["127.0.0.1"]],
  );
  assert.deepEqual([valuesIn(head, "cookie"), valuesIn(head, "authorization")], [["sid=1"], ["Bearer x"]]);
  assert.doesNotMatch(head, /x-other|content-length|transfer-encoding|abc/i);
  assert.deepEqual(valuesIn(server.received, "x-user"), ["ada"]);
  assert.match(server.received, /^POST \/a%2Fb\?q=1 [^]*\r\n\r\nabc$/);
  const { user, backend } = await proxy.access(0);
  assert.deepEqual([user, backend], ["ada", "app"]);
});

test("forward auth asks over one connection for requests one after another", async (t) => {
  const { ask, asked } = await openForward(t, ok("fine"));
  for (let i = 0; i < 5; i++) assert.equal(statusIn(await ask(get())), "200");
  assert.equal(asked.connections.length, 1);
});

test("the log has the name that an auth server says in UTF-8, and servers get its bytes", async (t) => {
  const { ask, server, proxy } = await openForward(t, ok("", "X-User: Zo\xc3\xab"), {
    auth: { copy_response_headers: ["X-User"] },
  });
  await ask(get());
  assert.deepEqual(valuesIn(server.received, "x-user"), ["Zo\xc3\xab"]);
  assert.equal((await proxy.access(0))["user"], "Zoë");
});

const FOR_CLIENTS: [status: string, reason: string, ...lines: string[]][] = [
  [
    "401 Unauthorized",
    "unauthorized",
    'WWW-Authenticate: Basic realm="x"',
    "Set-Cookie: a=1",
    "Set-Cookie: b=2",
  ],
  ["403 Forbidden", "access_denied", "Content-Type: text/html"],
  ["302 Found", "unauthorized", "Location: https://login.example/?to=%2F", "Set-Cookie: csrf=1"],
  ["307 Temporary Redirect", "unauthorized", "Location: /login"],
];
for (const [status, reason, ...lines] of FOR_CLIENTS) {
  test(`forward auth passes a ${status} on to the client, and follows nothing`, async (t) => {
    const { ask, server, asked, proxy } = await openForward(
      t,
      NO(status, ...lines, "Connection: keep-alive"),
    );
    for (let i = 0; i < 2; i++) {
      const answer = await ask(get());
      assert.ok(answer.startsWith(`HTTP/1.1 ${status}\r\n`), answer);
      for (const line of lines) assert.ok(answer.includes(`\r\n${line}\r\n`), answer);
      assert.match(answer, /\r\ncache-control: no-store\r\n[^]*\r\n\r\nno$/i);
      assert.equal((await proxy.access(i))["reason"], reason);
    }
    assert.equal(server.connections.length, 0);
    assert.equal(asked.received.match(/^GET /gm)?.length, 2);
  });
}

const FAILURES: [what: string, says: Say, auth?: Record<string, unknown>][] = [
  ["answers 500", NO("500 Internal Server Error")],
  ["answers 404", NO("404 Not Found")],
  ["answers 304", "HTTP/1.1 304 Not Modified\r\n\r\n"],
  ["is silent", () => undefined, { timeout: "60ms" }],
  ["begins an answer that never ends", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", {
    timeout: "60ms",
  }],
  ["says yes with a huge answer", ok("x".repeat(3000)), { max_answer: "2KiB" }],
  [
    "says yes with a huge answer in chunks",
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nbb8\r\n${"x".repeat(3000)}\r\n`,
    { max_answer: "2KiB" },
  ],
  ["says no with a huge answer", NO("403 Forbidden").replace("2", "9999999")],
  ["sends garbage", "SSH-2.0-OpenSSH_9.2\r\n\r\n"],
  ["sends fields without end", "HTTP/1.1 200 OK\r\n" + "X-A: 1\r\n".repeat(200) + "\r\n"],
  ["sends a field with a line in it", "HTTP/1.1 200 OK\r\nX-User: a\rb\r\nContent-Length: 0\r\n\r\n"],
  ["breaks off", (_head, connection) => void connection.socket.destroy()],
  ["breaks off in a chunk", (_head, connection) => {
    connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab");
    connection.end();
    return undefined;
  }],
  ["opens a tunnel", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"],
];
for (const [what, says, auth = {}] of FAILURES) {
  test(`nothing passes where the auth server ${what}`, async (t) => {
    const { ask, server, proxy } = await openForward(t, says, { auth });
    const answer = await ask(get());
    assert.equal(statusIn(answer), "503");
    assert.doesNotMatch(answer, /\r\nconnection: close/i);
    const { reason, backend } = await proxy.access(0);
    assert.deepEqual([reason, backend], ["auth_unavailable", undefined]);
    assert.equal(server.connections.length, 0);
  });
}

test("nothing passes where no auth server is there, and it passes once one is", async (t) => {
  const { ask, asked, proxy } = await openForward(t, ok(""));
  const { port } = asked;
  await asked.close();
  assert.equal(statusIn(await ask(get())), "503");
  assert.match(String((await proxy.access(0))["detail"]), /^The auth server failed: /);
  const back = await RawServer.answering(ok(""), { port });
  t.after(() => back.close());
  await eventually("the auth server to be asked again", async () => statusIn(await ask(get())) === "200");
});

test("a connection to the auth server that it closes meanwhile is no failure", async (t) => {
  const { ask, asked } = await openForward(t, ok(""));
  assert.equal(statusIn(await ask(get())), "200");
  asked.connections[0]!.end();
  assert.equal(statusIn(await ask(get())), "200");
});

test("a client that leaves is not asked about any further", async (t) => {
  const { first, asked, proxy } = await openForward(t, () => undefined);
  first.send(get());
  await eventually("the question", () => asked.received.includes("\r\n\r\n"));
  first.reset();
  assert.equal((await proxy.access(0))["reason"], "client_closed");
  await eventually(
    "the end of the question",
    () => asked.connections[0]!.closed || asked.connections[0]!.ended,
  );
});

test("connections to the auth server live on through reloads, until nobody asks it any more", async (t) => {
  const { ask, asked, proxy } = await openForward(t, ok(""));
  assert.equal(statusIn(await ask(get())), "200");
  const { config } = proxy.running.snapshot;
  const [frontend] = config.frontends;
  await proxy.running.reload({ ...config, frontends: [{ ...frontend!, via: "other" }] });
  assert.equal(statusIn(await ask(get())), "200");
  assert.equal(asked.connections.length, 1);
  const { auth: _none, ...open } = frontend!;
  await proxy.running.reload({ ...config, frontends: [open] });
  await eventually("the end of the connection", () => asked.open === 0);
  assert.equal(statusIn(await ask(get())), "200");
  assert.equal(asked.connections.length, 1);
});

test("a question that is under way outlives a reload that takes auth away", async (t) => {
  let answer = () => {};
  const { first, asked, proxy } = await openForward(t, (_head, connection) => {
    answer = () => connection.send(ok(""));
    return undefined;
  });
  first.send(get("/", "Connection: close"));
  await eventually("the question", () => asked.received.includes("\r\n\r\n"));
  const { config } = proxy.running.snapshot;
  const { auth: _none, ...open } = config.frontends[0]!;
  await proxy.running.reload({ ...config, frontends: [open] });
  answer();
  assert.equal(statusIn(await first.untilClosed()), "200");
});

test("a backend is asked by its policy, and its servers that are down are not", async (t) => {
  const asked = await RawServer.answering(ok("", "X-User: ada"));
  const gone = await RawServer.answering(ok(""));
  await gone.close();
  t.after(() => asked.close());
  const { client, proxy } = await openScene(t, {
    answer: ok("in"),
    frontend: { auth: { forward: { backend: "auth", path: "/verify" } } },
    config: {
      backends: {
        app: { servers: [`http://127.0.0.1:${asked.port}`] },
        auth: { servers: [`http://127.0.0.1:${gone.port}`, `http://127.0.0.1:${asked.port}/base`] },
      },
    },
  });
  const c = await client();
  for (let i = 0; i < 3; i++) assert.equal(statusIn(await exchangeOn(c, get())), "200");
  assert.match(asked.received, /^GET \/base\/verify HTTP/);
  assert.equal(proxy.running.snapshot.backends.get("auth")!.inFlight, 0);
});

test("a proxy that asks itself says so instead of asking for ever", async (t) => {
  const { client, proxy } = await openScene(t, {
    answer: ok("in"),
    frontend: { auth: { forward: { backend: "itself" } } },
    config: {
      backends: { app: { servers: ["http://127.0.0.1:1"] }, itself: { servers: ["http://127.0.0.1:2"] } },
    },
  });
  const { config } = proxy.running.snapshot;
  const itself = config.backends["itself"]!;
  const server = { ...itself.servers[0]!, url: `http://127.0.0.1:${proxy.port}`, port: proxy.port };
  await proxy.running.reload({
    ...config,
    backends: { ...config.backends, itself: { ...itself, servers: [server] } },
  });
  const answer = await exchangeOn(await client(), get());
  assert.equal(statusIn(answer), "503");
  assert.ok(proxy.accesses.some(({ reason }) => reason === "loop_detected"));
  assert.ok(proxy.accesses.length < 10);
});
