import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { sluiceCommand } from "../support/program.ts";
import { RawClient, roundTrip } from "../support/raw-client.ts";
import { RawServer } from "../support/raw-server.ts";

const [COMMAND, ...BEFORE] = sluiceCommand();

test("sluice run serves on where a reader of its log does not read", async () => {
  const directory = mkdtempSync(join(tmpdir(), "sluice-test-"));
  const socket = join(directory, "s");
  const origin = await RawServer.answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  writeFileSync(
    join(directory, "sluice.toml"),
    `[[frontends]]\nbind = "unix:${socket}"\ndefault_backend = "a"\n` +
      `[backends.a]\nservers = ["http://127.0.0.1:${origin.port}"]\n`,
  );
  // Nobody listens to its output: what does not fit into the pipe waits.
  const child = spawn(COMMAND!, [...BEFORE, "run", "-c", join(directory, "sluice.toml")], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  let exit: number | null | undefined;
  child.on("exit", (code) => exit = code);
  try {
    await eventually(
      "the socket to answer",
      () => RawClient.open(socket).then((c) => (c.close(), true), () => false),
    );
    const request = `GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: ${
      "x".repeat(8000)
    }\r\nConnection: close\r\n\r\n`;
    for (let i = 0; i < 60; i++) {
      assert.match(await roundTrip(socket, request), /^HTTP\/1\.1 200 OK\r\n[^]*ok$/);
    }
    process.kill(child.pid!, "SIGTERM");
    await eventually("the program to end", () => exit !== undefined);
    assert.equal(exit, 0);
  } finally {
    if (exit === undefined) process.kill(child.pid!, "SIGKILL");
    child.stdout.destroy();
    await origin.close();
    rmSync(directory, { recursive: true, force: true });
  }
});

test("sluice check writes all that it has to say, however late it is read", async () => {
  const directory = mkdtempSync(join(tmpdir(), "sluice-test-"));
  const routes = Array.from({ length: 5000 }, (_, i) => `{ path_prefix = "/number-${i}", backend = "a" }`);
  writeFileSync(
    join(directory, "sluice.toml"),
    `[[frontends]]\nbind = ":80"\nroutes = [${routes.join(", ")}]\n[backends.a]\nservers = ["http://a"]\n`,
  );
  const out = join(directory, "out");
  const command = [COMMAND!, ...BEFORE, "check", "-c", join(directory, "sluice.toml")];
  // A pipe holds 64 KiB, which is full long before this reader begins.
  const child = spawn("sh", ["-c", `"$@" | (sleep 0.5; cat) > ${out}`, "sh", ...command], {
    stdio: "ignore",
  });
  let exit: number | null | undefined;
  child.on("exit", (code) => exit = code);
  try {
    await eventually("the end", () => exit !== undefined, 10_000);
    assert.match(readFileSync(out, "utf8"), /\/number-4999 -> a\n[^]*drain timeout: 10s\n$/);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
