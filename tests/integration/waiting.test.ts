// Requests that wait for a connection of a server whose max_connections are busy: whose limit it is, and where they go.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { validateConfig } from "../../src/config/load.ts";
import { eventually } from "../support/eventually.ts";
import { RawClient } from "../support/raw-client.ts";
import { type RawConnection, RawServer } from "../support/raw-server.ts";
import { startTestProxy, type TestProxy } from "../support/test-proxy.ts";
import { get, messagesIn, ok } from "./scene.ts";

const SHUTDOWN = { drain_timeout: "20ms" };

/** Two servers of one connection each, of which the first is asked first; they answer `/quick` only, and probes. */
class Scene {
  readonly #clients: RawClient[] = [];
  readonly servers: readonly [RawServer, RawServer];
  proxy!: TestProxy;
  /** What each says to a probe. */
  readonly healthy: boolean[];

  private constructor(servers: readonly [RawServer, RawServer], healthy: boolean[]) {
    this.servers = servers;
    this.healthy = healthy;
  }

  static async open(
    t: TestContext,
    backend: Record<string, unknown> = {},
    inUse: readonly number[] = [0, 1],
  ): Promise<Scene> {
    const healthy = [true, true];
    const listen = (i: number) =>
      RawServer.answering((head) => {
        if (head.startsWith("GET /health ")) return ok().replace("200", healthy[i] === true ? "200" : "500");
        if (head.startsWith("GET /fails ")) return ok().replace("200", "500");
        return head.startsWith("GET /quick ") ? ok(`from ${i}`) : undefined;
      });
    const scene = new Scene([await listen(0), await listen(1)], healthy);
    scene.proxy = await startTestProxy({
      servers: inUse.map((i) => scene.entry(i)),
      backend: scene.backend(backend),
      config: { shutdown: SHUTDOWN },
    });
    t.after(async () => {
      for (const client of scene.#clients) client.close();
      await scene.proxy.stop();
      await Promise.all(scene.servers.map((server) => server.close()));
    });
    return scene;
  }

  /** Keys of the backend besides its servers. */
  backend(more: Record<string, unknown>): Record<string, unknown> {
    return { balance: "first", timeouts: { queue: "60s" }, retries: { attempts: 1 }, ...more };
  }

  entry(i: number, limit = 1): Record<string, unknown> {
    return { url: `http://127.0.0.1:${this.servers[i]!.port}`, max_connections: limit };
  }

  /** Sends a request on a connection of its own. */
  async send(path: string, ...lines: string[]): Promise<RawClient> {
    const client = await RawClient.open(this.proxy.port);
    this.#clients.push(client);
    client.send(get(path, ...lines));
    return client;
  }

  /** Sends a request that server `i` keeps, and waits until it has it. */
  async occupy(i: number, path: string, ...lines: string[]): Promise<RawClient> {
    const client = await this.send(path, ...lines);
    await eventually(`${path} at ${i}`, () => this.servers[i]!.received.includes(`GET ${path} `));
    return client;
  }

  /** Sends a request, and waits until it waits. */
  async queue(path: string, ...lines: string[]): Promise<RawClient> {
    const before = this.waiting();
    const client = await this.send(path, ...lines);
    await eventually(`${path} to wait`, () => this.waiting() === before + 1);
    return client;
  }

  waiting(): number {
    const servers = this.proxy.running.snapshot.backends.get("app")!.servers;
    return servers.reduce((sum, { pool }) => sum + pool.waiting, 0);
  }

  /** The connection on which server `i` was asked for `path`. */
  connection(i: number, path: string): RawConnection {
    return this.servers[i]!.connections.find(({ received }) => received.includes(`GET ${path} `))!;
  }

  async reload(
    servers: readonly Record<string, unknown>[],
    more: Record<string, unknown> = {},
  ): Promise<void> {
    await this.proxy.running.reload(validateConfig({
      shutdown: SHUTDOWN,
      frontends: [{ name: "web", bind: "127.0.0.1:0", default_backend: "app" }],
      backends: { app: { servers, ...this.backend(more) } },
    }));
  }
}

const PROBES = { health_check: { interval: "20ms", fast_interval: "10ms", rise: 1, fall: 1 } };

test("max_connections of a server holds through reloads: connections of older configs count", async (t) => {
  const scene = await Scene.open(t, {}, [0]);
  const first = await scene.occupy(0, "/first");
  for (let i = 1; i <= 3; i++) {
    await scene.reload([scene.entry(0)], { slow_start: `${i}s` });
    await eventually("those before to wait again", () => scene.waiting() === i - 1);
    await scene.queue(`/waits${i}`);
  }
  assert.equal(scene.servers[0].connections.length, 1);
  assert.match(scene.proxy.running.metricsPage(), /\nsluice_server_connections\{[^}]*\} 1\n/);
  scene.connection(0, "/first").send(ok("first"));
  await first.until("first");
  for (let i = 1; i <= 3; i++) {
    await eventually(`waiter ${i}`, () => scene.servers[0].received.includes(`GET /waits${i} `));
    assert.equal(scene.servers[0].open, 1);
    scene.connection(0, `/waits${i}`).send(ok());
  }
});

test("max_connections of a server holds where a reload took it away, and the next one brings it back", async (t) => {
  const scene = await Scene.open(t, {}, [0]);
  await scene.occupy(0, "/first");
  await scene.reload([scene.entry(1)]);
  await scene.reload([scene.entry(0)]);
  await scene.queue("/waits");
  assert.equal(scene.servers[0].connections.length, 1);
  const frontends = [{ name: "web", bind: "127.0.0.1:0", default_backend: "other" }];
  const backends = { other: { servers: [scene.entry(1)] } };
  await scene.proxy.running.reload(validateConfig({ shutdown: SHUTDOWN, frontends, backends }));
  await scene.reload([scene.entry(0)]);
  await scene.queue("/waits-too");
  assert.equal(scene.servers[0].connections.length, 1);
});

test("a connection that is unused makes room for one that has to be new", async (t) => {
  const scene = await Scene.open(t, { timeouts: { queue: "100ms" } }, [0]);
  await (await scene.send("/quick")).until("from 0");
  const { servers } = scene.proxy.running.snapshot.backends.get("app")!;
  const connection = await servers[0]!.pool.connect();
  assert.equal(connection!.reused, false);
  await eventually("the first to be closed", () => scene.servers[0].open === 1);
  connection!.putBack();
});

test("a request that waits goes to a server that comes up", async (t) => {
  const scene = await Scene.open(t, PROBES);
  scene.healthy[1] = false;
  await eventually("one is down", () => scene.proxy.events.some(({ event }) => event === "server_down"));
  await scene.occupy(0, "/hangs");
  const waiting = await scene.queue("/quick");
  scene.healthy[1] = true;
  await waiting.until("from 1");
});

test("requests that wait go to a server whose ejection ends, as many as it has room for", async (t) => {
  const scene = await Scene.open(t, {
    ejection: { failures: 1, min_requests: 1, time: "700ms" },
    retries: { attempts: 1 },
  });
  await (await scene.send("/fails")).until("500");
  await eventually("the ejection", () => scene.proxy.events.some(({ event }) => event === "server_ejected"));
  await scene.occupy(1, "/hangs");
  await scene.queue("/a");
  await scene.queue("/b");
  await eventually("one of them at the first", () => messagesIn(scene.servers[0].received) === 2);
  assert.match(scene.servers[0].received, /GET \/a /);
  assert.equal(scene.waiting(), 1);
});

test("a request that waits goes to a server that a reload brings", async (t) => {
  const scene = await Scene.open(t, {}, [0]);
  await scene.occupy(0, "/hangs");
  const waiting = await scene.queue("/quick");
  await scene.reload([scene.entry(0), scene.entry(1)]);
  await waiting.until("from 1");
  const { attempts, reason } = await scene.proxy.access(0);
  assert.deepEqual([attempts, reason], [1, "ok"]);
});

for (const what of ["goes down", "is in maint", "leaves by a reload"]) {
  test(`requests that wait for a server that ${what} go to another, those that stay with it as well`, async (t) => {
    const scene = await Scene.open(t, { ...PROBES, sticky: {}, timeouts: { queue: "60s" } });
    const first = await scene.send("/quick");
    const cookie = /sluice_app=[\w-]+/.exec(await first.until("from 0"))![0];
    await scene.occupy(0, "/hangs");
    const busy = await scene.occupy(1, "/slow");
    const waiting = await scene.queue("/quick", `Cookie: ${cookie}`);
    const other = await scene.queue("/quick");
    if (what === "goes down") scene.healthy[0] = false;
    else if (what === "is in maint") {
      const backend = scene.proxy.running.snapshot.backends.get("app")!;
      backend.operate(backend.servers[0]!, { state: "maint" });
    } else await scene.reload([scene.entry(1)], { sticky: {} });
    await eventually("both to wait for the second", () => {
      const { servers } = scene.proxy.running.snapshot.backends.get("app")!;
      return servers.at(-1)!.pool.waiting === 2;
    });
    scene.connection(1, "/slow").send(ok("slow"));
    await busy.until("slow");
    assert.match(await waiting.until("from 1"), /Set-Cookie: sluice_app=/i);
    await other.until("from 1");
  });
}

test("a request that is moved from queue to queue waits no longer than queue in all", async (t) => {
  const scene = await Scene.open(t, { timeouts: { queue: "500ms" } });
  await scene.occupy(0, "/hangs");
  await scene.occupy(1, "/hangs-too");
  const began = performance.now();
  const waiting = await scene.queue("/waits");
  for (let i = 0; performance.now() - began < 450; i++) {
    await scene.reload([scene.entry(i % 2), scene.entry(1 - i % 2)], { timeouts: { queue: "500ms" } });
  }
  await waiting.until("503 Service Unavailable: queue_timeout");
  assert.ok(performance.now() - began < 900, `${performance.now() - began}`);
});
