// Servers die, hang and come back under load, and clients see nothing that a retry could hide.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test, type TestContext } from "node:test";
import { ChaosProcess } from "../support/chaos-process.ts";
import { eventually } from "../support/eventually.ts";
import { LoadClient } from "../support/load-client.ts";
import { startTestProxy, type TestProxy } from "../support/test-proxy.ts";

const INTERVAL_MS = 200;
const RISE = 2;
/** What a busy machine may add to the time in which a server is back. */
const SLACK_MS = 3000;
const GETS = 6;
const POSTS = 2;
const BODY = "x".repeat(3000);
const OPTIONS = {
  timeout: 60_000,
  skip: process.platform === "win32" ? "NOT TESTED: WINDOWS HAS NO SIGSTOP" : false,
};

/** What clients saw. */
interface Seen {
  /** Answers by server and process, such as `a 4711`. */
  readonly servers: Map<string, number>;
  /** Paths whose answer broke off. */
  readonly cut: string[];
  readonly posted: string[];
  /** Everything that may not be. */
  readonly wrong: string[];
  gets: number;
}

/** Sends requests from several clients until `stop` is called, which waits for the last answers. */
function load(port: number): { seen: Seen; stop(): Promise<void> } {
  const seen: Seen = { servers: new Map(), cut: [], posted: [], wrong: [], gets: 0 };
  let stopped = false;
  let last = 0;
  const run = async (method: "GET" | "POST") => {
    const client = new LoadClient(port);
    const body = method === "GET" ? "" : BODY;
    while (!stopped) {
      const path = `/${method}/${++last}`;
      if (method === "GET") seen.gets++;
      else seen.posted.push(path);
      const lines = [
        `${method} ${path} HTTP/1.1`,
        "Host: a.example",
        `Content-Length: ${body.length}`,
        "",
        body,
      ];
      try {
        const { status, head, body: got } = await client.ask(lines.join("\r\n"));
        const server = /\r\nX-Server: (.*)\r\n/i.exec(head)?.[1] ?? "";
        if (status === 200 && got === `${path} ${body.length}`) {
          seen.servers.set(server, (seen.servers.get(server) ?? 0) + 1);
        } else if (method === "GET" || status < 502) seen.wrong.push(`${path} ${status} ${got}`);
      } catch {
        seen.cut.push(path);
      }
    }
    client.close();
  };
  const running = Array.from({ length: GETS + POSTS }, (_, i) => run(i < GETS ? "GET" : "POST"));
  return {
    seen,
    async stop() {
      stopped = true;
      await Promise.all(running);
    },
  };
}

/** Three servers and a proxy that probes them. */
async function openChaos(
  t: TestContext,
): Promise<{ servers: [ChaosProcess, ChaosProcess, ChaosProcess]; proxy: TestProxy }> {
  const directory = mkdtempSync(join(tmpdir(), "sluice-chaos-"));
  const server = (name: string) => new ChaosProcess(name, directory);
  const servers: [ChaosProcess, ChaosProcess, ChaosProcess] = [server("a"), server("b"), server("c")];
  t.after(async () => {
    await Promise.all(servers.map((server) => server.dispose()));
    rmSync(directory, { recursive: true, force: true });
  });
  for (const { name } of servers) writeFileSync(join(directory, name), "");
  await Promise.all(servers.map((server) => server.start()));
  const proxy = await startTestProxy({
    servers: servers.map(({ port }) => port),
    backend: {
      health_check: { interval: `${INTERVAL_MS}ms`, timeout: "1s", rise: RISE, fall: 2 },
      // What hung may be ejected by the requests that hung with it, and serves again as soon as probes pass.
      ejection: { probes_readmit: true },
      timeouts: { connect: "1s", response: "1500ms" },
      retries: { attempts: 3, budget: 1 },
    },
  });
  t.after(() => proxy.stop());
  return { servers, proxy };
}

test("servers that die, hang and come back under load", OPTIONS, async (t) => {
  const { servers, proxy } = await openChaos(t);
  const [a, b, c] = servers;
  const { seen, stop } = load(proxy.port);
  const answers = ({ name, pid }: ChaosProcess) => seen.servers.get(`${name} ${pid}`) ?? 0;
  const isAvailable = ({ port }: ChaosProcess) =>
    proxy.running.snapshot.backends.get("app")!.available.some(({ name }) => name.endsWith(`:${port}`));
  const isOut = (server: ChaosProcess) => eventually(`${server.name} to be out`, () => !isAvailable(server));
  const serves = async (server: ChaosProcess) => {
    const started = performance.now();
    await eventually(`${server.name} to be in`, () => isAvailable(server), RISE * INTERVAL_MS + SLACK_MS);
    const before = answers(server);
    await eventually(`${server.name} to serve`, () => answers(server) > before);
    t.diagnostic(`${server.name} serves after ${Math.round(performance.now() - started)} ms`);
  };
  try {
    await Promise.all(servers.map(serves));

    a.signal("SIGKILL");
    await a.untilGone();
    await isOut(a);
    await a.start();
    await serves(a);

    b.signal("SIGSTOP");
    await isOut(b);
    b.signal("SIGCONT");
    await serves(b);

    await c.control("half");
    await c.untilGone();
    await isOut(c);
    await c.start();
    await serves(c);
    await Promise.all([a, b].map(serves));
  } finally {
    await stop();
  }

  assert.deepEqual(seen.wrong, []);
  await eventually("no request in flight", () => proxy.inFlight() === 0);
  await eventually("all lines", () => proxy.accesses.length === seen.gets + seen.posted.length);
  // The half answer cannot be hidden, and nothing else was cut.
  const halves = proxy.accesses.filter(({ status, reason }) => status === 200 && reason !== "ok");
  assert.deepEqual(halves.map(({ reason }) => reason), ["upstream_reset"]);
  assert.deepEqual(seen.cut, halves.map(({ target }) => target));

  const arrivals = new Map<string, number>();
  for (const server of servers) {
    const counts = JSON.parse(await server.control("counts")) as Record<string, number>;
    for (const [path, count] of Object.entries(counts)) arrivals.set(path, (arrivals.get(path) ?? 0) + count);
  }
  assert.deepEqual(seen.posted.filter((path) => (arrivals.get(path) ?? 0) > 1), []);
  const repeated = proxy.accesses.filter(({ tried }) => tried !== undefined).length;
  t.diagnostic(`${seen.gets} GETs, ${seen.posted.length} POSTs, ${repeated} went to another server`);
  assert.ok(repeated > 0);
});
