// What a probe says, and what it takes for an answer. A server has one probe here, unless the test is about more.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { LogFields } from "../../src/base/log-event.ts";
import { eventually } from "../support/eventually.ts";
import { type RawConnection, RawServer } from "../support/raw-server.ts";
import { startTestProxy, type TestProxy } from "../support/test-proxy.ts";
import { ask, eventsOf, HealthServer, probed, type Saying, startHealthProxy } from "./health-scene.ts";
import { ok, pathOf } from "./scene.ts";

const ONCE = { interval: "1h" };
const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

/** What the first probe of a server found. */
function found(proxy: TestProxy, { url }: { url: string }): LogFields | undefined {
  return proxy.events.find(({ event, fields }) =>
    /^server_(up|down)$/.test(event) && fields["server"] === url
  )
    ?.fields;
}

/** Probes a server that says `probed` once, and returns what was found. */
async function probeOnce(
  t: TestContext,
  probed: Saying,
  check: Record<string, unknown> = {},
): Promise<{ server: HealthServer; proxy: TestProxy; found: LogFields | undefined }> {
  const server = await HealthServer.listen(t);
  server.probed = probed;
  const proxy = await startHealthProxy(t, [server], { check: { ...ONCE, ...check } });
  return { server, proxy, found: found(proxy, server) };
}

test("a probe is a GET on a connection of its own, which closes behind it", async (t) => {
  const server = await HealthServer.listen(t);
  await startHealthProxy(t, [server]);
  await probed(server, 3);
  const probes = server.raw.connections.slice(0, 3);
  for (const { received } of probes) {
    assert.equal(
      received,
      `GET /health HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nUser-Agent: sluice-health-check\r\n` +
        "Accept: */*\r\nConnection: close\r\n\r\n",
    );
  }
  await eventually("the connections to close", () => probes.every(({ ended, closed }) => ended || closed));
});

test("a probe is a HEAD where the check says so, and its answer has no body", async (t) => {
  const { server, found } = await probeOnce(t, "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", {
    method: "HEAD",
  });
  assert.match(server.probes.join(), /^HEAD \/health HTTP\/1\.1\r\nHost: [^]*\r\nConnection: close\r\n\r\n$/);
  assert.equal(found?.["check"], "L7OK");
});

test("a probe passes by the head of the answer where no body is expected", async (t) => {
  const { server, found } = await probeOnce(t, "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nhalf");
  assert.equal(found?.["check"], "L7OK");
  await eventually("the connection to close", () => server.raw.connections[0]!.ended);
});

test("a probe passes over interim answers", async (t) => {
  const { found } = await probeOnce(t, `HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n${ok()}`);
  assert.deepEqual([found?.["check"], found?.["status"]], ["L7OK", 200]);
});

for (const [limit, check] of [["32KiB", "L7RSP"], ["64KiB", "L7OK"]]) {
  test(`a probe whose answer has a head of 40 KiB is ${check} with header_size ${limit}`, async (t) => {
    const server = await HealthServer.listen(t);
    server.probed = `HTTP/1.1 200 OK\r\nX-Long: ${"x".repeat(40_000)}\r\nContent-Length: 0\r\n\r\n`;
    const proxy = await startTestProxy({
      servers: [server.port],
      backend: { health_check: ONCE },
      config: { limits: { header_size: limit } },
    });
    t.after(() => proxy.stop());
    assert.equal(found(proxy, server)?.["check"], check);
  });
}

test("a tcp probe connects and says nothing, even to a server that never answers", async (t) => {
  const server = await RawServer.listen();
  t.after(() => server.close());
  const proxy = await startHealthProxy(t, [server.port], {
    check: { ...ONCE, type: "tcp" },
  });
  assert.equal(eventsOf(proxy, "server_up")[0]?.["check"], "L4OK");
  await eventually(
    "the connection to close",
    () => server.connections[0]?.ended || server.connections[0]?.closed,
  );
  assert.deepEqual(server.connections.map(({ received }) => received), [""]);
});

const statuses: [expected: unknown, passes: number[], fails: number[]][] = [
  [undefined, [200, 204, 299], [300, 404, 500]],
  [204, [204], [200, 205]],
  ["204", [204], [200, 205]],
  ["200-399", [200, 204, 302, 304, 399], [400, 503]],
  ["5xx", [500, 599], [200, 499]],
  [[200, "301-302", "4xx"], [200, 301, 302, 404], [201, 300, 303, 500]],
];
for (const [expected, passes, fails] of statuses) {
  test(`expected_status ${JSON.stringify(expected) ?? "unset"} takes what it says`, async (t) => {
    const all = [...passes, ...fails];
    const server = await RawServer.answering((head) => `HTTP/1.1 ${pathOf(head).slice(1, 4)} So\r\n\r\n`);
    t.after(() => server.close());
    const servers = all.map((status) => ({ url: `http://127.0.0.1:${server.port}/${status}` }));
    const check = { ...ONCE, ...(expected !== undefined && { expected_status: expected }) };
    const proxy = await startHealthProxy(t, servers, { check });
    assert.deepEqual(
      servers.map((one) => [found(proxy, one)?.["status"], found(proxy, one)?.["check"]]),
      all.map((status) => [status, passes.includes(status) ? "L7OK" : "L7STS"]),
    );
  });
}

const chunked = (...pieces: string[]) => (_head: string, connection: RawConnection) => {
  connection.send(CHUNKED);
  for (const piece of pieces) connection.send(`${piece.length.toString(16)}\r\n${piece}\r\n`);
  connection.send("0\r\n\r\n");
  return undefined;
};
const untilClose = (text: string) => (_head: string, connection: RawConnection) => {
  connection.send(text);
  connection.end();
  return undefined;
};
const kilobytes = (count: number) => Array<string>(count).fill("x".repeat(1000));
const bodies: [pattern: string, what: string, answer: Saying, code: string][] = [
  ["^healthy$", "the whole of it", ok("healthy"), "L7OK"],
  ["alt", "a part of it", ok("healthy"), "L7OK"],
  ["^alt", "no part of it", ok("healthy"), "L7STS"],
  ["Healthy", "another case", ok("healthy"), "L7STS"],
  ["healthy", "an empty body", ok(), "L7STS"],
  ["healthy", "none at all", "HTTP/1.1 204 No Content\r\n\r\n", "L7STS"],
  ["healthy", "a field", ok("", "X-State: healthy"), "L7STS"],
  ["healthy", "the body of a 503", "HTTP/1.1 503 No\r\nContent-Length: 7\r\n\r\nhealthy", "L7STS"],
  ["healthy", "pieces of a chunked body", chunked("he", "alt", "hy"), "L7OK"],
  ["^café$", "pieces of one letter", chunked("caf\xc3", "\xa9"), "L7OK"],
  ["healthy", "a body until the connection ends", untilClose("HTTP/1.1 200 OK\r\n\r\nhealthy"), "L7OK"],
  ["healthy", "half a body", untilClose("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhealthy"), "L7RSP"],
  ["healthy", "a body with broken chunks", `${CHUNKED}7\r\nhealthy??`, "L7RSP"],
  ["healthy", "the end of 60 KB", chunked(...kilobytes(60), "healthy"), "L7OK"],
  ["healthy", "what lies behind 64 KiB", chunked(...kilobytes(70), "healthy"), "L7STS"],
  ["^healthy", "64 KiB without an end", `${CHUNKED}fffff\r\nhealthy${kilobytes(100).join("")}`, "L7OK"],
];
for (const [pattern, what, answer, code] of bodies) {
  test(`expected_body ${pattern} finds ${code} in ${what}`, async (t) => {
    const { found } = await probeOnce(t, answer, { expected_body: pattern });
    assert.equal(found?.["check"], code);
  });
}

test("a redirect is not followed, whether it passes or not", async (t) => {
  const target = await HealthServer.listen(t);
  const answer = `HTTP/1.1 302 Found\r\nLocation: ${target.url}/health\r\nContent-Length: 0\r\n\r\n`;
  const failed = await probeOnce(t, answer);
  const passed = await probeOnce(t, answer, { expected_status: "200-399" });
  assert.deepEqual([failed.found?.["check"], passed.found?.["check"]], ["L7STS", "L7OK"]);
  assert.deepEqual([failed.found?.["status"], passed.found?.["status"]], [302, 302]);
  assert.equal(target.raw.connections.length, 0);
});

const named = { host: "app.internal" };
const override = { path: "/own", host: "own.internal:81" };
const overrides: [what: string, check: object, base: string, own: object, path: string, host?: string][] = [
  ["the backend's path and host", { path: "/up?deep=1", ...named }, "", {}, "/up?deep=1", named.host],
  ["a server's path", { path: "/up" }, "", { path: "/own" }, "/own"],
  ["a server's host", named, "", { host: override.host }, "/health", override.host],
  ["a server's path and host", { path: "/up", ...named }, "", override, "/own", override.host],
  ["a server's base path", { path: "/up" }, "/base", {}, "/base/up"],
  ["a server's base path before its own", {}, "/base/", { path: "/own" }, "/base/own"],
];
for (const [what, check, base, health_check, path, host] of overrides) {
  test(`a probe asks for ${what}`, async (t) => {
    const [server, other] = [await HealthServer.listen(t), await HealthServer.listen(t)];
    const servers = [{ url: `${server.url}${base}`, health_check }, other];
    await startHealthProxy(t, servers, { check: { ...ONCE, ...check } });
    const lines = `GET ${path} HTTP/1.1\r\nHost: ${host ?? `127.0.0.1:${server.port}`}\r\nUser-Agent: `;
    assert.deepEqual(server.probes.map((head) => head.slice(0, lines.length)), [lines]);
    assert.equal(other.probes.length, 1);
    assert.doesNotMatch(other.probes[0]!, /own/);
  });
}

for (const type of ["http", "tcp"]) {
  test(`a server's port is where ${type} probes go, and no request`, async (t) => {
    const [server, checked] = [await HealthServer.listen(t), await HealthServer.listen(t)];
    const proxy = await startHealthProxy(t, [{ url: server.url, health_check: { port: checked.port } }], {
      check: { type },
    });
    assert.equal(await ask(proxy), 200);
    assert.deepEqual([server.probes.length, server.requests.length], [0, 1]);
    assert.equal(checked.requests.length, 0);
    if (type === "http") {
      assert.match(checked.probes[0]!, new RegExp(`\r\nHost: 127\\.0\\.0\\.1:${checked.port}\r\n`));
    }
    await checked.raw.close(); // whoever serves is down where this one is gone
    await eventually("the server to go down", () => eventsOf(proxy, "server_down", server)[0]);
    assert.equal(await ask(proxy), 503);
  });
}

for (
  const [what, body] of [["ASCII", "x".repeat(65_536 + 100)], ["two-byte letters", "\xc3\xa9".repeat(50_000)]]
) {
  test(`expected_body is not found behind 64 KiB of ${what}`, async (t) => {
    const server = await HealthServer.listen(t);
    server.probed = ok(`${body}healthy`);
    const proxy = await startHealthProxy(t, [server], {
      check: { interval: "1h", expected_body: "healthy" },
    });
    assert.equal(eventsOf(proxy, "server_down")[0]?.["check"], "L7STS");
  });
}
