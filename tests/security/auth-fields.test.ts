/** What auth tells servers of a client: nobody else says it, however it is spelled and wherever it stands. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { openAppScene } from "../integration/app-scene.ts";
import { ok, openScene } from "../integration/scene.ts";
import { connect, openEcho, refusalOf } from "../integration/websocket-scene.ts";
import { eventually } from "../support/eventually.ts";
import { exchangeOn, valuesIn } from "../support/exchanges.ts";
import { RawServer } from "../support/raw-server.ts";
import { sight } from "./identity-stage.ts";
import { chunks, get } from "./shapes/shape.ts";

const NAMES = ["X-User", "Remote-Groups"];

/** A frontend whose auth server says `lines` of every client. */
async function authSaying(
  t: TestContext,
  lines: readonly string[],
  keys: Record<string, unknown> = {},
): Promise<Record<string, unknown>> {
  const asked = await RawServer.answering(
    ["HTTP/1.1 200 OK", ...lines, "Content-Length: 0", "", ""].join("\r\n"),
  );
  t.after(() => asked.close());
  const forward = { url: `http://127.0.0.1:${asked.port}`, copy_response_headers: NAMES };
  return { auth: { forward }, header_aliases: "keep", trusted_proxies: ["private"], ...keys };
}

const SPELLINGS = ["X-User", "x-user", "X_User", "X.User", "x~user", "X-USER", "x!user", "REMOTE_GROUPS"];

for (const spelled of SPELLINGS) {
  test(`a client cannot say ${spelled} itself, whether auth says it or not`, async (t) => {
    for (const lines of [[], ["X-User: ada"]]) {
      const frontend = await authSaying(t, lines);
      const { bytes, sent } = await sight(t, [`${spelled}: eve`, `${spelled}: mallory`, "X-A: 1"], {
        frontend,
      });
      assert.doesNotMatch(bytes, /eve|mallory/);
      assert.deepEqual([sent("x-user"), sent("x-a")], [lines.map(() => "ada"), ["1"]]);
    }
  });

  test(`a client cannot say ${spelled} behind its body`, async (t) => {
    const frontend = await authSaying(t, ["X-User: ada"]);
    const text = chunks(
      `3\r\nabc\r\n0\r\n${spelled}: eve\r\nX-Sum: 1\r\n\r\n`,
      `Trailer: ${spelled}, X-Sum`,
      "Connection: close",
    );
    const { bytes, sent } = await sight(t, text, { frontend });
    assert.doesNotMatch(bytes, /eve/);
    assert.match(bytes, /\r\nX-Sum: 1\r\n\r\n$/);
    assert.deepEqual([sent("x-user"), sent("trailer")], [["ada"], ["X-Sum"]]);
  });
}

test("a client cannot have what auth says taken away by Connection", async (t) => {
  const frontend = await authSaying(t, ["X-User: ada", "Remote-Groups: admin"]);
  const lines = ["Connection: x-user, X-Secret", "Connection: close, REMOTE-GROUPS", "X-Secret: 1"];
  const { sent } = await sight(t, get(...lines), { frontend });
  assert.deepEqual([sent("x-user"), sent("remote-groups"), sent("x-secret")], [["ada"], ["admin"], []]);
});

const LIKE_OTHERS = ["X-Forwarded-User", "X_User", "X-Forwarded-Port", "X-Forwarded-Prefix"];
for (const name of LIKE_OTHERS) {
  for (const keys of [{}, { trusted_proxies: ["private"], header_aliases: "drop" }]) {
    const who = "trusted_proxies" in keys ? "a trusted proxy" : "a client";
    test(`what auth says as ${name} reaches the server and its mirror, and not what ${who} says`, async (t) => {
      const copy = await RawServer.answering(ok(""));
      const app = await RawServer.answering(ok("in"));
      const asked = await RawServer.answering(ok("", `${name}: 8`));
      t.after(() => Promise.all([copy, app, asked].map((server) => server.close())));
      const forward = { url: `http://127.0.0.1:${asked.port}`, copy_response_headers: [name] };
      const { client } = await openScene(t, {
        frontend: {
          auth: { forward },
          default_backend: undefined,
          routes: [{ backend: "app", mirror: { backend: "copy" } }],
          ...keys,
        },
        config: {
          backends: {
            app: { servers: [`http://127.0.0.1:${app.port}`] },
            copy: { servers: [`http://127.0.0.1:${copy.port}`] },
          },
        },
      });
      await exchangeOn(await client(), get(`${name}: 9`, `${name.replaceAll("-", "_")}: 9`));
      await eventually("the copy", () => copy.received.includes("\r\n\r\n"));
      for (const { received } of [app, copy]) {
        assert.deepEqual(valuesIn(received, name), ["8"]);
        assert.doesNotMatch(received, /: 9\r\n/);
      }
    });
  }
}

test("what a route goes by is what auth says, and not the client", async (t) => {
  const servers = [await RawServer.answering(ok("in")), await RawServer.answering(ok("in"))];
  t.after(() => Promise.all(servers.map((server) => server.close())));
  const [app, other] = servers.map(({ port }) => ({ servers: [`http://127.0.0.1:${port}`] }));
  const { client } = await openScene(t, {
    frontend: await authSaying(t, ["X-User: ada"], {
      default_backend: undefined,
      routes: [{ split: { app: 1, other: 1 }, split_on: "header(x-user)" }],
    }),
    config: { backends: { app, other } },
  });
  const c = await client();
  for (let i = 0; i < 16; i++) await exchangeOn(c, get(`X-User: eve${i}`));
  assert.deepEqual(servers.map(({ received }) => received.match(/^GET /gm)?.length ?? 0).sort(), [0, 16]);
});

test("a middleware in front that looks at the fields changes nothing of that", async (t) => {
  const { server, client } = await openAppScene(t, {
    answer: ok("in"),
    frontend: await authSaying(t, ["X-User: ada"]),
    use: (app) =>
      app.use(async (c, next) => {
        assert.equal(c.req.header("x-user"), "eve");
        c.req.raw.headers.set("X-Seen", "1");
        await next();
      }),
  });
  await exchangeOn(await client(), get("X-User: eve", "X_User: eve", "Remote-Groups: eve"));
  const { received } = server;
  assert.deepEqual([valuesIn(received, "x-user"), valuesIn(received, "x-seen")], [["ada"], ["1"]]);
  assert.doesNotMatch(received, /eve/);
});

test("retries and mirrors get what auth says as well", async (t) => {
  const copy = await RawServer.answering(ok(""));
  t.after(() => copy.close());
  const gone = await RawServer.listen();
  await gone.close();
  const app = await RawServer.answering(ok("in"));
  t.after(() => app.close());
  const { client } = await openScene(t, {
    frontend: await authSaying(t, ["X-User: ada"], {
      default_backend: undefined,
      routes: [{ backend: "app", mirror: { backend: "copy" } }],
    }),
    config: {
      backends: {
        app: { servers: [`http://127.0.0.1:${gone.port}`, `http://127.0.0.1:${app.port}`] },
        copy: { servers: [`http://127.0.0.1:${copy.port}`] },
      },
    },
  });
  const c = await client();
  for (let i = 0; i < 2; i++) await exchangeOn(c, get("X-User: eve"));
  await eventually("the copies", () => copy.received.match(/^GET /gm)?.length === 2);
  for (const { received } of [app, copy]) {
    assert.deepEqual(received.match(/x-user: \w+/gi), ["X-User: ada", "X-User: ada"]);
  }
});

test("a WebSocket passes auth, and its server learns who opened it", async (t) => {
  const { proxy, handshakes } = await openEcho(t, { frontend: await authSaying(t, ["X-User: ada"]) });
  const ws = await connect(proxy, [], { headers: { "X-User": "eve", "X_User": "eve" } });
  const echoed = new Promise((resolve) => ws.on("message", (data) => resolve(data.toString())));
  ws.send("hello");
  assert.equal(await echoed, "hello");
  const { rawHeaders } = handshakes[0]!;
  assert.deepEqual(rawHeaders.filter((_, i) => /^x.user$/i.test(rawHeaders[i - 1] ?? "")), ["ada"]);
  ws.terminate();
});

test("a WebSocket does not pass auth that says no", async (t) => {
  const asked = await RawServer.answering("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
  t.after(() => asked.close());
  const frontend = { auth: { forward: { url: `http://127.0.0.1:${asked.port}` } } };
  const { proxy, handshakes } = await openEcho(t, { frontend });
  const { status, body } = await refusalOf(proxy, "/");
  assert.deepEqual([status, body, handshakes.length], [403, "no", 0]);
});
