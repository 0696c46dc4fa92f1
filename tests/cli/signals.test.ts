import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { Program } from "../support/program.ts";
import { RawClient } from "../support/raw-client.ts";
import { RawServer } from "../support/raw-server.ts";
import { closeOf, WebSocket } from "../support/ws.ts";
import { openEchoServer } from "../integration/websocket-scene.ts";

const SIZE = 4 * 1024 * 1024;

function config(port: number, drain = "10s"): string {
  return `
[shutdown]
drain_timeout = "${drain}"
[[frontends]]
bind = "127.0.0.1:0"
default_backend = "app"
[backends.app]
servers = ["http://127.0.0.1:${port}"]
`;
}

test("SIGTERM lets a download and an upload finish whole, refuses new connections, and exits 0", async () => {
  const origin = await RawServer.listen({
    onData(connection) {
      if (connection.received.startsWith("GET /download")) {
        // The head and the first half now; the rest when the test says so.
        if (!connection.received.includes("\r\n\r\n")) return;
        connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${SIZE}\r\n\r\n`);
        connection.socket.write(Buffer.alloc(SIZE / 2, "d"));
      } else if (connection.received.length > SIZE) {
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nuploaded");
      }
    },
  });
  const program = await Program.run(config(origin.port));
  try {
    const download = await RawClient.open(program.port);
    download.send("GET /download HTTP/1.1\r\nHost: a\r\n\r\n");
    await eventually("half of the download", () => download.received.length > SIZE / 2);
    const upload = await RawClient.open(program.port);
    upload.send(`POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: ${SIZE}\r\n\r\n`);
    upload.socket.write(Buffer.alloc(SIZE / 2, "u"));
    await eventually("half of the upload", () => (origin.connections[1]?.received.length ?? 0) > SIZE / 2);
    const idle = await RawClient.open(program.port);

    program.signal("SIGTERM");
    await program.untilPrinted('"drain"');
    await eventually("the idle connection to be closed", () => idle.ended || idle.closed);
    await assert.rejects(RawClient.open(program.port), { code: "ECONNREFUSED" });

    origin.connections[0]!.socket.write(Buffer.alloc(SIZE / 2, "d"));
    upload.socket.write(Buffer.alloc(SIZE / 2, "u"));
    const [downloaded, uploaded] = [await download.untilClosed(), await upload.untilClosed()];
    assert.equal(downloaded.length - downloaded.indexOf("\r\n\r\n") - 4, SIZE);
    assert.match(uploaded, /^HTTP\/1\.1 200 OK\r\n[^]*Connection: close\r\n\r\nuploaded$/);
    const sent = origin.connections[1]!.received;
    assert.equal(sent.length - sent.indexOf("\r\n\r\n") - 4, SIZE);
    assert.equal(await program.untilExit(), 0);
    assert.match(program.stdout, /"event":"stopped","cut":0/);
  } finally {
    await program.dispose();
    await origin.close();
  }
});

/** Runs `act` while one request waits for an answer that its server does not give. */
async function withHungRequest(
  drain: string,
  act: (hung: { program: Program; origin: RawServer; client: RawClient }) => Promise<void>,
): Promise<void> {
  const origin = await RawServer.listen();
  const program = await Program.run(config(origin.port, drain));
  try {
    const client = await RawClient.open(program.port);
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await eventually("the request at the server", () => origin.received.includes("\r\n\r\n"));
    await act({ program, origin, client });
  } finally {
    await program.dispose();
    await origin.close();
  }
}

test("a hung request is cut after the drain timeout, the line says how many, and the exit code is 0", async () => {
  await withHungRequest("300ms", async ({ program }) => {
    const exited = new Promise<number>((resolve) =>
      program.child.on("exit", () => resolve(performance.now()))
    );
    program.signal("SIGTERM");
    const signalled = performance.now();
    const tookMs = await exited - signalled;
    assert.ok(tookMs >= 295 && tookMs < 3000, `took ${tookMs} ms`);
    assert.equal(await program.untilExit(), 0);
    assert.match(program.stdout, /"event":"drain_timeout","cut":1,"timeout":"300ms"/);
  });
});

test("one Ctrl-C that arrives twice, as under bun run and deno task, drains", async () => {
  await withHungRequest("10s", async ({ program, origin, client }) => {
    program.signal("SIGINT");
    program.signal("SIGINT");
    await program.untilPrinted('"drain"');
    origin.connections[0]!.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate");
    assert.match(await client.untilClosed(), /\r\n\r\nlate$/);
    assert.equal(await program.untilExit(), 0);
  });
});

test("a second signal ends the program at once", async () => {
  await withHungRequest("10s", async ({ program }) => {
    program.signal("SIGTERM");
    await program.untilPrinted('"drain"');
    const again = () => program.exit === undefined && void program.signal("SIGTERM");
    await eventually("the end of the program", () => (again(), program.exit !== undefined), 1000);
    assert.equal(program.exit, 143);
  });
});

test("SIGTERM ends a start that waits for probes, with exit code 0", async () => {
  const silent = await RawServer.listen();
  const text = config(silent.port) + 'health_check = { timeout = "60s" }\n';
  const program = Program.start(["run", "-c", "{config}"], text);
  try {
    await eventually("the probe", () => silent.received.includes("/health"), 15_000);
    program.signal("SIGTERM");
    assert.equal(await program.untilExit(), 0);
    assert.doesNotMatch(program.stdout, /start_failed/);
  } finally {
    await program.dispose();
    await silent.close();
  }
});

test("a config that changes while the program starts, and SIGHUP at that time, are taken over behind the start", async () => {
  let answers = false;
  const slow = await RawServer.answering((head) =>
    head.startsWith("GET /health ") && !answers ? undefined : "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
  );
  const text = `reload_interval = "50ms"\n${config(slow.port)}health_check = { timeout = "60s" }\n`;
  const program = Program.start(["run", "-c", "{config}"], text);
  try {
    await eventually("the probe", () => slow.received.includes("/health"), 15_000);
    writeFileSync(program.path, text.replace("10s", "9s"));
    program.signal("SIGHUP");
    answers = true;
    for (const connection of slow.connections) {
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    }
    await program.untilPrinted('"event":"reloaded"', 15_000);
    assert.match(program.stdout, /"listening".*"reloaded".*shutdown/s);
    program.signal("SIGTERM");
    assert.equal(await program.untilExit(), 0);
  } finally {
    await program.dispose();
    await slow.close();
  }
});

test("SIGTERM closes WebSockets with 1001 at both ends, and exits 0", async (t) => {
  const echo = await openEchoServer(t);
  const program = await Program.run(config(echo.port, "300ms"));
  try {
    const client = new WebSocket(`ws://127.0.0.1:${program.port}`, [], {});
    const server = await eventually(
      "the WebSocket",
      () => client.readyState === 1 ? echo.sockets[0] : undefined,
    );
    const closes = Promise.all([closeOf(client), closeOf(server)]);
    program.signal("SIGTERM");
    assert.deepEqual(await closes, ["1001", "1001"]);
    assert.equal(await program.untilExit(), 0);
    assert.match(program.stdout, /"event":"stopped","cut":0/);
  } finally {
    await program.dispose();
  }
});

test("SIGHUP in a drain is ignored: what is under way is finished", async () => {
  await withHungRequest("10s", async ({ program, client, origin }) => {
    program.signal("SIGTERM");
    await program.untilPrinted('"drain"');
    program.signal("SIGHUP");
    origin.connections[0]!.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate");
    assert.match(await client.untilClosed(), /late$/);
    assert.equal(await program.untilExit(), 0);
  });
});
