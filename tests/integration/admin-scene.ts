import type { TestContext } from "node:test";
import { RawServer } from "../support/raw-server.ts";
import { startTestProxy, type TestProxy } from "../support/test-proxy.ts";
import { ok } from "./scene.ts";

/** A proxy with an admin listener, and servers that answer with their number. */
export interface AdminScene {
  readonly proxy: TestProxy;
  readonly servers: readonly RawServer[];
  /** Names of the servers. */
  readonly names: readonly string[];
  readonly adminPort: number;
  /** Answer of the admin listener. */
  admin(path: string, init?: RequestInit): Promise<Response>;
  /** What it answers to `body` as JSON. */
  write(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; value: Record<string, unknown> }>;
  /** Path of the server at `index`. */
  pathOf(index: number): string;
  /** Bodies of the answers to so many requests of clients. */
  bodies(count: number): Promise<string[]>;
}

/** Opens a scene that closes with its test. */
export async function openAdminScene(
  t: TestContext,
  { count = 2, admin, backend, frontend, config }: {
    count?: number;
    admin?: Record<string, unknown>;
    backend?: Record<string, unknown>;
    frontend?: Record<string, unknown>;
    config?: Record<string, unknown>;
  } = {},
): Promise<AdminScene> {
  const servers = await Promise.all(
    Array.from({ length: count }, (_, i) => RawServer.answering(ok(String(i)))),
  );
  const proxy = await startTestProxy({
    servers: servers.map(({ port }) => port),
    ...(backend && { backend }),
    ...(frontend && { frontend }),
    config: { admin: { bind: "127.0.0.1:0", ...admin }, ...config },
  });
  t.after(async () => {
    await proxy.stop();
    await Promise.all(servers.map((server) => server.close()));
  });
  const adminPort = proxy.running.adminListener!.port!;
  const url = `http://127.0.0.1:${adminPort}`;
  const names = servers.map(({ port }) => `http://127.0.0.1:${port}`);
  return {
    proxy,
    servers,
    names,
    adminPort,
    admin: (path, init) => fetch(url + path, init),
    async write(method, path, body) {
      const json = body === undefined ? {} : {
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
      };
      const response = await fetch(url + path, { method, ...json });
      return { status: response.status, value: await response.json() };
    },
    pathOf: (index) => `/api/backends/app/servers/${encodeURIComponent(names[index]!)}`,
    async bodies(count) {
      const bodies: string[] = [];
      while (bodies.length < count) bodies.push(await (await fetch(proxy.url)).text());
      return bodies;
    },
  };
}
