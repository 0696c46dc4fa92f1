// What requests get while what they ask for is switched off, and who gets through all the same.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { explainRequest } from "../../src/explain/explain.ts";
import { bodyOf, get, ok, openScene, post } from "./scene.ts";

const CLOSE = "Connection: close";

async function ask(t: TestContext, frontend: Record<string, unknown>, request = get("/", CLOSE)) {
  const { client, proxy, server } = await openScene(t, { answer: ok("from the server"), frontend });
  const c = await client();
  c.send(request);
  const answer = await c.untilClosed();
  const { reason } = await proxy.access(0);
  return { answer, reason, asked: server.connections.length, proxy };
}

test("maintenance answers 503 with the error page, and asks no server", async (t) => {
  const { answer, reason, asked } = await ask(t, { maintenance: true });
  assert.match(answer, /^HTTP\/1\.1 503 [^]*\r\nProxy-Status: [^]*503 Service Unavailable: maintenance/i);
  assert.doesNotMatch(answer, /^Retry-After/im);
  assert.equal(reason, "maintenance");
  assert.equal(asked, 0);
});

test("maintenance says when to try again, in whole seconds", async (t) => {
  const { answer } = await ask(t, { maintenance: { retry_after: "1500ms" } });
  assert.deepEqual(answer.match(/^Retry-After: .*$/gim), ["Retry-After: 2"]);
});

test("maintenance has a body of its own, under a status and a type of its own", async (t) => {
  const maintenance = { status: 404, body: "<p>back soon", content_type: "text/html", retry_after: "10m" };
  const { answer, reason } = await ask(t, { maintenance });
  assert.match(answer, /^HTTP\/1\.1 404 Not Found\r\n/);
  assert.match(answer, /^Content-Type: text\/html\r$/im);
  assert.match(answer, /^Cache-Control: no-store\r$/im);
  assert.match(answer, /^Retry-After: 600\r$/im);
  assert.equal(bodyOf(answer), "<p>back soon");
  assert.equal(reason, "maintenance");
});

test("maintenance sends a file, whose extension says what it is", async (t) => {
  const { answer } = await ask(t, { maintenance: { file: "package.json" } });
  assert.match(answer, /^HTTP\/1\.1 503 [^]*^Content-Type: application\/json\r$/im);
  assert.equal(JSON.parse(bodyOf(answer)).name, "sluice");
});

test("maintenance of another status has the error page of that status", async (t) => {
  const { answer } = await ask(t, { maintenance: { status: 418 } });
  assert.match(answer, /^HTTP\/1\.1 418 [^]*418 [^]*: maintenance/);
});

test("maintenance lets listed clients through", async (t) => {
  const { answer, reason } = await ask(t, { maintenance: { allow: ["127.0.0.1"] } });
  assert.equal(bodyOf(answer), "from the server");
  assert.equal(reason, "ok");
});

test("maintenance answers a request whose body comes, and the connection goes on", async (t) => {
  const { client } = await openScene(t, { answer: ok(), frontend: { maintenance: { body: "x" } } });
  const c = await client();
  c.send(post("0123456789"));
  await c.until(/503 [^]*\r\n\r\nx/);
  c.send(get("/", CLOSE));
  assert.equal((await c.untilClosed()).match(/HTTP\/1\.1 503/g)?.length, 2);
});

test("maintenance stands on one route alone, and explain knows it", async (t) => {
  const routes = [{ backend: "app", path_prefix: "/a", maintenance: { body: "x" } }];
  const { answer, proxy } = await ask(t, { routes });
  assert.equal(bodyOf(answer), "from the server");
  const explain = (path: string) =>
    explainRequest(proxy.running.snapshot, {
      method: "GET",
      url: `http://a.example${path}`,
      headers: [],
      from: "127.0.0.1",
    }, { frontend: "web" });
  assert.equal(explain("/a").refused?.reason, "maintenance");
  assert.deepEqual(explain("/a").answer?.headers, [
    ["cache-control", "no-store"],
    ["content-length", "1"],
    ["content-type", "text/plain; charset=utf-8"],
  ]);
  assert.ok(explain("/a").rules.includes("maintenance: 503"));
  assert.equal(explain("/b").refused, undefined);
});
