import assert from "node:assert/strict";
import { test } from "node:test";
import { startupLines } from "../../../src/cli/startup-lines.ts";
import { validateConfig } from "../../../src/config/load.ts";
import type { RunningProxy } from "../../../src/lifecycle/running.ts";

const server = (url: string, condition: string) => ({ url, condition, available: condition === "up" });

/** What is said of a proxy that runs `config`, at `addresses`, with servers as `backends` has them. */
function lines(
  config: Record<string, unknown>,
  { addresses, backends = {}, admin, colours = false }: {
    addresses: string[];
    backends?: Record<string, [url: string, condition: string][]>;
    admin?: string;
    colours?: boolean;
  },
): string[] {
  const proxy = {
    snapshot: { config: validateConfig(config) },
    listeners: addresses.map((address) => ({ address })),
    adminListener: admin === undefined ? undefined : { address: admin },
    status: () => ({
      backends: Object.entries(backends).map(([name, servers]) => ({
        name,
        servers: servers.map(([url, condition]) => server(url, condition)),
      })),
    }),
  } as unknown as RunningProxy;
  return startupLines(proxy, { colours }).trim().split("\n");
}

const REST = { backends: { app: { servers: ["a", "b"] }, api: { servers: ["c"] } } };

test("startupLines() says what is served where, how its servers are, and where the dashboard is", () => {
  const config = {
    frontends: [
      {
        name: "web",
        bind: [":8080", "unix:/run/x.sock"],
        rules: [{ if: "host == a.example", backend: "api" }],
        routes: [{ path_prefix: "/old", redirect: "/new" }],
        default_backend: "app",
      },
      { name: "in", bind: "127.0.0.1:0", default_backend: "api" },
      { name: "out", bind: "[::1]:3128", mode: "relay" },
    ],
    ...REST,
  };
  assert.deepEqual(
    lines(config, {
      addresses: ["[::]:8080", "unix:/run/x.sock", "127.0.0.1:41234", "[::1]:3128"],
      backends: { app: [["http://a", "up"], ["http://b", "down"]], api: [["http://c", "up"]] },
      admin: "127.0.0.1:9090",
    }),
    [
      "Serving, until Ctrl-C:",
      "  web  http://localhost:8080/  unix:/run/x.sock",
      "    if host == a.example -> api",
      "    */old -> redirect 302 to /new",
      "    everything else -> app",
      "  in  http://127.0.0.1:41234/",
      "    everything -> api",
      "  out  http://[::1]:3128/",
      "    a relay -> straight to the targets",
      "  app  http://a up  http://b down",
      "  api  http://c up",
      "  dashboard  http://127.0.0.1:9090/",
    ],
  );
});

test("startupLines() promises no dashboard where there are pages alone", () => {
  const said = (bind: string, address: string) =>
    lines({
      frontends: [{ name: "web", bind: ":1", default_backend: "app" }],
      admin: { bind, pages_only: true },
      ...REST,
    }, { addresses: ["0.0.0.0:1"], admin: address }).at(-1);
  assert.equal(said(":9090", "0.0.0.0:9090"), "  status  http://localhost:9090/status");
  assert.equal(said("unix:/run/a", "unix:/run/a"), "  status  unix:/run/a");
});

test("startupLines() stays short, whatever there is", () => {
  const many = Array.from({ length: 50 }, (_, i) => i);
  const config = {
    frontends: many.map((i) => ({
      name: `f${i}`,
      bind: "127.0.0.1:0",
      routes: many.map((j) => ({ path_prefix: `/${j}`, backend: "app" })),
    })),
    ...REST,
  };
  const said = lines(config, {
    addresses: many.map((i) => `127.0.0.1:${i + 1}`),
    backends: { app: many.map((i) => [`http://${i}`, "up"]) },
  });
  assert.ok(said.length < 60);
  assert.ok(said.includes("    and 44 more"));
  assert.ok(said.some((line) => line.endsWith("http://5 up  and 44 more")));
  assert.match(said.at(-1)!, /^ {2}and 44 more frontends and backends/);
});

test("startupLines() colours the state of servers where it may", () => {
  const config = { frontends: [{ name: "web", bind: ":1", default_backend: "app" }], ...REST };
  const said = lines(config, {
    addresses: ["0.0.0.0:1"],
    backends: { app: [["http://a", "up"], ["http://b", "ejected"]] },
    colours: true,
  });
  assert.ok(
    said.includes("  \x1b[1mapp\x1b[0m  http://a \x1b[32mup\x1b[0m  http://b \x1b[31mejected\x1b[0m"),
  );
});
