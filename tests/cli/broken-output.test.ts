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
        15_000,
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

  /** Requests for `target` that it has seen the line of, and lines that were lost. */
  count(target: string): { seen: number; lost: number } {
    const whole = this.text.slice(0, this.text.lastIndexOf("\n") + 1).trim().split("\n");
    const lines = whole.map((line) => JSON.parse(line || "{}") as Record<string, unknown>);
    return {
      seen: lines.filter((line) => line["target"] === target).length,
      lost: lines.reduce(
        (sum, { event, lines }) => event === "log_lines_lost" ? sum + Number(lines) : sum,
        0,
      ),
    };
  }

  async leave(): Promise<void> {
    this.#child.kill();
    await eventually("the reader to be gone", () => this.#gone, 15_000);
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
    const ask = (path: string, agent = "") =>
      roundTrip(
        socket,
        `GET ${path} HTTP/1.1\r\nHost: a\r\nUser-Agent: ${agent}\r\nConnection: close\r\n\r\n`,
        15_000,
      );
    let second: PipeReader | undefined;
    try {
      await eventually("the first line", () => first.text.includes('"listening"'), 15_000);
      await ask("/first");
      await eventually("the request's line", () => first.text.includes('"/first"'), 15_000);
      await first.leave();
      let unread = 0;
      const due = performance.now() + 100;
      // Lines are held back for 50 ms, or until there are 32 KiB of them.
      while (unread < 40 || performance.now() < due) {
        await ask("/unread", "x".repeat(2000)).then(() => unread++);
      }
      const reader = second = new PipeReader(pipe);
      await eventually("all lines to be there, or to be told of", async () => {
        await ask("/second");
        const { lost, seen } = reader.count("/unread");
        return lost > 0 && lost + seen >= unread;
      }, 15_000);
      process.kill(child.pid!, "SIGTERM");
      await eventually("the program to end", () => exit !== undefined, 15_000);
      assert.equal(exit, 0);
      await eventually("the last line", () => reader.text.includes('"event":"stopped"'), 15_000);
    } finally {
      if (exit === undefined) process.kill(child.pid!, "SIGKILL");
      await first.leave();
      await second?.leave();
      rmSync(directory, { recursive: true, force: true });
    }
  },
);
