import { Hono } from "hono";
import type { Buffer } from "node:buffer";
import type { TestContext } from "node:test";
import { Clients } from "../../src/downstream/clients.ts";
import { validateConfig } from "../../src/config/load.ts";
import type { ProxyError } from "../../src/base/errors.ts";
import { SILENT_LOG } from "../../src/base/log.ts";
import { createSnapshot } from "../../src/lifecycle/snapshot.ts";
import type { Exchange } from "../../src/message/exchange.ts";
import { listen } from "../../src/net/listen.ts";
import { handlerOf } from "../../src/proxy/app.ts";
import { answerFailure } from "../../src/proxy/error-answer.ts";
import { eventually } from "../support/eventually.ts";
import { RawClient } from "../support/raw-client.ts";
import { type RawConnection, RawServer } from "../support/raw-server.ts";

/** A proxy whose app stands behind middlewares in an app of the test's own, served by the engine. */
export interface AppScene {
  readonly server: RawServer;
  /** The exchanges that are over. */
  readonly exchanges: Exchange[];
  inFlight(): number;
  client(): Promise<RawClient>;
}

/** What is special about a scene. */
export interface AppOptions {
  /** The server's answer; without it the server is silent. */
  readonly answer?: string | ((head: string, connection: RawConnection) => string | undefined);
  readonly onData?: (connection: RawConnection, chunk: Buffer) => void;
  /** Whether the fields of answers are kept for whoever observes; they are not by default. */
  readonly keepsSentFields?: boolean;
  /** Keys of the frontend besides where it listens and leads. */
  readonly frontend?: Record<string, unknown>;
  /** Adds what stands in front of the proxy's app. */
  readonly use: (app: Hono) => void;
}

/** Opens a scene that closes with its test and leaves nothing in flight. */
export async function openAppScene(
  t: TestContext,
  { answer, onData, keepsSentFields = false, frontend: keys, use }: AppOptions,
): Promise<AppScene> {
  const server = answer === undefined
    ? await RawServer.listen({ ...(onData && { onData }) })
    : await RawServer.answering(answer);
  const snapshot = createSnapshot(
    validateConfig({
      frontends: [{ bind: "127.0.0.1:0", default_backend: "app", ...keys }],
      backends: { app: { servers: [`http://127.0.0.1:${server.port}`] } },
    }),
    {
      metrics: () => new Response(),
      ready: () => new Response(),
      health: () => new Response(),
      log: SILENT_LOG,
    },
  );
  const frontend = snapshot.frontends[0]!;
  const backend = snapshot.backends.get("app")!;
  const app = new Hono();
  use(app);
  app.all("*", (c) => frontend.app.fetch(c.req.raw, c.env));
  const exchanges: Exchange[] = [];
  const downstream = new Clients({ maxConnections: 0, graceMs: 20 });
  const reception = {
    limits: snapshot.config.limits,
    timeouts: frontend.config.timeouts,
    serve: handlerOf(app),
    failureAnswer: (error: ProxyError, exchange: Exchange) => answerFailure(error, exchange, frontend.errors),
    onAccepted() {},
    onTunnel() {},
    onTunnelOver() {},
    onRefused() {},
    onBegun() {},
    maxConnections: 0,
    halfClose: "answer" as const,
    keepsSentFields,
    onExchange: (exchange: Exchange) => void exchanges.push(exchange),
  };
  const listener = await listen(
    { kind: "tcp", host: "127.0.0.1", port: 0 },
    (socket) => downstream.accept(socket, { reception }),
    () => {},
  );
  const clients: RawClient[] = [];
  const inFlight = () => backend.servers.reduce((sum, one) => sum + one.inFlight, 0);
  t.after(async () => {
    for (const client of clients) client.close();
    void listener.close();
    await downstream.drain(500);
    backend.close();
    await server.close();
    await eventually("no request in flight", () => inFlight() === 0);
  });
  return {
    server,
    exchanges,
    inFlight,
    async client() {
      const client = await RawClient.open(listener.port);
      clients.push(client);
      return client;
    },
  };
}
