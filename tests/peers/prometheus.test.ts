// The metrics under load, as Prometheus and its own checker see them.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import process from "node:process";
import { test, type TestContext } from "node:test";
import { dashboard } from "../../examples/grafana/dashboard.ts";
import { validateConfig } from "../../src/config/load.ts";
import { openMetricsScene } from "../integration/metrics-scene.ts";
import { get, ok, pathOf, post } from "../integration/scene.ts";
import { eventually } from "../support/eventually.ts";
import { RawClient, roundTrip } from "../support/raw-client.ts";
import { programPath, sayMissing } from "./commands.ts";
import { Prometheus } from "./prometheus.ts";

const skipChecker = programPath("promtool") === undefined ? sayMissing("promtool") : false;
const skipPrometheus = programPath("prometheus") === undefined ? sayMissing("prometheus") : false;
/** How long Prometheus scrapes; the suite has no minute. */
const SCRAPE_MS = Number(process.env["SLUICE_SCRAPE_SECONDS"] ?? 6) * 1000;
const SCRAPES = "count_over_time(up[1h])";
const CLOSE = "Connection: close";

/** A proxy under load, whose servers answer with the status in the path. */
async function openLoaded(t: TestContext) {
  const scene = await openMetricsScene(t, {
    answer: (head) => ok("four").replace("200", /^\/(\d{3})/.exec(pathOf(head))?.[1] ?? "200"),
    config: { metrics: { enabled: true } },
  });
  let stopped = false;
  let asked = 0;
  const texts = [get("/", CLOSE), get("/404", CLOSE), get("/503", CLOSE), post("12345", CLOSE)];
  const loops = Array.from({ length: 4 }, async (_, i) => {
    for (; !stopped; asked++) {
      const text = asked % 2 === 0 ? texts[(asked / 2 + i) % 4]! : get("/dead", CLOSE);
      await roundTrip(scene.port(asked % 2), text).catch(() => {}); // the scene may close before the load ends
    }
  });
  t.after(async () => {
    stopped = true;
    await Promise.all(loops);
  });
  const idle = await RawClient.open(scene.port(0));
  t.after(() => idle.close());
  await eventually("some load", () => asked > 100);
  return scene;
}

/** What `promtool check metrics` says of a page; it has to be nothing. */
function check(page: string): Promise<{ readonly code: number | null; readonly said: string }> {
  const child = spawn(programPath("promtool")!, ["check", "metrics"], { stdio: ["pipe", "pipe", "pipe"] });
  let said = "";
  for (const output of [child.stdout, child.stderr]) output.on("data", (chunk) => said += String(chunk));
  child.stdin.end(page);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, said }));
  });
}

test(
  "promtool check metrics has nothing to say of the metrics under load",
  { skip: skipChecker },
  async (t) => {
    const { admin, port } = await openLoaded(t);
    for (let i = 0; i < 3; i++) {
      for (const answer of [await admin("/metrics"), await fetch(`http://127.0.0.1:${port(0)}/metrics`)]) {
        assert.deepEqual(await check(await answer.text()), { code: 0, said: "" });
      }
    }
    const broken = await check("# TYPE a counter\na 1\na 1\n");
    assert.notEqual(broken.code, 0);
  },
);

/** Asks for `url` in text, whatever Prometheus would like better. Resolves with the address that does. */
function askForText(t: TestContext, url: string): Promise<string> {
  const server = createServer(async (_, response) => {
    const answer = await fetch(url, { headers: { Accept: "text/plain" } });
    response.writeHead(answer.status, { "Content-Type": answer.headers.get("content-type")! });
    response.end(await answer.text());
  });
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve(`127.0.0.1:${(server.address() as { port: number }).port}`));
  });
}

/** The panels of the dashboard for Grafana that show nothing; rejects where Prometheus cannot read a query. */
async function withoutResult(prometheus: Prometheus): Promise<readonly string[]> {
  const panels = dashboard()["panels"] as { title: string; targets?: { expr: string }[] }[];
  const empty = new Set<string>();
  for (const { title, targets = [] } of panels) {
    for (const { expr } of targets) {
      const query = expr.replaceAll("$__rate_interval", "1m").replace(/\$(?:job|frontend|backend)\b/g, ".*");
      if (await prometheus.count(query) === 0) empty.add(title);
    }
  }
  return [...empty];
}

test(
  "Prometheus scrapes the metrics in both formats with no error, and sees no counter fall through reloads",
  { skip: skipPrometheus },
  async (t) => {
    const { proxy, names } = await openLoaded(t);
    const address = `127.0.0.1:${proxy.running.adminListener!.port}`;
    const prometheus = await Prometheus.start({
      openmetrics: address,
      text: await askForText(t, `http://${address}/metrics`),
    });
    t.after(() => prometheus.stop());
    const configOf = (server: string) =>
      validateConfig({
        admin: { bind: "127.0.0.1:0" },
        frontends: [
          {
            name: "web",
            bind: "127.0.0.1:0",
            default_backend: "app",
            rate_limit: { rate: "1000000/s" },
            concurrency: { limit: 1000 },
            cache: {},
            circuit_breaker: {},
          },
          { name: "side", bind: "127.0.0.1:0", routes: [{ path_prefix: "/dead", backend: "dead" }] },
        ],
        backends: { app: { servers: [server] }, dead: { servers: [names.down] } },
      });
    const until = performance.now() + SCRAPE_MS;
    for (let i = 0; i < 3 || performance.now() < until; i++) {
      await proxy.running.reload(configOf(i % 2 === 0 ? `${names.up}/other` : names.up));
      const before = await prometheus.query(SCRAPES);
      await eventually("two more scrapes", async () => {
        const now = await prometheus.query(SCRAPES);
        return ["openmetrics", "text"].every((job) => (now[job] ?? 0) >= (before[job] ?? 0) + 2);
      });
    }
    assert.deepEqual(await prometheus.query("min_over_time(up[1h])"), { openmetrics: 1, text: 1 });
    for (const { health, lastError } of await prometheus.targets()) {
      assert.deepEqual([health, lastError], ["up", ""]);
    }
    const counters = await prometheus.series('{__name__=~"sluice_.*_(total|bucket|count|sum)"}');
    const fell = counters.filter(({ values }) => values.some((value, i) => i > 0 && value < values[i - 1]!));
    assert.deepEqual(fell, []);
    const series = await prometheus.query('count by (job) ({__name__=~"sluice_.*"})');
    assert.ok(series["text"]! > 100 && series["text"] === series["openmetrics"], JSON.stringify(series));
    // There is no store, the log is the test's own, and nobody shows passwords.
    const empty = ["Stores of rate limits", "Lines of the log that were lost", "Passwords shown"];
    assert.deepEqual(await withoutResult(prometheus), empty);
    const scrapes = await prometheus.query(SCRAPES);
    assert.doesNotMatch(prometheus.log, /level=(?:warn|error)/);
    t.diagnostic(`scrapes ${JSON.stringify(scrapes)}, series ${JSON.stringify(series)}`);
  },
);
