import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
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

/** What a pipe brings, until nobody reads it any more. */
class PipeReader {
  text = "";
  readonly #child: ChildProcess;
  #gone = false;

  constructor(path: string) {
    this.#child = spawn("cat", [path], { stdio: ["ignore", "pipe", "ignore"] });
    this.#child.stdout!.setEncoding("utf8").on("data", (text: string) => this.text += text);
    this.#child.on("exit", () => this.#gone = true);
  }

  async leave(): Promise<void> {
    this.#child.kill();
    await eventually("the reader to be gone", () => this.#gone);
  }
}

test(
  "sluice run goes on with its log when a reader comes back, and tells how much was lost",
  { skip },
  async () => {
    const directory = mkdtempSync(join(tmpdir(), "sluice-test-"));
    const [socket, config, pipe] = ["s", "sluice.toml", "pipe"].map((name) => join(directory, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(
      config,
      `[[frontends]]\nbind = "unix:${socket}"\nroutes = [{ path_prefix = "/", respond = { body = "ok" } }]\n`,
    );
    execFileSync("mkfifo", [pipe]);
    const first = new PipeReader(pipe);
    const command = [...sluiceCommand(), "run", "-c", config];
    const child = spawn("sh", ["-c", `exec "$@" > ${pipe}`, "sh", ...command], { stdio: "ignore" });
    let exit: number | null | undefined;
    child.on("exit", (code) => exit = code);
    const ask = (path: string) =>
      roundTrip(socket, `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    let second: PipeReader | undefined;
    try {
      await eventually("the first line", () => first.text.includes('"listening"'), 15_000);
      await ask("/first");
      await eventually("the request's line", () => first.text.includes('"/first"'));
      await first.leave();
      let unread = 0;
      const due = performance.now() + 100; // lines are held back for 50 ms
      while (performance.now() < due) await ask("/unread").then(() => unread++);
      const reader = second = new PipeReader(pipe);
      await eventually("a line again", async () => {
        await ask("/second");
        return reader.text.includes('"/second"');
      });
      const lines = reader.text.trim().split("\n").map((line) => JSON.parse(line) as Record<string, unknown>);
      const lost = lines.filter(({ event }) => event === "log_lines_lost")
        .reduce((sum, line) => sum + Number(line["lines"]), 0);
      const seen = lines.filter(({ target }) => target === "/unread").length;
      assert.ok(lost > 0);
      assert.ok(lost + seen >= unread);
      process.kill(child.pid!, "SIGTERM");
      await eventually("the program to end", () => exit !== undefined);
      assert.equal(exit, 0);
      assert.match(second.text, /"event":"stopped"/);
    } finally {
      if (exit === undefined) process.kill(child.pid!, "SIGKILL");
      await first.leave();
      await second?.leave();
      rmSync(directory, { recursive: true, force: true });
    }
  },
);
