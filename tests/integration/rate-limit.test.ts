// Rate limits: who is let through, what answers say, and what stays of the counts through a reload.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { validateConfig } from "../../src/config/load.ts";
import { explainRequest } from "../../src/explain/explain.ts";
import { roundTrip } from "../support/raw-client.ts";
import { get, ok, openScene, pathOf, post, type Scene } from "./scene.ts";

type Table = Record<string, unknown>;
const CLOSE = "Connection: close";

/** A scene whose frontend has these limits; every client is believed to be who X-Forwarded-For says. */
function openLimited(t: TestContext, limits: Table | Table[], frontend: Table = {}): Promise<Scene> {
  return openScene(t, {
    answer: (head) => ok(pathOf(head)),
    frontend: { rate_limit: limits, trusted_proxies: ["127.0.0.1"], ...frontend },
    config: { admin: { bind: "127.0.0.1:0" } },
  });
}

/** The statuses that one client gets for requests one after another; each is lines of a head. */
async function statuses({ proxy }: Scene, requests: readonly string[][]): Promise<string> {
  const found: string[] = [];
  for (const lines of requests) {
    found.push((await roundTrip(proxy.port, get("/", ...lines, CLOSE))).split(" ")[1]!);
  }
  return found.join(" ");
}

/** A metric of the frontend by its labels, in text. */
function metric({ proxy }: Scene, name: string, labels: Table = {}): number | undefined {
  const wanted = Object.entries({ frontend: "web", route: "", ...labels });
  for (const sample of proxy.running.snapshot.stageMetrics.samples()) {
    if (sample.name === name && wanted.every(([label, text]) => sample.labels[label] === text)) {
      return sample.value;
    }
  }
  return undefined;
}

const A = "X-Forwarded-For: 192.0.2.1", B = "X-Forwarded-For: 192.0.2.2";
const SLOW = { rate: "2/h" };

const CASES: [what: string, limits: Table | Table[], requests: string[][], statuses: string][] = [
  ["each client has its own", SLOW, [[A], [A], [A], [B], [B], [B]], "200 200 429 200 200 429"],
  ["IPv6 clients share by network", { rate: "1/h", ipv6_prefix: 48 }, [
    ["X-Forwarded-For: 2001:db8:1:1::1"],
    ["X-Forwarded-For: 2001:db8:1:2::1"],
    ["X-Forwarded-For: 2001:db8:2:1::1"],
  ], "200 429 200"],
  ["burst", { rate: "1/h", burst: 3 }, [[A], [A], [A], [A]], "200 200 200 429"],
  ["by route all share one", { ...SLOW, by: "route" }, [[A], [B], [A]], "200 200 429"],
  ["by a header, whoever sends it", { ...SLOW, by: "header(X-Key)" }, [
    [A, "X-Key: k"],
    [B, "X-Key: k"],
    [A, "X-Key: k"],
    [A, "X-Key: 2"],
    [A],
  ], "200 200 429 200 200"],
  ["a client without the header cannot be played by its value", { rate: "1/h", by: "header(x-key)" }, [
    [B, "X-Key: 192.0.2.1"],
    [A],
    [A],
  ], "200 200 429"],
  ["by a cookie", { rate: "1/h", by: "cookie(sid)" }, [
    [A, "Cookie: sid=1"],
    [A, "Cookie: a=b; sid=1"],
    [A, "Cookie: sid=2"],
  ], "200 429 200"],
  ["by several", { rate: "1/h", by: "{client} {header(x-key)}" }, [
    [A, "X-Key: 1"],
    [A, "X-Key: 2"],
    [B, "X-Key: 1"],
    [B, "X-Key: 1"],
  ], "200 200 200 429"],
  ["who is exempt", { rate: "1/h", exempt: ["192.0.2.2"] }, [[B], [B], [A], [A]], "200 200 200 429"],
  ["a dry run lets everybody through", { rate: "1/h", dry_run: true }, [[A], [A]], "200 200"],
  ["all limits have to let it through", [{ rate: "1/h", by: "header(x-key)" }, { rate: "2/h" }], [
    [A, "X-Key: 1"],
    [A, "X-Key: 1"], // this takes nothing of the client's bucket
    [A, "X-Key: 2"],
    [A, "X-Key: 3"],
  ], "200 429 200 429"],
];
for (const [what, limits, requests, wanted] of CASES) {
  test(`rate_limit: ${what}`, async (t) => {
    assert.equal(await statuses(await openLimited(t, limits), requests), wanted);
  });
}

test("rate_limit answers with what is left, and when to come back", async (t) => {
  const scene = await openLimited(t, [{ rate: "3/h", name: "slow" }, { rate: "100/s", burst: 10 }]);
  const allowed = await roundTrip(scene.proxy.port, get("/", CLOSE));
  assert.match(allowed, /^RateLimit-Policy: "slow";q=3;w=3600, "100\/s";q=100;w=1\r$/m);
  assert.match(allowed, /^RateLimit: "slow";r=2;t=1200, "100\/s";r=9;t=1\r$/m);
  assert.doesNotMatch(allowed, /^Retry-After:/m);
  await roundTrip(scene.proxy.port, get("/", CLOSE));
  await roundTrip(scene.proxy.port, get("/", CLOSE));
  const refused = await roundTrip(scene.proxy.port, get("/", CLOSE));
  assert.match(refused, /^HTTP\/1.1 429 Too Many Requests\r$/m);
  assert.match(refused, /^Retry-After: 1200\r$/m);
  assert.match(refused, /^RateLimit: "slow";r=0;t=1200, /m);
  assert.match(refused, /rate_limited/);
  const { reason, status } = await scene.proxy.access(3);
  assert.deepEqual([reason, status], ["rate_limited", 429]);
});

const LOOKED_AT: [who: string, frontend: Table, config: Table][] = [
  ["nobody", {}, {}],
  ["another stage", { secure_headers: true }, {}],
  ["who remembers requests", {}, { admin: { bind: "127.0.0.1:0", remember_requests: 5 } }],
];
for (const [who, frontend, config] of LOOKED_AT) {
  test(`rate_limit says the same where ${who} looks at the fields of an answer`, async (t) => {
    const limits = [{ rate: "1/h" }, { rate: "9/d", name: "a day" }];
    const scene = await openScene(t, {
      answer: ok("x"),
      frontend: { rate_limit: limits, ...frontend },
      config,
    });
    const told = async () => {
      const [head] = (await roundTrip(scene.proxy.port, get("/", CLOSE))).split("\r\n\r\n");
      return head!.match(/^(?:RateLimit|Retry-After).*/gm);
    };
    const policy = 'RateLimit-Policy: "1/h";q=1;w=3600, "a day";q=9;w=86400';
    assert.deepEqual(await told(), [policy, 'RateLimit: "1/h";r=0;t=3600, "a day";r=8;t=9600']);
    assert.deepEqual(await told(), [
      "Retry-After: 3600",
      policy,
      'RateLimit: "1/h";r=0;t=3600, "a day";r=8;t=9600',
    ]);
  });
}

test("rate_limit says nothing but Retry-After where headers is false, and leaves a server's own fields", async (t) => {
  const scene = await openScene(t, {
    answer: ok("", 'RateLimit: "own";r=1;t=1'),
    frontend: { rate_limit: { rate: "1/h", headers: false } },
  });
  const allowed = await roundTrip(scene.proxy.port, get("/", CLOSE));
  assert.deepEqual(allowed.match(/^RateLimit.*/gm), ['RateLimit: "own";r=1;t=1']);
  const refused = await roundTrip(scene.proxy.port, get("/", CLOSE));
  assert.match(refused, /^Retry-After: 3600\r$/m);
  assert.doesNotMatch(refused, /^RateLimit/m);
});

test("rate_limit keeps the connection of a client that it refuses, whatever it sends", async (t) => {
  const { client } = await openLimited(t, { rate: "1/h" });
  const c = await client();
  for (const [i, text] of [get(), get(), post("12345"), get()].entries()) {
    c.send(text);
    await c.until(i === 0 ? "\r\n\r\n/" : `rate_limited`);
    assert.doesNotMatch(c.received, /^Connection: close/m);
    if (i > 0) c.received = "";
  }
  assert.ok(!c.ended);
});

test("rate_limit goes on through a reload, by itself and its counts", async (t) => {
  const scene = await openLimited(t, { rate: "2/h", name: "x" });
  assert.equal(await statuses(scene, [[A], [A], [A]]), "200 200 429");
  const reload = (limit: Table) => {
    const { port } = scene.server;
    return scene.proxy.running.reload(validateConfig({
      frontends: [{
        name: "web",
        bind: "127.0.0.1:0",
        default_backend: "app",
        trusted_proxies: ["127.0.0.1"],
        rate_limit: limit,
      }],
      backends: { app: { servers: [`http://127.0.0.1:${port}/`] } },
    }));
  };
  await reload({ rate: "2/h", name: "x", headers: false });
  assert.equal(await statuses(scene, [[A], [B]]), "429 200");
  assert.equal(metric(scene, "sluice_rate_limit_refused_total", { limit: "x" }), 2);
  await reload({ rate: "3/h", name: "x" });
  assert.equal(await statuses(scene, [[A]]), "200");
});

test("rate_limit shows what it does in the metrics", async (t) => {
  const scene = await openLimited(t, [{ rate: "1/h", max_keys: 1 }, { rate: "1/d", dry_run: true }]);
  await statuses(scene, [[A], [A], [B]]);
  const of = (name: string, labels: Table) => metric(scene, name, labels);
  assert.equal(of("sluice_rate_limit_refused_total", { limit: "1/h", result: "refused" }), 1);
  assert.equal(of("sluice_rate_limit_refused_total", { limit: "1/d", result: "would_refuse" }), 0);
  assert.equal(of("sluice_rate_limit_keys", { limit: "1/h" }), 1);
  assert.equal(of("sluice_rate_limit_overflows_total", { limit: "1/h" }), 1);
  const dry = await openLimited(t, { rate: "1/h", dry_run: true });
  await statuses(dry, [[A], [A], [A]]);
  assert.equal(metric(dry, "sluice_rate_limit_refused_total", { result: "would_refuse" }), 2);
});

test("rate_limit of a route stands in place of its frontend's, and explain names it", async (t) => {
  const { proxy } = await openLimited(t, { rate: "1/h" }, {
    default_backend: undefined,
    routes: [
      {
        path_prefix: "/own",
        backend: "app",
        rate_limit: { rate: "2/h", burst: 5, by: "route", dry_run: true },
      },
      { path_prefix: "/off", backend: "app", rate_limit: false },
      { backend: "app" },
    ],
  });
  const stages = (path: string) => {
    const described = { method: "GET", url: `http://a.example${path}`, headers: [], from: "127.0.0.1" };
    return JSON.stringify(explainRequest(proxy.running.snapshot, described, { frontend: "web" }));
  };
  assert.match(stages("/own"), /rate_limit: 2\/h burst 5 by route \(dry run\)/);
  assert.doesNotMatch(stages("/off"), /rate_limit/);
  assert.match(stages("/"), /rate_limit: 1\/h by client/);
});
