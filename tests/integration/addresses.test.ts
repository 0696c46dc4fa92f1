// Where the proxy listens and where it connects to.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { RawClient, roundTrip } from "../support/raw-client.ts";
import { Program } from "../support/program.ts";
import { RawServer } from "../support/raw-server.ts";
import { startTestProxy, type TestProxy } from "../support/test-proxy.ts";
import { get, ok } from "./scene.ts";

const GET = get("/", "Connection: close");
const HAS_IPV6 = Object.values(networkInterfaces()).some((list) =>
  list!.some(({ address }) => address === "::1")
);

test("listen() binds a unix socket, and removes its file at the end", async (t) => {
  const path = join(temporary(t), "web.sock");
  const { proxy, server } = await start(t, { bind: `unix:${path}` });
  assert.equal(proxy.running.listeners[0]!.address, `unix:${path}`);
  assert.match(await roundTrip(path, GET), /^HTTP\/1\.1 200 OK/);
  assert.match(server.received, /\r\nX-Forwarded-For: unknown\r\n/);
  await proxy.stop();
  assert.equal(existsSync(path), false);
});

test("listen() takes over the unix socket file of a process that is gone", async (t) => {
  const path = join(temporary(t), "web.sock");
  const killed = await Program.run(
    `[[frontends]]\nbind = "unix:${path}"\ndefault_backend = "a"\n[backends.a]\nservers = ["http://127.0.0.1:9"]\n`,
  );
  killed.signal("SIGKILL");
  await killed.dispose();
  assert.equal(existsSync(path), true);
  await start(t, { bind: `unix:${path}` });
  assert.match(await roundTrip(path, GET), /^HTTP\/1\.1 200 OK/);
});

test("listen() does not take over the unix socket of a process that lives", async (t) => {
  const path = join(temporary(t), "web.sock");
  const { proxy } = await start(t, { bind: `unix:${path}` });
  await assert.rejects(startTestProxy({ servers: [1], frontend: { bind: `unix:${path}` } }));
  assert.match(await roundTrip(path, GET), /^HTTP\/1\.1 200 OK/);
  await proxy.stop();
});

test("listen() rejects a port that is taken, and leaves nothing open", async (t) => {
  const { proxy } = await start(t, {});
  const free = await RawServer.listen();
  await free.close();
  const bind = [`127.0.0.1:${free.port}`, `127.0.0.1:${proxy.port}`];
  await assert.rejects(startTestProxy({ servers: [1], frontend: { bind } }), /another program listens there/);
  await assert.rejects(RawClient.open(free.port));
});

test("listen() finds a free port for port 0 and tells which", async (t) => {
  const { proxy } = await start(t, { bind: ["127.0.0.1:0", "127.0.0.1:0"] });
  const ports = proxy.running.listeners.map(({ port }) => port);
  assert.equal(new Set(ports).size, 2);
  for (const port of ports) {
    assert.ok(port > 0);
    assert.match(await roundTrip(port, GET), /^HTTP\/1\.1 200 OK/);
  }
  assert.deepEqual(
    proxy.events.filter(({ event }) => event === "listening").map(({ fields }) => fields["address"]),
    ports.map((port) => `127.0.0.1:${port}`),
  );
});

test("listen() binds a name", async (t) => {
  const { proxy } = await start(t, { bind: "localhost:0" });
  const [address] = await Promise.any(
    ["127.0.0.1", "::1"].map(async (host) => [host, await RawClient.open(proxy.port, host)] as const),
  );
  assert.ok(address);
});

test("listen() binds IPv6", { skip: HAS_IPV6 ? false : "THIS MACHINE HAS NO IPv6" }, async (t) => {
  const { proxy, server } = await start(t, { bind: "[::1]:0" });
  assert.equal(proxy.running.listeners[0]!.address, `[::1]:${proxy.port}`);
  const client = await RawClient.open(proxy.port, "::1");
  client.send(GET.replace("a.example", `[::1]:${proxy.port}`));
  assert.match(await client.untilClosed(), /^HTTP\/1\.1 200 OK/);
  assert.match(server.received, /\r\nX-Forwarded-For: ::1\r\n/);
});

test("listen() binds every address where none is named", async (t) => {
  const { proxy, server } = await start(t, { bind: ":0" });
  for (const host of HAS_IPV6 ? ["127.0.0.1", "::1"] : ["127.0.0.1"]) {
    const client = await RawClient.open(proxy.port, host);
    client.send(GET);
    assert.match(await client.untilClosed(), /^HTTP\/1\.1 200 OK/);
  }
  assert.match(server.received, /\r\nX-Forwarded-For: 127\.0\.0\.1\r\n/);
});

test("dial() connects to a unix socket", async (t) => {
  const path = join(temporary(t), "app.sock");
  const listener: Server = createServer((socket) => socket.once("data", () => socket.write(ok("by socket"))));
  await new Promise<void>((resolve) => listener.listen(path, resolve));
  const proxy = await startTestProxy({ servers: [`unix:${path}`] });
  t.after(async () => {
    await proxy.stop();
    listener.close();
  });
  assert.match(await roundTrip(proxy.port, GET), /by socket$/);
});

test("dial() connects to a name", async (t) => {
  const server = await RawServer.answering(ok("by name"));
  const proxy = await startTestProxy({ servers: [`http://localhost:${server.port}`] });
  close(t, proxy, server);
  assert.match(await roundTrip(proxy.port, GET), /by name$/);
});

test("dial() connects to IPv6", { skip: HAS_IPV6 ? false : "THIS MACHINE HAS NO IPv6" }, async (t) => {
  const listener = createServer((socket) => socket.once("data", () => socket.write(ok("by IPv6"))));
  await new Promise<void>((resolve) => listener.listen(0, "::1", resolve));
  const { port } = listener.address() as { port: number };
  const proxy = await startTestProxy({ servers: [`http://[::1]:${port}`] });
  t.after(async () => {
    await proxy.stop();
    listener.close();
  });
  assert.match(await roundTrip(proxy.port, GET), /by IPv6$/);
});

const UNREACHABLE: [what: string, server: (freePort: number) => string, reason: string][] = [
  ["a port where nobody listens", (port) => `http://127.0.0.1:${port}`, "connect_refused"],
  ["a port where nobody speaks TLS", (port) => `https://127.0.0.1:${port}`, "connect_refused"],
  ["a unix socket that is not there", () => "unix:/nonexistent/app.sock", "connect_refused"],
  ["a name that does not exist", () => "http://nowhere.invalid:80", "name_not_resolved"],
];
for (const [what, toServer, reason] of UNREACHABLE) {
  test(`dial() fails with ${reason} for ${what}`, async (t) => {
    const gone = await RawServer.listen();
    await gone.close();
    const proxy = await startTestProxy({ servers: [toServer(gone.port)] });
    t.after(() => proxy.stop());
    assert.match(
      await roundTrip(proxy.port, GET),
      new RegExp(`^HTTP/1\\.1 502 Bad Gateway\r\n[^]*${reason}\n`),
    );
    assert.equal((await proxy.access(0))["reason"], reason);
    assert.equal(proxy.inFlight(), 0);
  });
}

async function start(
  t: TestContext,
  frontend: Record<string, unknown>,
): Promise<{ proxy: TestProxy; server: RawServer }> {
  const server = await RawServer.answering(ok());
  const proxy = await startTestProxy({ servers: [server.port], frontend });
  close(t, proxy, server);
  return { proxy, server };
}

function close(t: TestContext, proxy: TestProxy, server: RawServer): void {
  t.after(async () => {
    await proxy.stop();
    await server.close();
  });
}

function temporary(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "sluice-test-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
