// Who is kept away from the admin listener.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { RawClient, roundTrip } from "../support/raw-client.ts";
import { startTestProxy } from "../support/test-proxy.ts";
import { openAdminScene } from "./admin-scene.ts";

const TOKEN = "correct-horse-battery";

/** A request as bytes, so that Host and Origin are what a browser of somebody else would send. */
function raw(method: string, path: string, lines: readonly string[]): string {
  return [`${method} ${path} HTTP/1.1`, ...lines, "Connection: close", "", ""].join("\r\n");
}

test("the admin listener serves no page that is reached under a foreign name, or comes from a foreign origin", async (t) => {
  const { adminPort, proxy } = await openAdminScene(t);
  const own = `Host: 127.0.0.1:${adminPort}`;
  const statusOf = async (method: string, path: string, lines: string[]) =>
    Number((await roundTrip(adminPort, raw(method, path, lines))).split(" ")[1]);
  for (const path of ["/status", "/metrics", "/events", "/nothing"]) {
    assert.equal(await statusOf("GET", path, [`Host: evil.example:${adminPort}`]), 403);
    assert.equal(await statusOf("GET", path, [own, "Origin: http://evil.example"]), 403);
  }
  assert.equal(await statusOf("POST", "/status", [own, "Origin: null"]), 403);
  assert.equal(await statusOf("GET", "/status", [own, `Origin: http://127.0.0.1:${adminPort}`]), 200);
  assert.equal(await statusOf("GET", "/ready", ["Host: evil.example"]), 200);
  assert.deepEqual(
    proxy.events.filter(({ event }) => event === "admin_refused").map(({ fields }) => fields["who"]).at(0),
    "127.0.0.1",
  );
});

test("pages_only shows four pages to everybody, under any name, and nothing else", async (t) => {
  const { adminPort } = await openAdminScene(t, { admin: { pages_only: true } });
  const statusOf = async (method: string, path: string, lines: string[]) =>
    Number((await roundTrip(adminPort, raw(method, path, lines))).split(" ")[1]);
  for (const path of ["/health", "/ready", "/metrics", "/status"]) {
    assert.equal(await statusOf("GET", path, ["Host: prometheus.example:9090"]), 200, path);
    assert.equal(await statusOf("POST", path, [`Host: 127.0.0.1:${adminPort}`]), 405, path);
  }
  for (const path of ["/", "/events", "/api/backends", "/openapi.json"]) {
    assert.equal(await statusOf("GET", path, [`Host: 127.0.0.1:${adminPort}`]), 404, path);
  }
  assert.equal(await statusOf("POST", "/api/reload", [`Host: 127.0.0.1:${adminPort}`]), 404);
});

test("a token is asked for by every request but /ready, and the old one is none after a reload", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "sluice-test-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, "token");
  writeFileSync(file, `${TOKEN}\n`);
  const { admin, proxy } = await openAdminScene(t, { admin: { token_file: file } });
  const statusOf = async (path: string, authorization?: string) => {
    const response = await admin(path, authorization === undefined ? {} : { headers: { authorization } });
    await response.body?.cancel();
    return response.status;
  };
  const none = await admin("/metrics");
  assert.deepEqual([none.status, none.headers.get("www-authenticate")!.startsWith("Bearer ")], [401, true]);
  await none.body?.cancel();
  assert.equal(await statusOf("/status", "Bearer correct-horse-batterx"), 401);
  assert.equal(await statusOf("/status", `Bearer ${TOKEN}`), 200);
  assert.equal(await statusOf("/status", `Basic ${btoa(`me:${TOKEN}`)}`), 200);
  assert.equal(await statusOf("/ready"), 200);
  assert.equal(await statusOf("/nothing"), 401);

  const { config } = proxy.running.snapshot;
  const port = proxy.running.adminListener!.port;
  await proxy.running.reload({ ...config, admin: { ...config.admin!, token: "another-token-of-16" } });
  assert.equal(proxy.running.adminListener!.port, port);
  assert.equal(await statusOf("/status", `Bearer ${TOKEN}`), 401);
  assert.equal(await statusOf("/status", "Bearer another-token-of-16"), 200);
});

test("a body of 1 MiB is refused before it is read, with and without its length", async (t) => {
  const { adminPort, pathOf, proxy } = await openAdminScene(t);
  const lines = [`Host: 127.0.0.1:${adminPort}`, "Content-Type: application/json"];
  const text = `{"state":"drain"${" ".repeat(1024 * 1024)}}`;
  for (const length of [`Content-Length: ${text.length}`, "Transfer-Encoding: chunked"]) {
    const body = length.startsWith("C") ? text : `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;
    const answer = await roundTrip(adminPort, raw("PUT", pathOf(0), [...lines, length]) + body);
    assert.match(answer, /^HTTP\/1\.1 413 /);
  }
  const post = raw("PUT", pathOf(0), [lines[0]!, "Content-Type: text/plain", "Content-Length: 17"]);
  assert.match(await roundTrip(adminPort, post + '{"state":"drain"}'), /^HTTP\/1\.1 415 /);
  assert.equal(proxy.running.snapshot.backends.get("app")!.servers[0]!.operator, "ready");
});

test("a unix socket is asked under any name", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "sluice-test-"));
  const path = join(directory, "admin.sock");
  const proxy = await startTestProxy({ servers: [1], config: { admin: { bind: `unix:${path}` } } });
  t.after(async () => {
    await proxy.stop();
    rmSync(directory, { recursive: true });
  });
  assert.match(await roundTrip(path, raw("GET", "/status", ["Host: sluice"])), /^HTTP\/1\.1 200 /);
});

test("of 1,000 clients that want the events at once 32 get them, and the rest a refusal", async (t) => {
  const { admin, adminPort, proxy } = await openAdminScene(t);
  const clients = await Promise.all(Array.from({ length: 1000 }, () => RawClient.open(adminPort)));
  t.after(() => clients.forEach((client) => client.close()));
  for (const client of clients) client.send(raw("GET", "/events", ["Host: localhost"]));
  const served = () => clients.filter(({ received }) => received.startsWith("HTTP/1.1 200 "));
  const turnedAway = () => clients.filter(({ received }) => received.startsWith("HTTP/1.1 503 "));
  await eventually(
    "an answer for each",
    () =>
      served().length === 32 &&
      clients.every(({ received, closed, ended }) => received !== "" || closed || ended),
  );
  assert.ok(turnedAway().length >= 32); // the refusal of a connection may be lost, as its request is not read
  assert.match(await roundTrip(proxy.port, raw("GET", "/", ["Host: a"])), /^HTTP\/1\.1 200 /);
  for (const client of clients) client.close();
  await eventually("room for others", async () => {
    const response = await admin("/events").catch(() => undefined);
    await response?.body?.cancel();
    return response?.status === 200;
  });
});
