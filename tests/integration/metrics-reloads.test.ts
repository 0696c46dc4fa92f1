// Counters never fall, whatever reloads take away and bring back, and no client makes new series.
import assert from "node:assert/strict";
import { createServer } from "node:net";
import process from "node:process";
import { test, type TestContext } from "node:test";
import { validateConfig } from "../../src/config/load.ts";
import { eventually } from "../support/eventually.ts";
import { RawClient, roundTrip } from "../support/raw-client.ts";
import { RawServer } from "../support/raw-server.ts";
import { Metrics, openMetricsScene } from "./metrics-scene.ts";
import { get, ok, pathOf } from "./scene.ts";

const CLOSE = "Connection: close";
const NOT_FOUND = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";

/** All samples that only grow, by name and labels. */
function growing({ families }: Metrics): ReadonlyMap<string, number> {
  const samples = [...families.values()].filter(({ type }) => type !== "gauge").flatMap(({ samples }) =>
    samples
  );
  return new Map(samples.map(({ name, labels, value }) => [name + JSON.stringify(labels), value]));
}

/** Remembers the highest value of each counter, and says which fell. */
class Watch {
  readonly #highest = new Map<string, number>();

  fallen(metrics: Metrics): string[] {
    const fallen: string[] = [];
    for (const [key, value] of growing(metrics)) {
      const before = this.#highest.get(key) ?? 0;
      if (value < before) fallen.push(`${key}: ${value} after ${before}`);
      this.#highest.set(key, Math.max(before, value));
    }
    return fallen;
  }
}

/** A proxy whose config is made of the names of its frontend and backends, and of two servers. */
async function openReloaded(t: TestContext) {
  const scene = await openMetricsScene(t, {
    answer: (head) => pathOf(head) === "/404" ? NOT_FOUND : ok("four"),
  });
  const other = await RawServer.answering(() => ok("four"));
  t.after(() => other.close());
  const servers = [scene.names.up, `http://127.0.0.1:${other.port}`, scene.names.down];
  const configOf = (
    { frontend = "web", backend = "app", of = [0, 1, 2], ...more }: {
      frontend?: string;
      backend?: string;
      of?: readonly number[];
    } & Record<string, unknown> = {},
  ) => ({
    admin: { bind: "127.0.0.1:0" },
    frontends: [{ name: frontend, bind: "127.0.0.1:0", default_backend: backend }],
    backends: {
      [backend]: {
        servers: of.map((i) => servers[i]),
        ejection: { enabled: false },
        retries: { attempts: 3 },
      },
    },
    ...more,
  });
  let asked = 0;
  return {
    ...scene,
    servers,
    configOf,
    reload: (config: Record<string, unknown>) => scene.proxy.running.reload(validateConfig(config)),
    async ask(path = (i: number) => i % 3 === 0 ? "/404" : "/", times = 6): Promise<Metrics> {
      for (let i = 0; i < times; i++) await roundTrip(scene.port(0), get(path(i), CLOSE));
      asked += times;
      return await scene.measure(asked);
    },
  };
}

test("no counter of the metrics falls where reloads take things away and bring them back", async (t) => {
  const { configOf, reload, ask, measure, proxy } = await openReloaded(t);
  const watch = new Watch();
  const steps: Record<string, unknown>[] = [
    configOf(),
    configOf({ of: [1, 2] }),
    configOf({ frontend: "site" }),
    configOf({ of: [0] }),
    configOf({ backend: "other" }),
    configOf({ backend: "other", frontend: "site", of: [0, 2] }),
    configOf({ defaults: { timeouts: { response: "9s" } } }),
    configOf({ frontend: "site", of: [2, 0, 1] }),
    configOf({ retries: undefined, backend: "app" }),
  ];
  for (let round = 0; round < 3; round++) {
    for (const config of steps) {
      await reload(config);
      assert.deepEqual(watch.fallen(await measure()), []);
      assert.deepEqual(watch.fallen(await ask()), []);
    }
    // A reload that is refused changes nothing, though it had been prepared.
    const taken = await RawServer.listen();
    const bad = configOf({ of: [1] });
    bad.frontends.push({ name: "new", bind: `127.0.0.1:${taken.port}`, default_backend: "app" });
    await assert.rejects(reload(bad));
    await taken.close();
    assert.deepEqual(watch.fallen(await ask()), []);
  }
  assert.equal(proxy.running.status().reloads.done, 3 * steps.length);
});

test("the counters of a server, a backend and a frontend that come back go on where they were", async (t) => {
  const { configOf, reload, ask, measure, servers } = await openReloaded(t);
  await reload(configOf({ of: [0] }));
  await ask(() => "/");
  await reload(configOf({ of: [1], frontend: "site", backend: "other" }));
  const between = await ask(() => "/");
  assert.equal(between.all("sluice_requests_total")["web app GET 200"], undefined);
  await reload(configOf({ of: [0] }));
  const back = await measure();
  assert.equal(back.all("sluice_server_responses_total")[`app ${servers[0]} 2xx`], 6);
  assert.equal(back.all("sluice_server_response_seconds_count")[`app ${servers[0]}`], 6);
  assert.equal(back.all("sluice_accepted_connections_total")["web"], 6);
  assert.equal(back.all("sluice_sent_body_bytes_total")["web"], 24);
  const after = await ask(() => "/");
  assert.equal(after.all("sluice_server_responses_total")[`app ${servers[0]} 2xx`], 12);
  assert.equal(after.all("sluice_requests_total")["web app GET 200"], 12);
  assert.equal(after.all("sluice_request_duration_seconds_count")["web app"], 12);
});

/** A server that answers every request, and keeps none. Resolves with its port. */
function listenForgetfully(t: TestContext): Promise<number> {
  const server = createServer((socket) => {
    let tail = "";
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      const parts = (tail + chunk.toString("latin1")).split("\r\n\r\n");
      tail = parts.pop()!;
      socket.write(ok("four").repeat(parts.length));
    });
    t.after(() => socket.destroy());
  });
  t.after(() => void server.close());
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port));
  });
}

/** Of random hosts and paths, methods and fields, of which no metric may make a series. */
const INVENTED = Number(process.env["SLUICE_HOSTS"] ?? 10_000);

test(`${INVENTED} random hosts and paths leave the number of series as it was`, async (t) => {
  const forgetful = await listenForgetfully(t);
  const { port, measure } = await openMetricsScene(t, {
    backends: () => ({
      app: { servers: [`http://127.0.0.1:${forgetful}`] },
      dead: { servers: ["http://127.0.0.1:1"] },
    }),
    config: { log: { access: false } },
  });
  const random = () => Math.random().toString(36).slice(2) || "0";
  const target = () => `${random() > "i" ? "GET" : random()} /${random()}/${random()}?${random()}=1`;
  const invent = async (count: number) => {
    const client = await RawClient.open(port(0));
    t.after(() => client.close());
    const heads = Array.from(
      { length: count },
      () => `${target()} HTTP/1.1\r\nHost: ${random()}.${random()}\r\nX-${random()}: ${random()}\r\n\r\n`,
    );
    client.send(heads.join(""));
    await eventually(
      "all answers",
      () => client.received.length >= count * 50 && client.received.split("200 OK").length > count,
      60_000,
    );
  };
  const inventAll = async (count: number) => {
    for (let sent = 0; sent < count; sent += 10_000) {
      await Promise.all(Array.from({ length: 10 }, () => invent(Math.min(1000, count / 10))));
    }
    return await measure();
  };
  const before = await inventAll(1000);
  const after = await inventAll(INVENTED);
  assert.equal(after.size, before.size);
  const requests = Object.values(after.all("sluice_requests_total")).reduce((sum, count) => sum + count, 0);
  assert.equal(requests, INVENTED + 1000);
});
