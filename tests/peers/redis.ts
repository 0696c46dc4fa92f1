import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { eventually } from "../support/eventually.ts";
import { RawClient } from "../support/raw-client.ts";
import { RawServer } from "../support/raw-server.ts";
import { programPath } from "./commands.ts";

/** A real Redis that keeps nothing on disk. It may be stopped and started again at the same address. */
export class Redis {
  readonly port: number;
  readonly #folder: string;
  #child: ChildProcess | undefined;

  private constructor(port: number, folder: string) {
    this.port = port;
    this.#folder = folder;
  }

  /** Starts one on a free port, and waits until it answers. */
  static async start(): Promise<Redis> {
    const holder = await RawServer.listen();
    await holder.close();
    const redis = new Redis(holder.port, mkdtempSync(join(tmpdir(), "sluice-redis-")));
    await redis.start();
    return redis;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}/0`;
  }

  async start(): Promise<void> {
    const args = ["--port", String(this.port), "--bind", "127.0.0.1", "--save", "", "--dir", this.#folder];
    this.#child = spawn(programPath("redis-server")!, args, { stdio: "ignore" });
    await eventually(
      "Redis to answer",
      () => this.ask("PING").then((answer) => answer === "+PONG", () => false),
    );
  }

  /** The first line of its answer to a command. */
  async ask(command: string): Promise<string> {
    const client = await RawClient.open(this.port);
    client.send(`${command}\r\n`);
    await client.until("\r\n");
    client.close();
    return client.received.split("\r\n")[0]!;
  }

  /** A section of what it tells of itself. */
  async info(section: string): Promise<string> {
    const client = await RawClient.open(this.port);
    client.send(`INFO ${section}\r\n`);
    await client.until("\r\n\r\n");
    client.close();
    return client.received;
  }

  /** Ends it at once; what it had is lost. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
  }

  /** Has it stand still, connections open, or go on. */
  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    if (this.#child?.pid !== undefined) process.kill(this.#child.pid, signal);
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
