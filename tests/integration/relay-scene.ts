import type { Buffer } from "node:buffer";
import type { TestContext } from "node:test";
import { validateConfig } from "../../src/config/load.ts";
import { countSockets } from "../support/counted-sockets.ts";
import { eventually } from "../support/eventually.ts";
import { RawClient } from "../support/raw-client.ts";
import { type RawConnection, RawServer } from "../support/raw-server.ts";
import { startTestProxy, type TestProxy } from "../support/test-proxy.ts";
import { ok } from "./scene.ts";

/** What a parent says to a head; it is silent where nothing is said. */
export type Saying = string | ((head: string, connection: RawConnection) => string | undefined) | undefined;

/** What is special about a relay. */
export interface RelayOptions {
  /** What each parent proxy answers; without parents everything goes straight. */
  readonly parents?: readonly Saying[];
  /** Keys of `[frontends.relay]`. */
  readonly relay?: Record<string, unknown>;
  /** Keys of every parent's entry besides its URL. */
  readonly entry?: Record<string, unknown>;
  readonly backend?: Record<string, unknown>;
  readonly frontend?: Record<string, unknown>;
  readonly config?: Record<string, unknown>;
  /** What targets answer; `<target>` where nothing is said. */
  readonly answer?: Saying;
  /** Sees what targets get. */
  readonly onData?: (connection: RawConnection, chunk: Buffer) => void;
}

/** A relay with its parents, a target, and clients; all are closed when the test is over. */
export interface RelayScene {
  readonly proxy: TestProxy;
  readonly parents: readonly RawServer[];
  readonly target: RawServer;
  /** `127.0.0.1:PORT` of the target. */
  readonly place: string;
  client(): Promise<RawClient>;
  /** Sends `text` on a connection of its own; resolves with all that comes until its end. */
  ask(text: string): Promise<string>;
  /** Takes over another config of the same relay. */
  reload(options: Pick<RelayOptions, "relay" | "backend">): Promise<unknown>;
}

/** Opens a scene whose relay reaches this machine. Its end asserts that no request is counted as under way any more, and no socket as open. */
export async function openRelay(t: TestContext, options: RelayOptions = {}): Promise<RelayScene> {
  const { parents: sayings = [], answer = ok("<target>"), onData } = options;
  const target = onData === undefined ? await say(answer) : await RawServer.listen({ onData });
  const parents = await Promise.all(sayings.map(say));
  const config = partsOf(options, { target, parents });
  const allClosed = countSockets();
  const proxy = await startTestProxy(config);
  const clients: RawClient[] = [];
  t.after(async () => {
    for (const client of clients) client.close();
    await proxy.stop();
    for (const server of [target, ...parents]) await server.close();
    await eventually("no request in flight", () => proxy.inFlight() === 0);
    await allClosed();
  });
  const client = async () => {
    const one = await RawClient.open(proxy.port);
    clients.push(one);
    return one;
  };
  return {
    proxy,
    parents,
    target,
    place: `127.0.0.1:${target.port}`,
    client,
    async ask(text) {
      const one = await client();
      one.send(text);
      return await one.untilClosed();
    },
    reload(change) {
      const { servers, frontend, backend, config: more } = partsOf({ ...options, ...change }, {
        target,
        parents,
      });
      return proxy.running.reload(validateConfig({
        shutdown: { drain_timeout: "500ms", grace: "20ms" },
        frontends: [{ name: "web", bind: "127.0.0.1:0", ...frontend }],
        backends: { app: { servers, ...backend } },
        ...more,
      }));
    },
  };
}

function say(saying: Saying): Promise<RawServer> {
  return saying === undefined ? RawServer.listen() : RawServer.answering(saying);
}

function partsOf(
  { relay, entry, backend, frontend, config }: RelayOptions,
  { target, parents }: { target: RawServer; parents: readonly RawServer[] },
) {
  const servers = parents.map(({ port }) => ({ url: `http://127.0.0.1:${port}`, ...entry }));
  return {
    servers: servers.length > 0 ? servers : ["http://127.0.0.1:1"],
    backend: { protocol: "proxy", ...backend },
    frontend: {
      mode: "relay",
      default_backend: parents.length > 0 ? "app" : undefined,
      relay: { allow_private: true, connect_ports: [443, target.port], ...relay },
      ...frontend,
    },
    ...(config && { config }),
  };
}

/** A request in absolute-form, without what follows its head. */
export function absolute(url: string, lines: readonly string[] = [], method = "GET"): string {
  return [`${method} ${url} HTTP/1.1`, `Host: ${new URL(url).host}`, ...lines, "", ""].join("\r\n");
}

/** The same for one request on a connection. */
export function lone(url: string, ...lines: string[]): string {
  return absolute(url, [...lines, "Connection: close"]);
}

/** A CONNECT. */
export function connectTo(authority: string, ...lines: string[]): string {
  return [`CONNECT ${authority} HTTP/1.1`, `Host: ${authority}`, ...lines, "", ""].join("\r\n");
}

/** A field with Basic credentials. */
export function credentials(user: string, password: string): string {
  return `Proxy-Authorization: Basic ${btoa(`${user}:${password}`)}`;
}

/** The lines of a head. */
export function linesOf(head: string): string[] {
  return head.slice(0, head.indexOf("\r\n\r\n")).split("\r\n");
}

/** The status of an answer. */
export function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1]);
}
