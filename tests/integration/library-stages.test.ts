// What stands between an answer and its client, inside anybody's program: native Requests, without the engine.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test, type TestContext } from "node:test";
import { SILENT_LOG } from "../../src/base/log.ts";
import { COMPRESSED_BODIES } from "../../src/compression/compressed-body.ts";
import { createProxy } from "../../src/mod.ts";
import { decoded } from "../support/decoding.ts";
import { eventually } from "../support/eventually.ts";
import { RawServer } from "../support/raw-server.ts";
import { signedBySecret } from "../support/signed-tokens.ts";
import { answer, TEXT, text } from "./compress-scene.ts";
import { ok } from "./scene.ts";

async function fetchOf(t: TestContext, answer: string, frontend: Record<string, unknown>) {
  const server = await RawServer.answering(answer);
  const proxy = createProxy({
    frontends: [{ bind: "127.0.0.1:0", default_backend: "app", ...frontend }],
    backends: { app: { servers: [`http://127.0.0.1:${server.port}`] } },
  }, { log: SILENT_LOG });
  t.after(async () => {
    await proxy.stop();
    await server.close();
  });
  const ask = async (init?: RequestInit): Promise<Response> =>
    await proxy.fetch(new Request("http://a.example/", init));
  return { ask, server };
}

const TAKES_BR = { headers: { "Accept-Encoding": "br" } };

for (const [what, body] of [["short", TEXT], ["long", TEXT.repeat(50)]] as const) {
  test(`createProxy().fetch() compresses a ${what} answer`, async (t) => {
    const { ask } = await fetchOf(t, answer(body, "Content-Type: text/plain"), { compress: true });
    const response = await ask(TAKES_BR);
    assert.equal(response.headers.get("content-encoding"), "br");
    assert.equal(response.headers.get("content-length"), null);
    assert.equal(decoded(Buffer.from(await response.arrayBuffer()), "br").toString(), body);
  });
}

test("createProxy().fetch() answers HEAD with the fields of a compressed GET", async (t) => {
  const { ask } = await fetchOf(t, text().replace(TEXT, ""), { compress: true });
  const response = await ask({ method: "HEAD", ...TAKES_BR });
  assert.equal(response.headers.get("content-encoding"), "br");
  assert.equal(response.body, null);
});

test("createProxy().fetch() closes the compressor of an answer that is cancelled", async (t) => {
  const { ask, server } = await fetchOf(
    t,
    `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1000000\r\n\r\n${TEXT.repeat(50)}`,
    { compress: true },
  );
  const reader = (await ask(TAKES_BR)).body!.getReader();
  await reader.read();
  assert.equal(COMPRESSED_BODIES.underWay, 1);
  await reader.cancel();
  assert.equal(COMPRESSED_BODIES.underWay, 0);
  await eventually("no connection of the server", () => server.open === 0);
});

test("createProxy().fetch() bounds bodies of requests and answers, and says what browsers are not to do", async (t) => {
  const { ask } = await fetchOf(t, ok("0123456789x"), {
    secure_headers: true,
    request_body_limit: "5B",
    response_body_limit: "10B",
  });
  const large = await ask({ method: "POST", body: "123456" });
  assert.equal(large.status, 413);
  const answered = await ask();
  assert.equal(answered.status, 502);
  assert.match(await answered.text(), /answer_body_too_large/);
  assert.equal(answered.headers.get("x-content-type-options"), "nosniff");
});

test("createProxy().fetch() asks who a client is, tells its server, and lets pages read the answer", async (t) => {
  const secret = "a secret that both sides know, and nobody else";
  const { ask, server } = await fetchOf(t, ok("in"), {
    cors: { origins: ["https://page.example"] },
    auth: { jwt: { secret, issuer: false, audience: false, headers: { "X-User": "sub" } } },
  });
  const Origin = "https://page.example";
  const refused = await ask({ headers: { Origin } });
  assert.equal(refused.status, 401);
  assert.equal(refused.headers.get("www-authenticate"), 'Bearer realm="sluice"');
  assert.equal(refused.headers.get("access-control-allow-origin"), Origin);
  const Authorization = `Bearer ${signedBySecret(secret, { sub: "ada" })}`;
  const answered = await ask({ headers: { Origin, Authorization, "X-User": "eve" } });
  assert.equal(await answered.text(), "in");
  assert.equal(answered.headers.get("vary"), "Origin");
  assert.deepEqual(server.received.match(/x-user: .*/gi), ["X-User: ada"]);
  const asked = await ask({ method: "OPTIONS", headers: { Origin, "Access-Control-Request-Method": "PUT" } });
  assert.equal(asked.status, 204);
});

test("createProxy().fetch() says what is left of a limit, and when to come back", async (t) => {
  const { ask } = await fetchOf(t, ok("in"), { rate_limit: { rate: "1/h" } });
  const told = async () => {
    const answered = await ask();
    await answered.text();
    const { status, headers } = answered;
    return [status, ...["ratelimit", "ratelimit-policy", "retry-after"].map((name) => headers.get(name))];
  };
  assert.deepEqual(await told(), [200, '"1/h";r=0;t=3600', '"1/h";q=1;w=3600', null]);
  assert.deepEqual(await told(), [429, '"1/h";r=0;t=3600', '"1/h";q=1;w=3600', "3600"]);
});
