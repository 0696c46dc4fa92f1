import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { LogFields } from "../../src/base/log-event.ts";
import { RawClient } from "../support/raw-client.ts";
import { RawServer } from "../support/raw-server.ts";
import { startTestProxy } from "../support/test-proxy.ts";
import { get } from "./shapes/shape.ts";
import { soon } from "./soon.ts";
import { readStrictly, valuesOf } from "./strict-reader.ts";
import { startStrictServer } from "./strict-server.ts";

/** What attackers claim to be; a rule leads these addresses to a server of its own. */
const FORGED = ["6.6.6.6", "6666::6"] as const;

/** One request and what everybody made of it. */
export interface Sighting {
  /** Everything the client got. */
  readonly answer: string;
  readonly log: LogFields;
  /** What all servers got. */
  readonly bytes: string;
  /** The values of the lines called `name` that the server got. */
  sent(name: string): string[];
}

/** What is special about a stage. */
export interface StageOptions {
  readonly frontend?: Record<string, unknown>;
  /** Whether the client comes by a unix socket, and not from 127.0.0.1. */
  readonly unix?: boolean;
}

/** Sends a GET with `lines`, or the text of a request. */
export type Sight = (request: readonly string[] | string) => Promise<Sighting>;

/** A proxy that is asked one request after another; it closes with the test. */
export async function openStage(
  t: TestContext,
  { frontend = {}, unix = false }: StageOptions = {},
): Promise<Sight> {
  const server = await startStrictServer();
  const forged = await RawServer.listen();
  const directory = unix ? mkdtempSync(join(tmpdir(), "sluice-test-")) : "";
  const path = join(directory, "web.sock");
  const proxy = await startTestProxy({
    servers: [server.port],
    frontend: {
      ...(unix && { bind: `unix:${path}` }),
      rules: [{ if: `src in [${FORGED.join(", ")}]`, backend: "forged" }],
      ...frontend,
    },
    config: {
      backends: {
        app: { servers: [`http://127.0.0.1:${server.port}`] },
        forged: { servers: [`http://127.0.0.1:${forged.port}`] },
      },
    },
  });
  t.after(async () => {
    await proxy.stop();
    await Promise.all([server.close(), forged.close()]);
    if (unix) rmSync(directory, { recursive: true, force: true });
  });
  return async (request) => {
    const before = { bytes: server.received.length, accesses: proxy.accesses.length };
    const text = typeof request === "string" ? request : get(...request, "Connection: close");
    const client = await RawClient.open(unix ? path : proxy.port);
    client.send(text);
    await soon("the end of the answer", () => client.ended || client.closed);
    const answer = await client.untilClosed();
    await soon("the line of the log", () => proxy.accesses.length > before.accesses);
    const log = proxy.accesses[before.accesses]!;
    assert.equal(forged.connections.length, 0);
    const bytes = server.received.slice(before.bytes);
    const { requests } = readStrictly(bytes);
    return { answer, log, bytes, sent: (name) => valuesOf(requests[0]!.fields, name) };
  };
}

/** Sends one request through a proxy of its own. */
export async function sight(
  t: TestContext,
  request: readonly string[] | string,
  options?: StageOptions,
): Promise<Sighting> {
  return await (await openStage(t, options))(request);
}

/** A port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = await RawServer.listen();
  await server.close();
  return server.port;
}
