import { readFileSync } from "node:fs";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { loadConfig } from "../../src/config/load.ts";
import type { Config } from "../../src/config/schema.ts";
import { eventually } from "../support/eventually.ts";
import { countSockets } from "../support/counted-sockets.ts";
import { RawClient, roundTrip } from "../support/raw-client.ts";
import { type RawConnection, RawServer } from "../support/raw-server.ts";
import { startProxyOf, type TestProxy } from "../support/test-proxy.ts";
import { ok } from "./scene.ts";

const FOLDER = fileURLToPath(new URL("../golden/drop-in/", import.meta.url));

/** What a server says to a request that is no probe; undefined is silence. */
type Saying = (head: string, connection: RawConnection) => string | undefined;

/** A server that the example of a predecessor names. */
export interface ExampleServer {
  /** Answered with the port that the example gives it, unless a test says otherwise. */
  answer: Saying;
  /** What probes get. */
  probed: string;
  /** Heads of requests, without those of probes. */
  readonly requests: string[];
  readonly raw: RawServer;
}

/** A predecessor's example as it runs, with its servers. */
export interface DropInScene {
  readonly proxy: TestProxy;
  /** By the port that the example gives them. */
  readonly servers: Readonly<Record<number, ExampleServer>>;
  /** Sends `text` to listener number `index`, and resolves with all that comes until the end. */
  ask(text: string, index?: number): Promise<string>;
  client(): Promise<RawClient>;
  /** Stops and starts again with another text of the file. */
  restart(change: (text: string) => string): Promise<void>;
}

/** The example file of a predecessor. */
export function exampleOf(file: string): string {
  return readFileSync(FOLDER + file, "utf8");
}

export interface DropInOptions {
  /** Ports of the example at which there are servers. */
  readonly ports: readonly number[];
  /** Changes the text first. */
  readonly change?: (text: string) => string;
  /** Sets servers up before the proxy starts, which probes them. */
  readonly prepare?: (servers: DropInScene["servers"]) => void;
}

/** Starts the example `file` as it stands, but for its addresses, which become free ones. */
export async function openDropIn(t: TestContext, file: string, options: DropInOptions): Promise<DropInScene> {
  const { ports, change = (text) => text, prepare } = options;
  const servers: Record<number, ExampleServer> = {};
  for (const port of ports) servers[port] = await startServer(port);
  prepare?.(servers);
  const allClosed = countSockets();
  const start = (change: (text: string) => string) => {
    let text = change(exampleOf(file));
    for (const port of ports) {
      text = text.replaceAll(`127.0.0.1:${port}`, `127.0.0.1:${servers[port]!.raw.port}`);
    }
    text = text.replace(/(?<=(?:bind|listen|listen_addr)"?(?: =|:) ")[\d.]+:\d+/g, "127.0.0.1:0");
    return startProxyOf(quick(loadConfig({ file, text }).config));
  };
  let proxy = await start(change);
  const clients: RawClient[] = [];
  t.after(async () => {
    for (const client of clients) client.reset();
    await proxy.stop();
    for (const server of Object.values(servers)) await server.raw.close();
    await eventually("no request in flight", () => proxy.inFlight() === 0);
    await allClosed();
  });
  return {
    get proxy() {
      return proxy;
    },
    servers,
    ask: (text, index = 0) => roundTrip(proxy.running.listeners[index]!.port, text),
    async client() {
      const client = await RawClient.open(proxy.port);
      clients.push(client);
      return client;
    },
    async restart(change) {
      await proxy.stop();
      proxy = await start(change);
    },
  };
}

/** The same, but a stop does not wait for idle clients. */
export function quick(config: Config): Config {
  return {
    ...config,
    shutdown: { ...config.shutdown, grace: 20, drainTimeout: Math.min(2000, config.shutdown.drainTimeout) },
  };
}

async function startServer(port: number): Promise<ExampleServer> {
  const requests: string[] = [];
  const saying: Pick<ExampleServer, "answer" | "probed"> = { answer: () => ok(`<${port}>`), probed: ok() };
  const raw = await RawServer.answering((head, connection) => {
    if (/^User-Agent: sluice-health-check\r$/m.test(head)) return saying.probed;
    requests.push(head);
    return saying.answer(head, connection);
  });
  return Object.assign(saying, { requests, raw });
}

/** Which servers answered: the ports of the example. */
export function portsIn(answers: readonly string[]): number[] {
  return answers.map((answer) => Number(/<(\d+)>$/.exec(answer)?.[1]));
}

/** Asks `count` times, one after the other. */
export async function askTimes(count: number, ask: () => Promise<string>): Promise<number[]> {
  const answers: string[] = [];
  while (answers.length < count) answers.push(await ask());
  return portsIn(answers);
}

/** The statuses of answers. */
export function statusIn(answer: string): number {
  return Number(answer.split(" ")[1]);
}
