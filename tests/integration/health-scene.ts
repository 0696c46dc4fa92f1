import type { TestContext } from "node:test";
import type { LogFields } from "../../src/base/log-event.ts";
import { eventually } from "../support/eventually.ts";
import { roundTrip } from "../support/raw-client.ts";
import { type RawConnection, RawServer } from "../support/raw-server.ts";
import { startTestProxy, type TestProxy } from "../support/test-proxy.ts";
import { get, ok } from "./scene.ts";

/** What a server says to a head; undefined where it stays silent. */
export type Saying = string | undefined | ((head: string, connection: RawConnection) => string | undefined);

/** A server whose answers to probes (`/health`) and to requests change while it runs. */
export class HealthServer {
  probed: Saying = ok("healthy");
  asked: Saying = ok("fine");
  /** Heads of the probes, and of the requests. */
  readonly probes: string[] = [];
  readonly requests: string[] = [];
  raw!: RawServer;

  static async listen(t: TestContext): Promise<HealthServer> {
    const server = new HealthServer();
    server.raw = await RawServer.answering((head, connection) => {
      const isProbe = head.includes("User-Agent: sluice-health-check\r\n");
      (isProbe ? server.probes : server.requests).push(head);
      const saying = isProbe ? server.probed : server.asked;
      return typeof saying === "function" ? saying(head, connection) : saying;
    });
    t.after(() => server.raw.close());
    return server;
  }

  get port(): number {
    return this.raw.port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }
}

/** Rhythm of all tests here; a busy machine needs a timeout of its own size. */
const CHECK = { interval: "30ms", fast_interval: "10ms", timeout: "2s" };

/** A proxy before `servers`, with a check unless `check` is null. */
export async function startHealthProxy(
  t: TestContext,
  servers: readonly (HealthServer | number | Record<string, unknown>)[],
  { check = {}, ...backend }: { check?: Record<string, unknown> | null } & Record<string, unknown> = {},
): Promise<TestProxy> {
  const proxy = await startTestProxy({
    servers: servers.map((server) => server instanceof HealthServer ? server.port : server),
    frontend: { trusted_proxies: ["127.0.0.1"] }, // clients say who they are
    backend: {
      retries: { attempts: 1 },
      ...(check !== null && { health_check: { ...CHECK, ...check } }),
      ...backend,
    },
  });
  t.after(() => proxy.stop());
  return proxy;
}

/** A port on which nobody listens. */
export async function closedPort(): Promise<number> {
  const server = await RawServer.listen();
  await server.close();
  return server.port;
}

/** Clients so far. */
let clients = 0;

/** Status of the answer to one request, of another client than all before unless `client` is its address. */
export async function ask(proxy: TestProxy, path = "/", client?: string): Promise<number> {
  const from = client ?? `10.0.${++clients >> 8}.${clients & 255}`;
  const answer = await roundTrip(proxy.port, get(path, `X-Forwarded-For: ${from}`, "Connection: close"));
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);
}

/** Fields of the events called `event`, of one server where it is named. */
export function eventsOf(proxy: TestProxy, event: string, server?: HealthServer): LogFields[] {
  return proxy.events
    .filter((one) => one.event === event && (server === undefined || one.fields["server"] === server.url))
    .map(({ fields }) => fields);
}

/** Waits until `count` events called `event` were logged, and returns the last. */
export async function logged(
  proxy: TestProxy,
  event: string,
  { count = 1, server }: { count?: number; server?: HealthServer } = {},
): Promise<LogFields> {
  return await eventually(`${count} × ${event}`, () => eventsOf(proxy, event, server)[count - 1]);
}

/** Waits for `count` probes more than there were. */
export async function probed(server: HealthServer, count: number): Promise<void> {
  const goal = server.probes.length + count;
  await eventually(`${count} more probes`, () => server.probes.length >= goal);
}
