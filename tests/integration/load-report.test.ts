// The policy "load_aware" and what servers report of their load in endpoint-load-metrics.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Behaviour, openRetryScene } from "./retry-scene.ts";
import { get, ok } from "./scene.ts";

const report = (utilization: number) =>
  `Endpoint-Load-Metrics: TEXT cpu_utilization=${utilization},rps_fractional=9`;

/** A server that answers after 15 ms: long enough for what else happens on a busy machine not to count. */
function steady(...lines: string[]): Behaviour {
  return (connection) => void setTimeout(() => connection.send(ok("", ...lines)), 15);
}

test("load_aware gives a server that reports to be busy little, and all others their share", async (t) => {
  const scene = await openRetryScene(t, [steady(report(0.95)), steady(), steady(report(0.1))], {
    backend: { balance: "load_aware" },
  });
  for (let i = 0; i < 60; i++) await scene.ask(get("/", "Connection: close"));
  const [busy, silent, idle] = scene.counts();
  assert.ok(busy! >= 1 && busy! < 10 && silent! >= 5 && idle! >= 5, `${scene.counts()}`);
});

test("load_aware keeps the report from the client, whatever is in it", async (t) => {
  for (const value of ["TEXT cpu_utilization=0.5", "BIN AAAA", "nonsense", ""]) {
    const scene = await openRetryScene(t, [ok("0", `endpoint-load-metrics: ${value}`, "X-Kept: 1")], {
      backend: { balance: "load_aware" },
    });
    const answer = await scene.ask(get("/", "Connection: close"));
    assert.match(answer, /^HTTP\/1\.1 200 .*X-Kept: 1\r\n/s);
    assert.doesNotMatch(answer, /endpoint-load-metrics/i);
  }
});

test("load_aware keeps a report in trailers from the client, beside what a route removes", async (t) => {
  const answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n0\r\n0\r\n" +
    `${report(0.5)}\r\nX-Gone: 1\r\nX-Kept: 1\r\n\r\n`;
  const route = { backend: "app", response_headers: { remove: ["X-Gone"] } };
  const scene = await openRetryScene(t, [answer], {
    backend: { balance: "load_aware" },
    frontend: { default_backend: undefined, routes: [route] },
  });
  assert.match(await scene.ask(get("/", "Connection: close")), /\r\n0\r\nX-Kept: 1\r\n\r\n$/);
});

test("any other policy passes the report on to the client", async (t) => {
  const scene = await openRetryScene(t, [ok("0", report(0.5))], { backend: { balance: "leastconn" } });
  assert.match(
    await scene.ask(get("/", "Connection: close")),
    /Endpoint-Load-Metrics: TEXT cpu_utilization=0.5,/,
  );
});
