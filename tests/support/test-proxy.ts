import type { LogFields } from "../../src/base/log-event.ts";
import { validateConfig } from "../../src/config/load.ts";
import type { Config } from "../../src/config/schema.ts";
import { RunningProxy } from "../../src/lifecycle/running.ts";
import { eventually } from "./eventually.ts";

/** A proxy inside the test's process, on a free port of 127.0.0.1. */
export interface TestProxy {
  readonly port: number;
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly running: RunningProxy;
  /** The fields of each access log line so far. */
  readonly accesses: LogFields[];
  /** All events that were logged, access lines left out. */
  readonly events: { event: string; fields: LogFields }[];
  /** Requests on their way to or from any server. */
  inFlight(): number;
  /** Waits for the access log line number `index` (from 0). */
  access(index: number, timeoutMs?: number): Promise<LogFields>;
  /** Drains and stops. */
  stop(): Promise<number>;
}

/** What a test changes of the usual config, in the config file's own words. */
export interface TestConfig {
  /** Ports of servers on 127.0.0.1, or whole server entries. */
  readonly servers: readonly (number | string | Record<string, unknown>)[];
  readonly backend?: Record<string, unknown>;
  readonly frontend?: Record<string, unknown>;
  /** Further top-level sections. */
  readonly config?: Record<string, unknown>;
}

/** Starts a proxy with one frontend and one backend, `app`. Short drain, so that a test cannot hang in it. */
export function startTestProxy({ servers, backend, frontend, config }: TestConfig): Promise<TestProxy> {
  return startProxyOf(
    validateConfig({
      frontends: [{ name: "web", bind: "127.0.0.1:0", default_backend: "app", ...frontend }],
      backends: {
        app: {
          servers: servers.map((server) =>
            typeof server === "number" ? `http://127.0.0.1:${server}` : server
          ),
          ...backend,
        },
      },
      ...config,
      shutdown: { drain_timeout: "500ms", grace: "20ms", ...(config?.["shutdown"] ?? {}) },
    }),
  );
}

/** Starts the proxy that a config describes. */
export async function startProxyOf(config: Config): Promise<TestProxy> {
  const accesses: LogFields[] = [];
  const events: { event: string; fields: LogFields }[] = [];
  const note = (event: string, fields: LogFields = {}) => void events.push({ event, fields });
  const log = {
    debug: note,
    info: note,
    warn: note,
    error: note,
    access: (f: LogFields) => void accesses.push(f),
  };
  const running = new RunningProxy(config, log);
  await running.start();
  const { port } = running.listeners[0]!;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    running,
    accesses,
    events,
    inFlight() {
      let sum = 0;
      for (const { servers } of running.snapshot.backends.values()) {
        for (const server of servers) sum += server.inFlight;
      }
      return sum;
    },
    access: (index, timeoutMs) => eventually(`access log line ${index}`, () => accesses[index], timeoutMs),
    stop: () => running.stop(),
  };
}
