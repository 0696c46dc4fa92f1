// Answers of the proxy's own: files, headers, and what the config must say of them.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { bodyOf, get, openScene } from "./scene.ts";

function folder(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "sluice-test-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

async function answerTo(
  t: TestContext,
  respond: Record<string, unknown>,
  head = get("/a?b", "Connection: close"),
) {
  const { client } = await openScene(t, { frontend: { routes: [{ respond }] } });
  const c = await client();
  c.send(head);
  return await c.untilClosed();
}

function fieldsOf(answer: string, name: string): string[] {
  return [...answer.matchAll(new RegExp(`^${name}: (.*)\r$`, "gim"))].map(([, value]) => value!);
}

const TYPES: [name: string, keys: Record<string, unknown>, type: string][] = [
  ["page.HTML", {}, "text/html; charset=utf-8"],
  ["data.json", {}, "application/json"],
  ["icon.svg", {}, "image/svg+xml"],
  ["no-extension", {}, "application/octet-stream"],
  ["x.odd", {}, "application/octet-stream"],
  ["x.odd", { content_type: "text/x-odd" }, "text/x-odd"],
];
for (const [name, keys, type] of TYPES) {
  test(`respond sends the bytes of ${name} as ${type}`, async (t) => {
    const file = join(folder(t), name);
    writeFileSync(file, new Uint8Array([0, 13, 10, 255, 128, 7]));
    const answer = await answerTo(t, { file, ...keys });
    assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
    assert.deepEqual(fieldsOf(answer, "content-type"), [type]);
    assert.deepEqual(fieldsOf(answer, "content-length"), ["6"]);
    assert.equal(bodyOf(answer), "\0\r\n\xff\x80\x07");
  });
}

test("respond sends a file as it was when the config was read", async (t) => {
  const file = join(folder(t), "a.txt");
  writeFileSync(file, "before");
  const { client } = await openScene(t, { frontend: { routes: [{ respond: { file } }] } });
  writeFileSync(file, "after");
  const c = await client();
  c.send(get("/", "Connection: close"));
  assert.equal(bodyOf(await c.untilClosed()), "before");
});

test("respond sends headers, several of a name, and fills what stands for the request", async (t) => {
  const answer = await answerTo(t, {
    status: 503,
    headers: {
      "Retry-After": "120",
      "Set-Cookie": ["a=1", "b=2"],
      "X-From": "{method} {uri} {client}",
      "Cache-Control": "no-store",
    },
  });
  assert.match(answer, /^HTTP\/1\.1 503 Service Unavailable\r\n/);
  assert.deepEqual(fieldsOf(answer, "retry-after"), ["120"]);
  assert.deepEqual(fieldsOf(answer, "set-cookie"), ["a=1", "b=2"]);
  assert.deepEqual(fieldsOf(answer, "x-from"), ["GET /a?b 127.0.0.1"]);
  assert.deepEqual(fieldsOf(answer, "cache-control"), ["no-store"]);
});

test("respond sends headers without a body where the status has none", async (t) => {
  const answer = await answerTo(t, { status: 204, headers: { "Access-Control-Allow-Origin": "*" } });
  assert.deepEqual(fieldsOf(answer, "access-control-allow-origin"), ["*"]);
  assert.deepEqual([...fieldsOf(answer, "content-type"), ...fieldsOf(answer, "content-length")], []);
  assert.equal(bodyOf(answer), "");
});

test("respond tells HEAD the length of a file", async (t) => {
  const file = join(folder(t), "a.css");
  writeFileSync(file, "x".repeat(100_000));
  const answer = await answerTo(t, { file }, get("/", "Connection: close").replace("GET", "HEAD"));
  assert.deepEqual(fieldsOf(answer, "content-length"), ["100000"]);
  assert.equal(bodyOf(answer), "");
});

test("respond is refused a folder, and a file of more than 1 MiB", async (t) => {
  const directory = folder(t);
  mkdirSync(join(directory, "a"));
  writeFileSync(join(directory, "big"), new Uint8Array(1024 * 1024 + 1));
  await assert.rejects(
    answerTo(t, { file: join(directory, "a") }),
    /routes\[0\]\.respond\.file: .*no plain file/,
  );
  await assert.rejects(answerTo(t, { file: join(directory, "big") }), /respond\.file: .*accepted: .* 1 MiB/);
});

test("a rule without if takes every request that the rules before it leave", async (t) => {
  const rules = [
    { if: "path == /up", respond: { body: "up" } },
    { respond: { status: 503, body: "closed" } },
    { respond: { body: "never" } },
  ];
  const { client } = await openScene(t, { frontend: { rules } });
  const c = await client();
  c.send(get("/up") + get("/up/x") + get("/", "Connection: close"));
  const answers = (await c.untilClosed()).split(/(?=HTTP\/1\.1 )/);
  assert.deepEqual(answers.map(bodyOf), ["up", "closed", "closed"]);
});
