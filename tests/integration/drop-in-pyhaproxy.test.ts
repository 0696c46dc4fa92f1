// A file of pyhaproxy as it stands: rules, policies, probes, fields and metrics are what they were there.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { loadConfig } from "../../src/config/load.ts";
import { eventually } from "../support/eventually.ts";
import { askTimes, type DropInOptions, exampleOf, openDropIn, portsIn, statusIn } from "./drop-in-scene.ts";
import { bodyOf, get, request } from "./scene.ts";

const FILE = "pyhaproxy.yaml";
const PORTS = [5001, 5002, 5003, 5004, 5005];

const open = (t: TestContext, options: Partial<DropInOptions> = {}) =>
  openDropIn(t, FILE, { ports: PORTS, ...options });

/** A request on a connection of its own. */
function lone(path = "/", host = "a.example", ...lines: string[]): string {
  return get(path, ...lines, "Connection: close").replace("Host: a.example", `Host: ${host}`);
}

test("a file of pyhaproxy is read as that, with what is not the same", () => {
  const { readAs, config } = loadConfig({ file: FILE, text: exampleOf(FILE) });
  assert.equal(readAs?.format, "pyhaproxy");
  assert.ok(readAs!.differences.some((line) => line.startsWith("path_prefix ends at a segment")));
  assert.deepEqual(config.frontends.map(({ name, bind }) => [name, bind[0]!.text]), [
    ["http", "0.0.0.0:8080"],
    ["internal", "0.0.0.0:8081"],
  ]);
  assert.equal(config.metrics.compat, true);
  const { interval, timeout, path, method, rise, fall, expectedStatus } = config.backends["app"]!
    .healthCheck!;
  assert.deepEqual({ interval, timeout, path, method, rise, fall }, {
    interval: 5000,
    timeout: 2000,
    path: "/health",
    method: "GET",
    rise: 1,
    fall: 1,
  });
  assert.deepEqual(expectedStatus, [{ from: 200, to: 399 }]);
});

test("a file of ours that goes beyond pyhaproxy's keys is ours, and so is one in TOML", () => {
  const text = exampleOf(FILE);
  const isOurs = (text: string, file = FILE) => loadConfig({ file, text }).readAs === undefined;
  assert.ok(isOurs(`${text}\nreload_interval: 1s`));
  assert.ok(isOurs(text.replace("- url: http://127.0.0.1:5001", "- http://127.0.0.1:5001")));
  assert.ok(isOurs(text.replace('    bind: "0.0.0.0:8080"', '    bind: ["0.0.0.0:8080"]')));
  const toml =
    '[[frontends]]\nname = "web"\nbind = ":80"\ndefault_backend = "a"\n[backends.a]\nservers = [{ url = "http://b" }]\n';
  assert.ok(isOurs(toml, "x.toml"));
  assert.ok(!isOurs(text.replace("5002", "${PORT:-5002}")));
});

test("its rules lead in order: host without port, then a prefix at a segment, then the default", async (t) => {
  const { ask } = await open(t);
  const to = async (path: string, host?: string) => portsIn([await ask(lone(path, host))])[0]!;
  assert.ok([5003, 5004].includes(await to("/static", "api.example.com")));
  assert.ok([5003, 5004].includes(await to("/", "api.example.com:8080")));
  assert.ok([5003, 5004].includes(await to("/", "API.example.com")));
  assert.equal(await to("/static/x"), 5005);
  assert.ok([5001, 5002].includes(await to("/staticx")));
  assert.ok([5001, 5002].includes(await to("/", "other.api.example.com")));
});

test("its roundrobin goes in turn, its leastconn to the one with less to do, on both frontends together", async (t) => {
  const { ask, client, servers } = await open(t);
  assert.deepEqual(await askTimes(4, () => ask(lone())), [5001, 5002, 5001, 5002]);
  servers[5003]!.answer = () => undefined;
  servers[5004]!.answer = () => undefined;
  const held = await client();
  held.send(lone("/", "api.example.com"));
  const busy = await eventually(
    "a request to wait",
    () => [5003, 5004].find((port) => servers[port]!.requests.length > 0),
  );
  const free = busy === 5003 ? 5004 : 5003;
  servers[free]!.answer = () => `HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<${free}>`;
  assert.deepEqual(await askTimes(3, () => ask(lone(), 1)), [free, free, free]);
});

test("its probes ask for /health before anything is served: 302 is up, 404 is out, and all out is a 503", async (t) => {
  const { ask, restart, servers } = await open(t, {
    prepare(servers) {
      servers[5001]!.probed = "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n";
      servers[5002]!.probed = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
    },
  });
  assert.deepEqual(await askTimes(3, () => ask(lone())), [5001, 5001, 5001]);
  servers[5001]!.probed = servers[5002]!.probed;
  await restart((text) => text);
  assert.equal(statusIn(await ask(lone())), 503);
  assert.deepEqual(servers[5001]!.requests.length, 3);
});

test("what it sends: the path and Host as they came, the base path before them, and who the client is", async (t) => {
  const { ask, servers } = await open(t);
  await ask(lone("/static/a%2Fb%20c?q=1&q=2", "a.example", "TE: gzip", "X-Forwarded-For: 192.0.2.1"));
  const [head] = servers[5005]!.requests;
  assert.match(head!, /^GET \/base\/static\/a%2Fb%20c\?q=1&q=2 HTTP\/1\.1\r\n/);
  assert.match(head!, /\r\nHost: a\.example\r\n/);
  assert.match(head!, /\r\nX-Forwarded-For: 192\.0\.2\.1, 127\.0\.0\.1\r\n/);
  assert.match(head!, /\r\nX-Forwarded-Proto: http\r\n/);
  assert.match(head!, /\r\nX-Forwarded-Host: a\.example\r\n/);
  assert.doesNotMatch(head!, /\r\n(?:TE|Connection):/);
});

for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "PROPFIND"]) {
  test(`it forwards ${method}, and passes a redirect on`, async (t) => {
    const { ask, servers } = await open(t);
    servers[5001]!.answer = () => "HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n";
    const answer = await ask(request(method, "/", ["Connection: close", "Content-Length: 0"]));
    assert.match(answer, /^HTTP\/1\.1 302 Found\r\n[^]*Location: \/x\r\n/);
    assert.match(servers[5001]!.requests[0]!, new RegExp(`^${method} `));
  });
}

test("its metrics are on every port, under its names, and its servers never see that path", async (t) => {
  const { ask, servers } = await open(t);
  await ask(lone());
  for (const index of [0, 1]) {
    const answer = await ask(lone("/metrics"), index);
    assert.match(answer, /^HTTP\/1\.1 200 OK\r\n[^]*content-type: text\/plain; version=0\.0\.4/);
    assert.match(
      bodyOf(answer),
      /^pyhaproxy_requests_total\{frontend="http",backend="app",method="GET",status="200"\} 1$/m,
    );
    assert.match(
      bodyOf(answer),
      /^pyhaproxy_request_latency_seconds_count\{frontend="http",backend="app"\} 1$/m,
    );
  }
  for (const { requests } of Object.values(servers)) {
    assert.ok(requests.every((head) => !head.includes(" /metrics ")));
  }
});

test("a server that is gone is answered for by another, and by 502 where there is none; never by 500", async (t) => {
  const { ask, servers } = await open(t);
  await servers[5001]!.raw.close();
  assert.deepEqual(await askTimes(2, () => ask(lone())), [5002, 5002]);
  await servers[5005]!.raw.close();
  assert.equal(statusIn(await ask(lone("/static"))), 502);
});
