/** Names that pass for others, request ids, fields named in Connection, trailers, and requests that come back. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { RawServer } from "../support/raw-server.ts";
import { roundTrip } from "../support/raw-client.ts";
import { startTestProxy } from "../support/test-proxy.ts";
import { freePort, sight } from "./identity-stage.ts";
import { ok } from "./shapes/answer.ts";
import { chunks, get } from "./shapes/shape.ts";

const ALIASES = [
  "X_Forwarded_For",
  "X-Forwarded_For",
  "x_real_ip",
  "X.Real.IP",
  "X.Forwarded.Proto",
  "Remote.User",
  "X~Forwarded~For",
  "Content_Length",
  "Transfer_Encoding",
  "X-Request_Id",
  "Forwarded_",
];
for (const alias of ALIASES) {
  const name = alias.toLowerCase();
  test(`the proxy drops ${alias}, which passes for another name`, async (t) => {
    const { sent, answer } = await sight(t, [`${alias}: 6`, "X-A: 1"]);
    assert.match(answer, /^HTTP\/1\.1 200 /);
    assert.deepEqual([sent(name), sent("x-a")], [[], ["1"]]);
  });

  test(`the proxy drops ${alias} of a trusted proxy as well`, async (t) => {
    const { sent } = await sight(t, [`${alias}: 6`], { frontend: { trusted_proxies: ["private"] } });
    assert.deepEqual(sent(name), []);
  });

  test(`the proxy refuses ${alias} where it is told to`, async (t) => {
    const { bytes, answer, log } = await sight(t, [`${alias}: 6`], {
      frontend: { header_aliases: "reject" },
    });
    assert.match(answer, /^HTTP\/1\.1 400 /);
    assert.equal(bytes, "");
    assert.equal(log["reason"], "bad_request");
  });

  test(`the proxy keeps ${alias} where it is told to, and makes nothing of it`, async (t) => {
    const frontend = { header_aliases: "keep", trusted_proxies: ["private"] };
    const { sent, log } = await sight(t, [`${alias}: 6.6.6.6`], { frontend });
    assert.deepEqual(sent(name), ["6.6.6.6"]);
    assert.equal(log["client"], "127.0.0.1");
    assert.deepEqual(sent("x-forwarded-for"), ["127.0.0.1"]);
  });
}

/** Names in trailers that a server which merges them into the head would take for the proxy's word. */
const TRAILERS = ["X-Real-IP", "X-Request-Id", "X-Forwarded-For", "X-Forwarded-User", "Forwarded", "Via"];
for (const name of [...TRAILERS, "X_Forwarded_For", "X.Real.IP"]) {
  test(`the proxy drops ${name} from the trailers of a request`, async (t) => {
    const text = chunks(`3\r\nabc\r\n0\r\n${name}: 6.6.6.6\r\nX-Sum: 1\r\n\r\n`, "Connection: close");
    const { bytes, answer } = await sight(t, text);
    assert.match(answer, /^HTTP\/1\.1 200 /);
    assert.match(bytes, /\r\nX-Sum: 1\r\n\r\n$/);
    assert.doesNotMatch(bytes, /6\.6\.6\.6/);
  });
}

const GOOD_IDS = ["a", "7f3c-1", "A.b:c+d/e=f@g_h-i", "x".repeat(128)];
for (const id of GOOD_IDS) {
  test(`the proxy keeps the request id ${id.slice(0, 20)}`, async (t) => {
    const { sent, log } = await sight(t, [`x-request-ID: ${id}`]);
    assert.deepEqual(sent("x-request-id"), [id]);
    assert.equal(log["request_id"], id);
  });
}

const BAD_IDS = [
  "",
  "a b",
  "x".repeat(129),
  '"a"',
  "<script>",
  "a,b",
  "a;b",
  "{status}",
  "a\\b",
  "a%0d%0ab",
  "\xe9",
  "$(id)",
];
for (const id of BAD_IDS) {
  test(`the proxy replaces the request id ${JSON.stringify(id.slice(0, 20))}`, async (t) => {
    const { sent, log } = await sight(t, [`X-Request-Id: ${id}`]);
    const ids = sent("x-request-id");
    assert.equal(ids.length, 1);
    assert.match(ids[0]!, /^[0-9a-f]{16}-[0-9a-z]+$/);
    assert.equal(log["request_id"], ids[0]);
  });
}

test("the proxy sends one request id where several were set", async (t) => {
  const { sent, log } = await sight(t, ["X-Request-Id: a", "X-Request-Id: <b>", "x-request-id: c"]);
  assert.equal(sent("x-request-id").length, 1);
  assert.match(sent("x-request-id")[0]!, /^[ac]$/);
  assert.equal(log["request_id"], sent("x-request-id")[0]);
});

test("the proxy removes nothing that matters because Connection names it", async (t) => {
  const names =
    "X-Forwarded-For, x-forwarded-proto, X-FORWARDED-HOST, X-Real-IP, X-Request-Id, Forwarded, Via, " +
    "Host, Authorization, Cookie, Content-Length, close";
  const lines = [`Connection: ${names}`, "Authorization: Basic eA==", "Cookie: a=b", "X-Request-Id: id"];
  const { sent } = await sight(t, get(...lines), { frontend: { forwarded_header: true } });
  const expected: [name: string, value: string][] = [
    ["x-forwarded-for", "127.0.0.1"],
    ["x-forwarded-proto", "http"],
    ["x-forwarded-host", "a.test"],
    ["x-real-ip", "127.0.0.1"],
    ["x-request-id", "id"],
    ["forwarded", "for=127.0.0.1;host=a.test;proto=http"],
    ["via", "1.1 sluice"],
    ["host", "a.test"],
    ["authorization", "Basic eA=="],
    ["cookie", "a=b"],
  ];
  for (const [name, value] of expected) assert.deepEqual(sent(name), [value]);
});

test("the proxy stops a request that comes back to it", async () => {
  const port = await freePort();
  const proxy = await startTestProxy({ servers: [port], frontend: { bind: `127.0.0.1:${port}` } });
  try {
    const started = performance.now();
    const answer = await roundTrip(port, get("Connection: close"));
    assert.ok(performance.now() - started < 2000);
    assert.match(answer, /^HTTP\/1\.1 508 Loop Detected\r\n/);
    assert.match(answer, /\r\nProxy-Status: sluice; error=proxy_loop_detected; details="loop_detected"\r\n/i);
    // Every round is one line of the log; the innermost is the one that was refused.
    await proxy.access(4);
    assert.deepEqual(proxy.accesses.map(({ reason }) => reason), ["loop_detected", "ok", "ok", "ok", "ok"]);
    assert.equal(proxy.inFlight(), 0);
  } finally {
    await proxy.stop();
  }
});

test("the proxy lets a request pass by several proxies of one name", async () => {
  const server = await RawServer.answering(ok(["Content-Length: 2"], "ok"));
  const proxies = [await startTestProxy({ servers: [server.port] })];
  try {
    for (let i = 0; i < 2; i++) proxies.push(await startTestProxy({ servers: [proxies.at(-1)!.port] }));
    assert.match(await roundTrip(proxies.at(-1)!.port, get("Connection: close")), /^HTTP\/1\.1 200 /);
    assert.match(server.received, /\r\nVia: 1\.1 sluice\r\n/);
    assert.equal(server.received.match(/^via: /gim)!.length, 3);
  } finally {
    for (const proxy of proxies.reverse()) await proxy.stop();
    await server.close();
  }
});

const VIA: [via: string[], status: number][] = [
  [["1.1 sluice, 1.1 sluice, 1.1 sluice"], 200],
  [["1.1 sluice, 1.1 SLUICE, 1.0 sluice (x), HTTP/1.1 sluice"], 508],
  [["1.1 sluice", "1.1 sluice", "1.1 sluice", "1.1 sluice"], 508],
  [["1.1 other, 1.1 other, 1.1 other, 1.1 other, 1.1 sluice2"], 200],
  [["1.1 a (sluice), 1.1 b (sluice), 1.1 c (sluice), 1.1 d (sluice)"], 200],
];
for (const [via, status] of VIA) {
  test(`the proxy answers ${status} to Via: ${via.join(" | ")}`, async (t) => {
    const { answer, bytes } = await sight(t, via.map((line) => `Via: ${line}`));
    assert.ok(answer.startsWith(`HTTP/1.1 ${status} `));
    assert.equal(bytes === "", status === 508);
  });
}
