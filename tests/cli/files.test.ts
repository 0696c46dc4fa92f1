import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test, type TestContext } from "node:test";
import { eventually } from "../support/eventually.ts";
import { Program } from "../support/program.ts";
import { RawClient, roundTrip } from "../support/raw-client.ts";
import { RawServer } from "../support/raw-server.ts";

const skip = process.platform === "linux" ? false : "NOT TESTED: THE LIMIT IS KNOWN ON LINUX ONLY";

const LIMIT = 256;
const GET = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

interface Scene {
  readonly program: Program;
  readonly origins: readonly RawServer[];
  /** Opens connections to the frontend, or `to` another place, and sends `text` on each. */
  open(count: number, text?: string, to?: number | string): Promise<RawClient[]>;
  /** Answers of the listener of `index`, as text. */
  ask(): Promise<string>;
  /** What the admin listener measures. */
  metrics(): Promise<string>;
}

/** A proxy with two probed servers that may open few files; a `script` runs it in place of Sluice. */
async function openScene(
  t: TestContext,
  { limits = {}, script, bind = [] }: {
    limits?: Record<string, unknown>;
    script?: string;
    /** Further addresses. */
    bind?: readonly string[];
  } = {},
): Promise<Scene> {
  const origins = [await RawServer.answering(OK), await RawServer.answering(OK)];
  const config = {
    limits,
    admin: { bind: "127.0.0.1:0" },
    frontends: [{ bind: ["127.0.0.1:0", ...bind], default_backend: "app" }],
    backends: {
      app: {
        servers: origins.map(({ port }) => `http://127.0.0.1:${port}`),
        health_check: { interval: "200ms", timeout: "190ms" },
      },
    },
  };
  const args = script === undefined ? ["run", "-c", "{config}"] : ["{config}"];
  const options = { files: LIMIT, ...(script !== undefined && { script }) };
  const program = Program.start(args, JSON.stringify(config), "sluice.json", options);
  const clients: RawClient[] = [];
  t.after(async () => {
    for (const client of clients) client.close();
    await program.dispose();
    for (const origin of origins) await origin.close();
  });
  await eventually("both listeners", () => portsOf(program).length === 2, 15_000);
  const [admin, port] = portsOf(program) as [number, number];
  return {
    program,
    origins,
    async open(count, text = "", to = port) {
      const opened: RawClient[] = [];
      while (opened.length < count) { // no more at once than may wait to be accepted
        const some = Array.from({ length: 8 }, () => new RawClient(connect(placeOf(to))));
        for (const client of some) client.send(text);
        await eventually("connections, or refusals", () => some.every(({ socket }) => !socket.connecting));
        opened.push(...some);
        clients.push(...some);
      }
      return opened;
    },
    ask: () => roundTrip(port, GET, 10_000),
    metrics: () => roundTrip(admin, "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
  };
}

function placeOf(to: number | string) {
  const place = typeof to === "string" ? { path: to } : { host: "127.0.0.1", port: to };
  return { ...place, allowHalfOpen: true, noDelay: true };
}

function portsOf({ stdout }: Program): number[] {
  return [...stdout.matchAll(/"event":"listening".*?:(\d+)"/g)].map(([, port]) => Number(port));
}

function filesOf({ child }: Program): number {
  return readdirSync(`/proc/${child.pid}/fd`).length;
}

/** User and system time of the program, in ms. */
function cpuOf({ child }: Program): number {
  const numbers = readFileSync(`/proc/${child.pid}/stat`, "latin1").split(") ")[1]!.split(" ");
  return (Number(numbers[11]) + Number(numbers[12])) * 10;
}

/** No server was blamed: by no request, nor by a probe unless it was slow. */
async function assertNobodyBlamed({ program, metrics }: Scene): Promise<void> {
  assert.ok(!/server_ejected|"L4CON"/.test(program.stdout));
  const available = 'sluice_backend_available_servers{backend="app"} 2\n';
  await eventually("both servers to be available", async () => (await metrics()).includes(available));
}

test(
  "sluice takes as many clients as files allow, each with a server, and refuses the rest",
  { skip },
  async (t) => {
    const scene = await openScene(t);
    const { program, open, ask, metrics } = scene;
    const uploads = await open(96, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx");
    await eventually(
      "all to be answered",
      () => uploads.every(({ received, ended, closed }) => received !== "" || ended || closed),
    );
    const served = uploads.filter(({ received }) => received.startsWith("HTTP/1.1 200 "));
    assert.equal(served.length, 52); // none lacked a file
    assert.match(await metrics(), /^HTTP\/1\.1 200 /);
    assert.ok(filesOf(program) < LIMIT);
    await eventually("a refusal in words", async () => (await ask()).endsWith(": connection_limit\n"));
    await assertNobodyBlamed(scene);
    for (const upload of uploads) upload.close();
    await eventually("a client to be served", async () => (await ask()).endsWith("ok"));
  },
);

test(
  "sluice with more clients than files says out_of_files, blames no server, and goes on",
  { skip },
  async (t) => {
    const scene = await openScene(t, { limits: { max_connections: 1000 } });
    const { program, open, ask, metrics } = scene;
    await program.untilPrinted('"event":"files_short","limit":256,"max_connections":1000,"enough_for":52');
    const idle = await open(LIMIT);
    await eventually("the rest to be refused", () => idle.some(({ closed, ended }) => closed || ended));
    await eventually("a refusal in words", async () => (await ask()).endsWith(": out_of_files\n"));
    for (const client of idle) if (!client.ended && !client.closed) client.send(GET);
    await eventually("all to be answered", () => idle.every(({ ended, closed }) => ended || closed));
    await assertNobodyBlamed(scene);
    assert.equal(program.stdout.match(/"event":"out_of_files","limit":256,/g)?.length, 1);
    assert.match(await metrics(), /sluice_refused_connections_total\{frontend="frontend1"\} [1-9]/);
    await eventually("a client to be served", async () => (await ask()).endsWith("ok"));
  },
);

test("sluice goes on within a second of files coming free that others had taken", { skip }, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "sluice-test-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, "s");
  const scene = await openScene(t, { script: "tests/support/hoarder.ts", bind: [`unix:${path}`] });
  const { program, open, ask } = scene;
  assert.match(await ask(), /ok$/);
  program.signal("SIGUSR2");
  await program.untilPrinted("hoarded");
  const clients = [...await open(16, GET), ...await open(16, GET, path)];
  await eventually("an answer", () => clients.some(({ received }) => received.includes("503")));
  await program.untilPrinted('"event":"out_of_files","limit":256,');
  const [cpu, startedAt] = [cpuOf(program), performance.now()];
  await eventually("a look and some probes", () => performance.now() - startedAt > 600);
  assert.ok(cpuOf(program) - cpu < (performance.now() - startedAt) / 2); // no core is spent on trying
  program.signal("SIGUSR2");
  await program.untilPrinted("given back");
  const freeAt = performance.now();
  await eventually("all to be answered", () => clients.every(({ ended, closed }) => ended || closed));
  await eventually("a client to be served", async () => (await ask()).endsWith("ok"));
  await eventually(
    "one by the unix socket",
    async () => (await roundTrip(path, GET).catch(String)).endsWith("ok"),
  );
  assert.ok(performance.now() - freeAt < 3000); // half a second where the machine is not busy
  await assertNobodyBlamed(scene);
});

test(
  "a relay keeps a bounded number of unused connections, whatever number of hosts is asked for",
  { skip },
  async (t) => {
    const target = await RawServer.answering(OK, { host: "0.0.0.0" });
    const config = `
[[frontends]]
bind = "127.0.0.1:0"
mode = "relay"
relay = { allow_private = true }
`;
    const program = await Program.run(config, "sluice.toml", { files: LIMIT });
    t.after(async () => {
      await program.dispose();
      await target.close();
    });
    const client = await RawClient.open(program.port);
    for (let i = 1; i <= 60; i++) {
      const host = `127.0.1.${i}:${target.port}`;
      client.send(`GET http://${host}/ HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      await eventually("the answer", () => client.received.split("\r\n\r\nok").length === i + 1);
    }
    client.close();
    await eventually("the oldest to be closed", () => target.open === LIMIT / 8);
    assert.deepEqual(target.connections.map(({ closed }) => !closed).lastIndexOf(false), 60 - LIMIT / 8 - 1);
  },
);
