import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { sluiceCommand } from "../support/program.ts";
import { RawClient, roundTrip } from "../support/raw-client.ts";
import { RawServer } from "../support/raw-server.ts";

const skip = process.platform === "linux" ? false : "NOT TESTED: /dev/full IS THERE ON LINUX ONLY";

for (const output of ["a full disk", "a pipe that nobody reads any more"]) {
  test(`sluice run serves and drains where its log goes to ${output}`, { skip }, async () => {
    const directory = mkdtempSync(join(tmpdir(), "sluice-test-"));
    const socket = join(directory, "s");
    const config = join(directory, "sluice.toml");
    const origin = await RawServer.answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    writeFileSync(
      config,
      `[[frontends]]\nbind = "unix:${socket}"\ndefault_backend = "a"\n` +
        `[backends.a]\nservers = ["http://127.0.0.1:${origin.port}"]\n`,
    );
    const full = output === "a full disk" ? openSync("/dev/full", "w") : undefined;
    const [command, ...args] = sluiceCommand();
    const child = spawn(command!, [...args, "run", "-c", config], {
      stdio: ["ignore", full ?? "pipe", "ignore"],
    });
    let exit: number | null | undefined;
    child.on("exit", (code) => exit = code);
    child.stdout?.destroy();
    try {
      await eventually(
        "the socket to answer",
        () => RawClient.open(socket).then((c) => (c.close(), true), () => false),
      );
      for (let i = 0; i < 5; i++) {
        const answer = await roundTrip(socket, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        assert.match(answer, /^HTTP\/1\.1 200 OK\r\n[^]*ok$/);
      }
      process.kill(child.pid!, "SIGTERM");
      await eventually("the program to end", () => exit !== undefined);
      assert.equal(exit, 0);
    } finally {
      if (exit === undefined) process.kill(child.pid!, "SIGKILL");
      if (full !== undefined) closeSync(full);
      await origin.close();
      rmSync(directory, { recursive: true, force: true });
    }
  });
}
