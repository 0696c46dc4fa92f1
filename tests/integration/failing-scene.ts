import type { TestContext } from "node:test";
import { roundTrip } from "../support/raw-client.ts";
import { RawServer } from "../support/raw-server.ts";
import { startTestProxy, type TestProxy } from "../support/test-proxy.ts";
import { bodyOf, ok } from "./scene.ts";

/** An answer that the proxy made. */
export interface ErrorAnswer {
  readonly status: number;
  /** The status line and all fields. */
  readonly head: string;
  readonly body: string;
  /** The value of the one line called `name`; throws where there is none, or more. */
  field(name: string): string;
}

/** A proxy with paths that fail: each is named after what goes wrong there. Everything else is answered 200. */
export interface FailingScene {
  readonly proxy: TestProxy;
  ask(request: string): Promise<ErrorAnswer>;
}

/** Opens a scene; it closes with its test. */
export async function openFailingScene(
  t: TestContext,
  frontend: Record<string, unknown> = {},
): Promise<FailingScene> {
  const server = await RawServer.answering(ok("fine"));
  const broken = await RawServer.answering("HTTP/9.9 what\r\n\r\n");
  const hangingUp = await RawServer.listen({ onData: (connection) => connection.close() });
  const gone = await RawServer.listen();
  await gone.close();
  t.after(() => Promise.all([server.close(), broken.close(), hangingUp.close()]));
  const backends: Record<string, unknown> = {
    app: { servers: [`http://127.0.0.1:${server.port}`] },
    no_server: { servers: [{ url: `http://127.0.0.1:${server.port}`, weight: 0 }] },
    connect_refused: { servers: [`http://127.0.0.1:${gone.port}`] },
    upstream_invalid: { servers: [`http://127.0.0.1:${broken.port}`] },
    upstream_reset: { servers: [`http://127.0.0.1:${hangingUp.port}`] },
  };
  const routes = Object.keys(backends).map((backend) => ({ path_prefix: `/${backend}`, backend }));
  const proxy = await startTestProxy({
    servers: [],
    config: { frontends: [{ name: "web", bind: "127.0.0.1:0", routes, ...frontend }], backends },
  });
  t.after(() => proxy.stop());
  return { proxy, ask: async (request) => read(await roundTrip(proxy.port, request)) };
}

function read(text: string): ErrorAnswer {
  const head = text.slice(0, text.indexOf("\r\n\r\n") + 2);
  return {
    status: Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1]),
    head,
    body: bodyOf(text),
    field(name) {
      const lines = [...head.matchAll(new RegExp(`^${name}: (.*)\r\n`, "gim"))];
      if (lines.length !== 1) throw new Error(`${lines.length} lines called ${name} in ${head}`);
      return lines[0]![1]!;
    },
  };
}
