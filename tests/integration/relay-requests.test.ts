// Requests in absolute-form: to their target, or as they are to a parent proxy (RFC 9112 §3.2.2).
import assert from "node:assert/strict";
import { test } from "node:test";
import { RawServer } from "../support/raw-server.ts";
import { bodyOf, ok } from "./scene.ts";
import { absolute, credentials, linesOf, lone, openRelay, statusOf } from "./relay-scene.ts";

/** What a client says besides its Host. */
const SAID = [
  "User-Agent: test",
  "X-Request-Id: mine",
  "X-Forwarded-For: 192.0.2.1",
  "Forwarded: for=192.0.2.2",
  "X_Under_Score: kept",
];
/** What is for the relay alone. */
const FOR_US = [
  credentials("client", "private"),
  "Proxy-Connection: keep-alive",
  "Connection: keep-alive, X-Hop",
  "Keep-Alive: timeout=5",
  "X-Hop: 1",
  "TE: trailers",
];

/** That trailer fields may come, which holds for each connection of the way. */
const TRAILERS = ["Connection: TE", "TE: trailers"];

test("createRelayApp() asks the target in origin-form, with what the client says and nothing of its own but Via", async (t) => {
  const { client, target, place } = await openRelay(t);
  const c = await client();
  c.send(absolute(`http://${place}/a%20b//c?q=1&r`, [...SAID, ...FOR_US]));
  assert.match(await c.until("<target>"), /^HTTP\/1\.1 200 OK\r\n[^]*Via: 1\.1 sluice\r\n/);
  assert.deepEqual(linesOf(target.received), [
    "GET /a%20b//c?q=1&r HTTP/1.1",
    `Host: ${place}`,
    ...SAID,
    ...TRAILERS,
    "Via: 1.1 sluice",
  ]);
});

test("createRelayApp() gives a parent the target as it came, and the credentials of the config in place of the client's", async (t) => {
  const { client, parents } = await openRelay(t, {
    parents: [ok("<parent>")],
    entry: { username: "us", password: "s3cret" },
    backend: { host_header: "rewrite" },
  });
  const c = await client();
  const url = "http://Target.example:8080/a%20b//c?q=1&r";
  c.send(absolute(url, [...SAID, ...FOR_US]).replace("Host: target", "Host: Target"));
  await c.until("<parent>");
  assert.deepEqual(linesOf(parents[0]!.received), [
    `GET ${url} HTTP/1.1`,
    "Host: Target.example:8080",
    ...SAID,
    ...TRAILERS,
    credentials("us", "s3cret"),
    "Via: 1.1 sluice",
  ]);
});

const targets: [written: string, line: string, host: string][] = [
  ["GET http://h.example", "GET /", "h.example"],
  ["GET http://h.example?x=1", "GET /?x=1", "h.example"],
  ["GET HTTP://h.example:80/", "GET /", "h.example:80"],
  ["OPTIONS http://h.example", "OPTIONS *", "h.example"],
  ["GET http://[::1]:8080/x", "GET /x", "[::1]:8080"],
];
for (const [written, line, host] of targets) {
  test(`createRelayApp() gives a parent "${written}" with its path`, async (t) => {
    const { ask, parents } = await openRelay(t, { parents: [ok()] });
    await ask(`${written} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    const [method, path] = line.split(" ") as [string, string];
    const whole = `${method} http://${host}${path === "*" ? "" : path} HTTP/1.1`;
    assert.deepEqual(linesOf(parents[0]!.received).slice(0, 2), [whole, `Host: ${host}`]);
  });
}

test("createRelayApp() reaches an IPv6 target", async (t) => {
  const { ask } = await openRelay(t);
  const target = await RawServer.answering(ok("<six>"), { host: "::1" });
  t.after(() => target.close());
  assert.equal(bodyOf(await ask(lone(`http://[::1]:${target.port}/x?y`))), "<six>");
  assert.deepEqual(linesOf(target.received).slice(0, 2), [
    "GET /x?y HTTP/1.1",
    `Host: [::1]:${target.port}`,
  ]);
});

test("createRelayApp() passes an answer on as it is, but for what is hop-by-hop", async (t) => {
  const { ask, place } = await openRelay(t, {
    answer: ok(
      "gone",
      "X-Mine: 1",
      "Set-Cookie: a=1",
      "Set-Cookie: b=2",
      "Proxy-Authenticate: Basic",
      "Keep-Alive: x",
    )
      .replace("200 OK", "410 Really Gone"),
  });
  const answer = await ask(lone(`http://${place}/`));
  assert.deepEqual(linesOf(answer).filter((line) => !line.startsWith("Date: ")), [
    "HTTP/1.1 410 Really Gone",
    "X-Mine: 1",
    "Set-Cookie: a=1",
    "Set-Cookie: b=2",
    "Content-Length: 4",
    "Via: 1.1 sluice",
    "Connection: close",
  ]);
  assert.equal(bodyOf(answer), "gone");
});

test("createRelayApp() shows the refusal of a parent, and the log names the cause", async (t) => {
  const { ask, proxy } = await openRelay(t, {
    parents: [ok("who?", 'Proxy-Authenticate: Basic realm="p"').replace("200 OK", "407 Who")],
  });
  const answer = await ask(lone("http://h.example/"));
  assert.equal(statusOf(answer), 407);
  assert.match(answer, /\r\nProxy-Authenticate: Basic realm="p"\r\n/);
  const { status, detail } = await proxy.access(0);
  assert.deepEqual([status, detail], [407, "The parent refuses our credentials"]);
  assert.equal(proxy.running.status().backends[0]!.servers[0]!.available, true);
});

test("Server.answered() leaves what a site reports of its load to the client, as it is not of the parent", async (t) => {
  const report = "Endpoint-Load-Metrics: TEXT cpu_utilization=0.9";
  const { ask } = await openRelay(t, { parents: [ok("", report)], backend: { balance: "load_aware" } });
  assert.ok((await ask(lone("http://h.example/"))).includes(`\r\n${report}\r\n`));
});

test("Server.authorization is in no log, status or metric", async (t) => {
  const { ask, proxy } = await openRelay(t, {
    parents: [ok()],
    entry: { username: "us", password: "s3cret" },
    backend: { health_check: { interval: "10ms" } },
  });
  await ask(lone("http://h.example/"));
  await ask(lone("http://h.example/", credentials("client", "private")));
  await proxy.access(1);
  const { running, accesses, events } = proxy;
  const shown = JSON.stringify([accesses, events, running.status()]) + running.metricsPage();
  assert.match(shown, /sluice_server_up/);
  for (const secret of ["s3cret", "private", btoa("us:s3cret"), btoa("client:private")]) {
    assert.ok(!shown.includes(secret));
  }
});

test("createRelayApp() streams a body of 4 MB both ways", async (t) => {
  const { client, place, target } = await openRelay(t, {
    onData(connection, chunk) {
      if (chunk.at(-1) !== 0x21) return;
      connection.send(ok(`${"y".repeat(4_000_000)}.`));
    },
  });
  const c = await client();
  c.send(absolute(`http://${place}/`, ["Content-Length: 4000001"], "POST") + "x".repeat(4_000_000) + "!");
  await c.until(/\.$/, 20_000);
  assert.equal(bodyOf(c.received).length, 4_000_001);
  assert.equal(bodyOf(target.received).length, 4_000_001);
});

for (
  const [line, status] of [["GET /x", 400], ["OPTIONS *", 400], ["TRACE http://h.example/", 405]] as const
) {
  test(`createRelayApp() answers "${line}" ${status}`, async (t) => {
    const { ask, parents } = await openRelay(t, { parents: [ok()] });
    const host = line.startsWith("TRACE") ? "h.example" : "relay";
    assert.equal(
      statusOf(await ask(`${line} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)),
      status,
    );
    assert.equal(parents[0]!.received, "");
  });
}

test("identify() finds that a relay is its own parent (RFC 9110 §7.6.3)", async (t) => {
  const { ask, proxy, reload } = await openRelay(t, { parents: [ok()] });
  await reload({ backend: { servers: [`http://127.0.0.1:${proxy.port}`] } });
  for (
    const text of [lone("http://h.example/"), "CONNECT h.example:443 HTTP/1.1\r\nHost: h.example\r\n\r\n"]
  ) {
    assert.equal(statusOf(await ask(text)), 508);
  }
  assert.equal(proxy.accesses.filter(({ reason }) => reason === "loop_detected").length, 2);
});

test("createRelayApp() ignores a Host that differs from the target (RFC 9112 §3.2.2)", async (t) => {
  const { place, target, ask, proxy } = await openRelay(t);
  const answer = await ask(
    `GET http://${place}/ HTTP/1.1\r\nHost: other.example\r\nConnection: close\r\n\r\n`,
  );
  assert.match(answer, /<target>$/);
  assert.match(target.received, new RegExp(`^GET / HTTP/1\\.1\r\nHost: ${place}\r\n`));
  assert.doesNotMatch(target.received, /other/);
  assert.equal((await proxy.access(0))["host"], place);
});

test("createRelayApp() refuses two Hosts", async (t) => {
  const { place, ask } = await openRelay(t);
  const answer = await ask(`GET http://${place}/ HTTP/1.1\r\nHost: ${place}\r\nHost: ${place}\r\n\r\n`);
  assert.match(answer, /^HTTP\/1\.1 400 /);
});
