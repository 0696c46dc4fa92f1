// Pages of the operator's own for errors that the proxy answers.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { type FailingScene, openFailingScene } from "./failing-scene.ts";
import { get } from "./scene.ts";

const CLOSE = "Connection: close";
const FILES = {
  "503.html":
    "<h1>{status} {phrase}</h1>{reason} {request_id} {request_id} {{status}} {none} {status \u20ac\n",
  "5xx.txt": "sorry: {reason}",
  "404.json": '{"code":{status},"id":"{request_id}"}',
  "4xx.HTML": "<p>{status}</p>",
};

function open(
  t: TestContext,
  pages: Record<string, keyof typeof FILES>,
  frontend: Record<string, unknown> = {},
): Promise<FailingScene> {
  const directory = mkdtempSync(join(tmpdir(), "sluice-test-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(directory, name), text);
  const paths = Object.entries(pages).map(([status, name]) => [status, join(directory, name)]);
  return openFailingScene(t, { error_pages: Object.fromEntries(paths), ...frontend });
}

const ALL = { "503": "503.html", "5xx": "5xx.txt", "404": "404.json", "4xx": "4xx.HTML" } as const;

test("the proxy fills each place of a page, once", async (t) => {
  const { ask } = await open(t, ALL);
  const answer = await ask(get("/no_server", "X-Request-Id: id-1", CLOSE));
  assert.equal(answer.status, 503);
  assert.equal(answer.field("content-type"), "text/html; charset=utf-8");
  // The answer was read as latin1.
  assert.equal(
    answer.body,
    "<h1>503 Service Unavailable</h1>no_server id-1 id-1 {503} {none} {status \xe2\x82\xac\n",
  );
  assert.equal(answer.field("content-length"), String(answer.body.length));
  assert.equal(answer.field("cache-control"), "no-store");
  assert.equal(answer.field("x-request-id"), "id-1");
  assert.equal(answer.field("retry-after"), "1");
});

const CASES: [path: string, accept: string | undefined, type: string, body: RegExp][] = [
  ["/no_server", undefined, "text/html; charset=utf-8", /^<h1>503 /],
  ["/no_server", "*/*", "text/html; charset=utf-8", /^<h1>503 /],
  ["/no_server", "text/html", "text/html; charset=utf-8", /^<h1>503 /],
  ["/no_server", "image/png", "text/plain; charset=utf-8", /^503 Service Unavailable: no_server\n/],
  ["/no_server", "text/html;q=0", "text/plain; charset=utf-8", /^503 Service Unavailable: no_server\n/],
  ["/no_server", "text/html;q=0, */*", "text/plain; charset=utf-8", /^503 Service Unavailable: no_server\n/],
  ["/no_server", "*/*;q=0", "text/plain; charset=utf-8", /^503 Service Unavailable: no_server\n/],
  ["/connect_refused", "text/plain;q=0", "text/plain; charset=utf-8", /^502 Bad Gateway: connect_refused\n/],
  ["/no_server", "application/json", "application/json", /^\{"status":503,/],
  ["/no_server", "text/plain", "text/plain; charset=utf-8", /^503 Service Unavailable: no_server\n/],
  ["/no_server", "text/html;q=0.1, application/json", "application/json", /^\{"status":503,/],
  // The class, where the status has no page.
  ["/connect_refused", undefined, "text/plain; charset=utf-8", /^sorry: connect_refused$/],
  ["/connect_refused", "text/html", "text/html; charset=utf-8", /^<!doctype html>/],
  ["/connect_refused", "application/json", "application/json", /^\{"status":502,/],
  // A page of JSON.
  ["/nowhere", undefined, "application/json", /^\{"code":404,"id":"[\w-]+"\}$/],
  ["/nowhere", "application/json", "application/json", /^\{"code":404,"id":"[\w-]+"\}$/],
  ["/nowhere", "text/html", "text/html; charset=utf-8", /^<!doctype html>/],
];
for (const [path, accept, type, body] of CASES) {
  test(`the proxy answers ${path} with ${body} where Accept is ${accept}`, async (t) => {
    const { ask } = await open(t, ALL);
    const answer = await ask(get(path, ...(accept === undefined ? [] : [`Accept: ${accept}`]), CLOSE));
    assert.equal(answer.field("content-type"), type);
    assert.match(answer.body, body);
    if (type === "application/json") JSON.parse(answer.body);
  });
}

test("the proxy answers a request that cannot be read with a page", async (t) => {
  const { ask } = await open(t, ALL);
  const answer = await ask("hello\r\n\r\n");
  assert.equal(answer.status, 400);
  assert.equal(answer.field("content-type"), "text/html; charset=utf-8");
  assert.equal(answer.body, "<p>400</p>");
});

test("the proxy answers a HEAD with the head of a page", async (t) => {
  const { ask } = await open(t, ALL);
  const answer = await ask(get("/connect_refused", CLOSE).replace("GET", "HEAD"));
  assert.equal(answer.field("content-length"), String("sorry: connect_refused".length));
  assert.equal(answer.body, "");
});

test("the proxy leaves the errors of a server as they are", async (t) => {
  const { ask, proxy } = await open(t, ALL);
  const answer = await ask(get("/app", CLOSE));
  assert.equal(answer.body, "fine");
  assert.equal((await proxy.access(0))["reason"], "ok");
});

test("who asks too often gets the page of 429", async (t) => {
  const { ask } = await open(t, { "429": "5xx.txt" }, { rate_limit: { rate: "1/h" } });
  assert.equal((await ask(get("/app", CLOSE))).status, 200);
  const { status, body } = await ask(get("/app", CLOSE));
  assert.deepEqual([status, body], [429, "sorry: rate_limited"]);
});

const REFUSED: [pages: Record<string, string>, message: RegExp][] = [
  [
    { "503": "/nonexistent/a.html" },
    /error_pages\.503: is "\/nonexistent\/a\.html", .*\(ENOENT\); accepted: /,
  ],
  [{ "503": "/etc/hosts" }, /error_pages\.503: is "\/etc\/hosts"; accepted: /],
  [
    { "200": "a.html" },
    /error_pages\.200: .*accepted: a status that errors are answered with: 4xx, 5xx, 400, 401, 403, 404, .*429, .*508/,
  ],
  [{ "6xx": "a.html" }, /error_pages\.6xx: .*accepted: a status/],
  [{ "499": "a.html" }, /error_pages\.499: .*accepted: a status/],
  [{ "5XX": "a.html" }, /error_pages\.5XX: .*accepted: a status/],
];
for (const [pages, message] of REFUSED) {
  test(`validateConfig() refuses the pages ${JSON.stringify(pages)}`, async (t) => {
    await assert.rejects(openFailingScene(t, { error_pages: pages }), { message });
  });
}

test("validateConfig() refuses a page of more than 1 MiB, and a folder", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "sluice-test-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, "big.txt");
  writeFileSync(path, "x".repeat(1024 * 1024 + 1));
  await assert.rejects(openFailingScene(t, { error_pages: { "503": path } }), /accepted: .*1 MiB/);
  const folder = join(directory, "folder.html");
  mkdirSync(folder);
  await assert.rejects(openFailingScene(t, { error_pages: { "503": folder } }), /cannot be read/);
});
