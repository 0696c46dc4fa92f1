import assert from "node:assert/strict";
import { test } from "node:test";
import { type DescribedRequest, headOf } from "../../src/explain/described-request.ts";
import { explainRequest } from "../../src/explain/explain.ts";
import { validateConfig } from "../../src/config/load.ts";
import { withOffline } from "../../src/lifecycle/offline.ts";
import { Random } from "../support/codec/random.ts";
import { RawClient } from "../support/raw-client.ts";
import { RawServer } from "../support/raw-server.ts";
import { startTestProxy } from "../support/test-proxy.ts";
import { ofOperator, ok } from "./scene.ts";

const REQUESTS = 250;

test("what explain says of random requests is what becomes of them", async () => {
  const seen: { port: number; head: string }[] = [];
  const listen = async () => {
    const server: RawServer = await RawServer.answering((head) => {
      seen.push({ port: server.port, head });
      return ok();
    });
    return server;
  };
  const servers = [await listen(), await listen(), await listen(), await listen()];
  const [a, b, c, d] = servers.map(({ port }) => `http://127.0.0.1:${port}`);
  const proxy = await startTestProxy({
    servers: [a!, b!],
    backend: { balance: "hash", hash: { on: "query(k)" } },
    frontend: {
      trusted_proxies: ["127.0.0.1"],
      rules: [
        {
          if: "path_prefix == /old && !(header(x-keep))",
          redirect: { to: "https://{host}/new{uri}", status: 308 },
        },
        {
          if: "method == DELETE || cookie(gone)",
          respond: { status: 410, headers: { "X-Client": "{client}" } },
        },
        { if: "src in 10.0.0.0/8", backend: "first" },
        { if: "query(split)", split: { first: 1, app: 1 }, split_on: "query(split)" },
      ],
      routes: [
        { host: "*.b.example", backend: "first", add_prefix: "/b" },
        {
          path_prefix: "/api",
          backend: "app",
          strip_prefix: "/api",
          request_headers: { set: { "X-Tier": "{method}" }, remove: ["X-Drop"] },
        },
      ],
    },
    config: {
      backends: {
        app: { servers: [a, b], balance: "hash", hash: { on: "query(k)" } },
        first: { servers: [`${c}/base`, d], balance: "first", host_header: "rewrite" },
      },
    },
  });
  const random = new Random(15);
  const pick = <T>(...of: T[]): T => of[random.below(of.length)]!;
  try {
    for (let i = 0; i < REQUESTS; i++) {
      const path = pick("/", "/api", "/api/x", "/apix", "/old/1", "/a/../api/y", "/%61pi", "/%00", "//old");
      const query = pick("", `?k=${random.below(20)}`, `?k=${random.below(20)}&split=${random.below(9)}`);
      const headers = ([
        ["X-Keep", "1"],
        ["X-Drop", "1"],
        ["Cookie", pick("a=1", "gone=1")],
        ["X-Forwarded-For", pick("10.1.1.1", "192.0.2.1")],
        ["Connection", "x-drop"],
        ["X_Forwarded_For", "1"],
        ["Accept", "*/*"],
      ] as const).filter(() => random.below(5) === 0);
      const asked: DescribedRequest = {
        method: pick("GET", "GET", "DELETE", "OPTIONS", "TRACE", "PUT"),
        url: `http://${pick("a.example", "x.b.example", "b.example:81")}${path}${query}`,
        headers: [...headers, ["X-Request-Id", `request-${i}`]],
      };
      const said = explainRequest(proxy.running.snapshot, asked, { frontend: "web" });
      const before = seen.length;
      const client = await RawClient.open(proxy.port); // a refused request ends its connection
      client.send(headOf(asked, "reverse"));
      const answer = await client.until("\r\n\r\n");
      const access = await proxy.access(i);
      client.close();
      const told = JSON.stringify({ asked, said });
      if (said.sent === undefined) {
        assert.equal(access["status"], said.answer?.status, told);
        assert.equal(seen.length, before, told);
        const location = said.answer?.headers.find(([name]) => name === "location")?.[1];
        assert.equal(/^Location: (.*)\r$/im.exec(answer)?.[1], location, told);
      } else {
        assert.equal(access["backend"], said.sent.backend, told);
        if (said.sent.sure) assert.equal(access["server"], said.sent.server, told);
        const { head } = seen.at(-1)!;
        const lines = head.split("\r\n").filter((line) => line !== "");
        const lookedLike = lines.map((line) => line.replace(/^(X-Request-Id: ).*/i, "$1…"))
          .map((line) => line.replace(/^(Cookie): .*/i, "$1: [masked]"));
        assert.deepEqual(lookedLike, said.sent.after, told);
      }
    }
  } finally {
    await proxy.stop();
    for (const server of servers) await server.close();
  }
});

test("the admin listener explains a request in the proxy that runs, and says what it does not understand", async () => {
  const proxy = await startTestProxy({ servers: [1], config: { admin: { bind: "127.0.0.1:0" } } });
  const client = await RawClient.open(Number(proxy.running.adminListener!.address.split(":").at(-1)));
  const post = (body: string) => {
    const lines = ["Content-Type: application/json", `Content-Length: ${body.length}`];
    client.send(ofOperator("/api/explain", ...lines).replace("GET", "POST") + body);
  };
  try {
    post(JSON.stringify({ method: "GET", url: "http://a.example/" }));
    assert.match(await client.until('"rules"'), /"by": "default"/);
    post(JSON.stringify({ method: "GET", url: "http://a.example/", frontend: "none" }));
    assert.match(await client.until("accepted: web"), /there is no frontend/);
    post(JSON.stringify({ method: "GET", url: "http://a.example/", from: "10.0.0.256" }));
    assert.match(await client.until("192.0.2.7"), /"\\"10\.0\.0\.256\\" is no address/);
  } finally {
    client.close();
    await proxy.stop();
  }
});

test("explain ranks no more than fifty servers, and says of each how it is as the status does", () => {
  const servers = Array.from({ length: 1000 }, (_, i) => `http://127.0.0.1:${10_000 + i}`);
  const config = (health: object) =>
    validateConfig({
      frontends: [{ name: "web", bind: "127.0.0.1:8080", default_backend: "app" }],
      backends: { app: { servers, balance: "leastconn", ...health } },
    });
  const candidates = (health: object) =>
    withOffline(config(health), (snapshot) => {
      const { app } = Object.fromEntries(snapshot.backends);
      app!.operate(app!.servers[1]!, { state: "drain" });
      const { sent } = explainRequest(snapshot, { method: "GET", url: "http://a/" });
      return sent!.candidates;
    });
  const unprobed = candidates({ health_check: { path: "/" } });
  assert.deepEqual(unprobed.slice(0, 3).map(({ condition }) => condition), ["unprobed", "drain", "unprobed"]);
  const up = candidates({});
  assert.deepEqual(up.slice(0, 3).map(({ condition }) => condition), ["up", "drain", "up"]);
  assert.equal(up.filter(({ rank }) => rank !== null).length, 50);
});

test("explain shows that servers hear of a trace, and of none where a route says so", () => {
  const config = validateConfig({
    tracing: { trust: "none" },
    frontends: [{
      name: "web",
      bind: ":80",
      routes: [
        { path_prefix: "/", backend: "app" },
        { path_prefix: "/own", backend: "app", request_headers: { set: { traceparent: "own" } } },
      ],
    }],
    backends: { app: { servers: ["http://127.0.0.1:1"] } },
  });
  const headers = [["traceparent", `00-${"1".repeat(32)}-${"2".repeat(16)}-01`], [
    "tracestate",
    "a=1",
  ]] as const;
  const heard = withOffline(
    config,
    (explained) =>
      ["/", "/own"].map((url) =>
        explainRequest(explained, { method: "GET", url: `http://a${url}`, headers }).sent!.after.filter((
          line,
        ) => /^trace/.test(line))
      ),
  );
  assert.deepEqual(heard, [["traceparent: …"], ["tracestate: a=1", "traceparent: own"]]);
});
