import type { TestContext } from "node:test";
import { eventually } from "../support/eventually.ts";
import { RawClient } from "../support/raw-client.ts";
import { type RawConnection, RawServer } from "../support/raw-server.ts";
import { startTestProxy, type TestConfig, type TestProxy } from "../support/test-proxy.ts";
import { messagesIn } from "./scene.ts";

/** What a server does: it answers every head with a text, or does something on every piece; or it is not there. */
export type Behaviour = "refuses" | string | ((connection: RawConnection) => void);

/** Servers that are asked in their order, a proxy in front of them and its clients; all end with the test. */
export interface RetryScene {
  readonly servers: readonly RawServer[];
  readonly proxy: TestProxy;
  client(): Promise<RawClient>;
  /** Sends `text` on a connection of its own and returns what came until its end. */
  ask(text: string): Promise<string>;
  /** How many requests each server got. */
  counts(): number[];
  /** The access log's name of server number `index`. */
  name(index: number): string;
}

/** Opens a scene without ejections, where the first server that was not tried is asked. Its end checks promise 4. */
export async function openRetryScene(
  t: TestContext,
  behaviours: readonly Behaviour[],
  { backend, ...rest }: Omit<TestConfig, "servers"> = {},
): Promise<RetryScene> {
  const servers = await Promise.all(behaviours.map(listen));
  const proxy = await startTestProxy({
    servers: servers.map(({ port }) => port),
    backend: { balance: "first", ejection: { enabled: false }, ...backend },
    ...rest,
  });
  const clients: RawClient[] = [];
  const client = async () => {
    const opened = await RawClient.open(proxy.port);
    clients.push(opened);
    return opened;
  };
  t.after(async () => {
    for (const client of clients) client.close();
    await eventually("no request in flight", () => proxy.inFlight() === 0);
    await proxy.stop();
    await Promise.all(servers.map((server, i) => behaviours[i] === "refuses" || server.close()));
  });
  return {
    servers,
    proxy,
    client,
    async ask(text) {
      const asking = await client();
      asking.send(text);
      return await asking.untilClosed();
    },
    counts: () => servers.map(({ received }) => messagesIn(received)),
    name: (index) => `http://127.0.0.1:${servers[index]!.port}`,
  };
}

/** A server that takes a request and closes without a byte of an answer. */
export function hangsUp(connection: RawConnection): void {
  connection.close();
}

/** A server that takes a request and breaks the connection. */
export function resets(connection: RawConnection): void {
  connection.reset();
}

/** A server that never answers. */
export function isSilent(): void {}

/** A server that begins an answer with `text` and closes. */
export function breaksOffAfter(text: string): Behaviour {
  return (connection) => {
    connection.send(text);
    connection.end();
  };
}

async function listen(behaviour: Behaviour): Promise<RawServer> {
  if (typeof behaviour === "function") return RawServer.listen({ onData: behaviour });
  if (behaviour !== "refuses") return RawServer.answering(behaviour);
  const gone = await RawServer.listen();
  await gone.close();
  return gone;
}
