// The TypeScript of docs/from-fastapi-reverse-proxy.md is one program: each of its routes does what the page says.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import process from "node:process";
import { after, before, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Proxy, Serving } from "../../src/mod.ts";
import { RawClient, roundTrip } from "../support/raw-client.ts";
import { RawServer } from "../support/raw-server.ts";
import { bodyOf, dechunk, get, ok, pathOf } from "./scene.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const FOLDER = `${ROOT}dist/from-fastapi-${process.pid}/`;

/** Ports that the page names; those behind which there is a server get a free one. */
const PORTS = [9001, 9002, 9009, 8080, 8081];

interface Page {
  readonly serving: Serving;
  readonly proxy: Proxy;
  stop(): Promise<void>;
}

const servers: RawServer[] = [];
let page: Page;
let port: number;

before(async () => {
  const text = readFileSync(`${ROOT}docs/from-fastapi-reverse-proxy.md`, "utf8");
  const blocks = [...text.matchAll(/^```ts\n([^]*?)^```$/gm)].map(([, block]) => block!);
  assert.ok(blocks.length > 10);
  for (const name of ["one", "two"]) {
    servers.push(
      await RawServer.answering((head) => {
        if (/\r\nUpgrade: /i.test(head)) {
          return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
            "Sec-WebSocket-Protocol: chat\r\n\r\nopen";
        }
        return /^HEAD /.test(head) ? ok() : ok(`${name} ${pathOf(head)}`);
      }),
    );
  }
  const gone = await RawServer.listen();
  await gone.close();
  const free = [servers[0]!.port, servers[1]!.port, gone.port, 0, 0];
  const program = PORTS.reduce(
    (code, port, i) => code.replaceAll(`:${port}`, `:${free[i]}`),
    blocks.join("\n"),
  );
  mkdirSync(FOLDER, { recursive: true });
  const path = `${FOLDER}page.ts`;
  writeFileSync(path, program.replace('"sluice"', '"../../src/mod.ts"'));
  page = await import(pathToFileURL(path).href);
  port = Number(page.serving.addresses[0]!.split(":").at(-1));
});

after(async () => {
  await page.stop();
  for (const server of servers) await server.close();
  rmSync(FOLDER, { recursive: true, force: true });
});

async function ask(path: string, ...lines: string[]): Promise<string> {
  return await roundTrip(port, get(path, ...lines, "Connection: close"));
}

const asked = () => servers[0]!.received + servers[1]!.received;

test("/api strips its prefix, and the path goes on as it came", async () => {
  assert.match(await ask("/api/a%2Fb//c?q=1"), /one \/a%2Fb\/\/c\?q=1$/);
});

test("/login has another path, method, body, header and no query", async () => {
  assert.match(await ask("/login?secret=1", "X-Tenant: red"), /one \/login\?from=web$/);
  assert.match(
    asked(),
    /POST \/login\?from=web HTTP\/1\.1\r\n[^]*X-Tenant: blue\r\n[^]*\r\n\r\n\{"user":"me"\}/,
  );
  assert.match(asked(), /\r\nContent-Length: 13\r\n/i);
});

test("/bare sends none of the client's fields", async () => {
  await ask("/bare", "X-Client: 1");
  const head = asked().slice(asked().indexOf("GET /bare "));
  assert.match(head, /^GET \/bare HTTP\/1\.1\r\n[^]*?Accept: text\/plain\r\n/);
  assert.doesNotMatch(head, /X-Client|X-Forwarded-For/);
});

test("/failover asks the backup where the primary is gone", async () => {
  assert.match(await ask("/failover"), /two \/failover$/);
});

test("/turns goes in turn", async () => {
  const answers = [await ask("/turns/x"), await ask("/turns/x"), await ask("/turns/x")].map(bodyOf);
  assert.deepEqual(answers, ["one /x", "two /x", "one /x"]);
});

test("/smart and /each go to a server that was probed, by HEAD", async () => {
  assert.match(await ask("/smart/x"), /(?:one|two) \/x$/);
  assert.match(await ask("/each"), /(?:one|two) \/each$/);
  assert.match(asked(), /^HEAD \/health HTTP\/1\.1\r$/m);
  assert.match(servers[0]!.received, /^HEAD \/up HTTP\/1\.1\r$/m);
  assert.match(servers[1]!.received, /^HEAD \/ HTTP\/1\.1\r$/m);
});

test("/status says which servers are healthy, and how quick", async () => {
  const status = JSON.parse(dechunk(bodyOf(await ask("/status"))).body);
  assert.deepEqual(status.map(({ available }: { available: boolean }) => available), [true, true]);
  assert.ok(status.every(({ ms }: { ms: number }) => ms > 0));
});

test("/ws opens a tunnel, with the subprotocol of the server and the client's cookie", async () => {
  const upgrade = ["Upgrade: websocket", "Sec-WebSocket-Version: 13", "Cookie: a=b", "Connection: Upgrade"];
  const key = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==";

  const client = await RawClient.open(port);
  client.send(get("/ws/x", ...upgrade, key, "Sec-WebSocket-Protocol: a, chat"));
  assert.match(await client.until("open"), /^HTTP\/1\.1 101 [^]*Sec-WebSocket-Protocol: chat\r\n/);
  assert.match(servers[0]!.received, /^GET \/x HTTP\/1\.1\r\n[^]*Cookie: a=b\r\n/m);
  client.reset();
});

test("the proxy of the page starts, goes in turn and stops", async () => {
  const [address] = await page.proxy.start();
  const to = Number(address!.split(":").at(-1));
  const answers = [];
  for (let i = 0; i < 2; i++) answers.push(bodyOf(await roundTrip(to, get("/", "Connection: close"))));
  assert.deepEqual(answers, ["one /", "two /"]);
  await page.proxy.stop();
});
