// The programs of examples/, started as their heads say.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { eventually } from "../support/eventually.ts";
import { RawClient, roundTrip } from "../support/raw-client.ts";
import { RawServer } from "../support/raw-server.ts";
import { get, ok, pathOf } from "./scene.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const isBun = process.versions["bun"] !== undefined;

/** Starts an example; resolves with its port. It is asked to stop, and must, at the end of the test. */
async function start(t: TestContext, name: string, env: Record<string, string>): Promise<number> {
  const path = join(ROOT, "examples", name);
  const child = spawn(process.execPath, isBun ? [path] : ["run", "-A", "--no-check", path], {
    cwd: ROOT,
    env: { ...process.env, ...env, BIND: "127.0.0.1:0" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  child.stdout.on("data", (chunk) => output += String(chunk));
  child.stderr.on("data", (chunk) => output += String(chunk));
  let exit: number | string | undefined;
  child.on("exit", (code, signal) => exit = code ?? signal ?? "?");
  t.after(async () => {
    process.kill(child.pid!, "SIGTERM"); // on Deno `child.kill` would decide how it ended
    await eventually("the example to end", () => exit !== undefined).finally(() => child.kill("SIGKILL"));
    assert.equal(exit, 0, output);
  });
  const address = await eventually(`${name} to listen`, () => {
    if (exit !== undefined) throw new Error(`${name} ended: ${output}`);
    return /^http:\/\/127\.0\.0\.1:(\d+)\/$/m.exec(output);
  }, 15_000);
  return Number(address[1]);
}

async function listen(t: TestContext, answer: Parameters<typeof RawServer.answering>[0]): Promise<RawServer> {
  const server = await RawServer.answering(answer);
  t.after(() => server.close());
  return server;
}

const urlOf = ({ port }: RawServer) => `http://127.0.0.1:${port}`;
const ask = (port: number, path: string, ...lines: string[]) =>
  roundTrip(port, get(path, ...lines, "Connection: close"));
const named = (name: string) => (head: string) => ok(`${name} ${pathOf(head)}`);

test("01-simple-proxy.ts puts a server behind a part of an app", async (t) => {
  const server = await listen(t, named("server"));
  const port = await start(t, "01-simple-proxy.ts", { SERVER: urlOf(server) });
  assert.match(await ask(port, "/"), /An app of my own/);
  assert.match(await ask(port, "/api/x%2Fy?q=1"), /server \/x%2Fy\?q=1$/);
  assert.match(await ask(port, "/smart/me?q=1"), /server \/me$/);
  assert.match(server.received, /POST \/me .*X-Asked-By: example\r\n.*\{"asked":"\/smart\/me"\}$/s);
});

test("02-failover.ts asks its backup where the primary refuses, and where it fails", async (t) => {
  const backup = await listen(t, named("backup"));
  const primary = await listen(t, named("primary"));
  const port = await start(t, "02-failover.ts", { PRIMARY: urlOf(primary), BACKUP: urlOf(backup) });
  assert.match(await ask(port, "/a"), /^HTTP\/1\.1 200 .*primary \/a$/s);
  await primary.close();
  assert.match(await ask(port, "/b"), /^HTTP\/1\.1 200 .*backup \/b$/s);
  await backup.close();
  assert.match(await ask(port, "/c"), /^HTTP\/1\.1 502 /);
});

test("03-websocket.ts opens a tunnel for whom the app lets through", async (t) => {
  const server = await listen(
    t,
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello",
  );
  const port = await start(t, "03-websocket.ts", { SERVER: urlOf(server) });
  const upgrade = ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: x"];
  assert.match(await ask(port, "/ws/chat", ...upgrade), /^HTTP\/1\.1 401 /);
  const client = await RawClient.open(port);
  client.send(get("/ws/chat?token=secret", ...upgrade));
  await client.until("hello");
  assert.match(client.received, /^HTTP\/1\.1 101 /);
  assert.match(server.received, /^GET \/ws\/chat HTTP\/1\.1\r\n.*X-User: somebody\r\n/s);
  client.send("bytes");
  await eventually("the bytes", () => server.received.endsWith("bytes"));
  client.close();
  await eventually("the server's side to end", () => server.open === 0);
});

test("04-socket-io.ts keeps a client with its server, polling and upgraded", async (t) => {
  const servers = [await listen(t, named("one")), await listen(t, named("two"))];
  const port = await start(t, "04-socket-io.ts", { SERVERS: servers.map(urlOf).join() });
  const first = await ask(port, "/socket.io/?transport=polling");
  const cookie = /^set-cookie: (io=[^;]+);/im.exec(first)![1]!;
  const name = /(one|two) \/socket/.exec(first)![1]!;
  for (let i = 0; i < 4; i++) {
    assert.match(await ask(port, `/socket.io/?t=${i}`, `Cookie: ${cookie}`), new RegExp(`${name} /socket`));
  }
});

test("05-load-balancer.ts takes its servers in turn", async (t) => {
  const servers = [await listen(t, named("one")), await listen(t, named("two"))];
  const port = await start(t, "05-load-balancer.ts", { SERVERS: servers.map(urlOf).join() });
  const answers = [await ask(port, "/"), await ask(port, "/"), await ask(port, "/"), await ask(port, "/")];
  assert.deepEqual(answers.map((answer) => /one|two/.exec(answer)![0]), ["one", "two", "one", "two"]);
});

test("06-health-checks.ts leaves out a server whose probes fail, and says so", async (t) => {
  let healthy = true;
  const servers = [
    await listen(
      t,
      (head) =>
        pathOf(head) === "/health" && !healthy ? "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n" : ok("one"),
    ),
    await listen(t, ok("two")),
  ];
  const port = await start(t, "06-health-checks.ts", { SERVERS: servers.map(urlOf).join() });
  const up = async () => {
    const answer = await ask(port, "/status");
    const status = JSON.parse(answer.slice(answer.indexOf("{"), answer.lastIndexOf("}") + 1));
    return status.servers.map((server: { up: boolean }) => server.up).join();
  };
  assert.equal(await up(), "true,true");
  healthy = false;
  await eventually("the first to be down", async () => await up() === "false,true", 15_000);
  for (let i = 0; i < 4; i++) assert.match(await ask(port, "/"), /two$/);
});
