import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { type MetricFamily, parseMetrics } from "../support/metrics-parser.ts";
import { RawServer } from "../support/raw-server.ts";
import { startTestProxy, type TestProxy } from "../support/test-proxy.ts";

/** All metrics at one moment. */
export class Metrics {
  readonly families: ReadonlyMap<string, MetricFamily>;

  constructor(text: string) {
    this.families = parseMetrics(text);
  }

  /** Number of samples. */
  get size(): number {
    return [...this.families.values()].reduce((sum, { samples }) => sum + samples.length, 0);
  }

  /** All samples called `name` as `label=value …`, sorted, with their values. */
  all(name: string): Record<string, number> {
    const family = this.families.get(name) ?? this.families.get(name.replace(/_(?:bucket|sum|count)$/, ""));
    const lines = (family?.samples ?? []).filter((sample) => sample.name === name).map((sample) =>
      [Object.values(sample.labels).join(" "), sample.value] as const
    );
    return Object.fromEntries(lines.sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}

/** A proxy with an admin listener, and one server behind the frontends `web` and `side`. */
export interface MetricsScene {
  readonly proxy: TestProxy;
  readonly server: RawServer;
  /** Names of the servers that listen and that do not. */
  readonly names: { up: string; down: string };
  /** Port of the frontend at `index`. */
  port(index: number): number;
  /** Answer of the admin listener. */
  admin(path: string, init?: RequestInit): Promise<Response>;
  /** Waits for `count` lines of the log, then asks for the metrics. */
  measure(count?: number): Promise<Metrics>;
}

/** Opens a scene that closes with its test. `answer` is that of the server; without it, it is silent. */
export async function openMetricsScene(
  t: TestContext,
  { answer, further = [], backends: backendsOf, config }: {
    answer?: (head: string) => string | undefined;
    /** More frontends. */
    further?: readonly Record<string, unknown>[];
    /** Other backends, made of the names of the servers that listen and that do not. */
    backends?: (up: string, down: string) => Record<string, unknown>;
    config?: Record<string, unknown>;
  } = {},
): Promise<MetricsScene> {
  const server = await RawServer.answering(answer ?? (() => undefined));
  const gone = await RawServer.listen();
  await gone.close();
  const names = { up: `http://127.0.0.1:${server.port}`, down: `http://127.0.0.1:${gone.port}` };
  t.after(() => server.close());
  const proxy = await startTestProxy({
    servers: [],
    config: {
      admin: { bind: "127.0.0.1:0" },
      frontends: [
        { name: "web", bind: "127.0.0.1:0", default_backend: "app" },
        { name: "side", bind: "127.0.0.1:0", routes: [{ path_prefix: "/dead", backend: "dead" }] },
        ...further,
      ],
      backends: backendsOf?.(names.up, names.down) ??
        { app: { servers: [names.up] }, dead: { servers: [names.down] } },
      ...config,
    },
  });
  t.after(() => proxy.stop());
  const admin = (path: string, init?: RequestInit) =>
    fetch(`http://127.0.0.1:${proxy.running.adminListener!.port}${path}`, init);
  return {
    proxy,
    server,
    names,
    port: (index) => proxy.running.listeners[index]!.port,
    admin,
    async measure(count = 0) {
      if (count > 0) await proxy.access(count - 1);
      const response = await admin("/metrics");
      assert.equal(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
      return new Metrics(await response.text());
    },
  };
}
