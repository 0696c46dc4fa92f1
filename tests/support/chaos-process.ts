import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { eventually } from "./eventually.ts";

const SCRIPT = fileURLToPath(new URL("chaos-server.ts", import.meta.url));

/** A process of `chaos-server.ts` that can be ended and started again on its port. */
export class ChaosProcess {
  readonly name: string;
  port = 0;
  readonly #file: string;
  #child: ChildProcess | undefined;
  #gone = true;

  /** `directory` is where its requests are written down. */
  constructor(name: string, directory: string) {
    this.name = name;
    this.#file = join(directory, name);
  }

  get pid(): number {
    return this.#child!.pid!;
  }

  /** Starts it and waits until it listens. */
  async start(): Promise<void> {
    const run = process.versions["bun"] === undefined ? ["run", "-A", "--no-check", SCRIPT] : [SCRIPT];
    const child = spawn(process.execPath, [...run, this.name, String(this.port), this.#file], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let printed = "";
    this.#child = child;
    this.#gone = false;
    child.stdout!.setEncoding("utf8").on("data", (text: string) => printed += text);
    child.on("exit", () => this.#gone = true);
    const [, port] = await eventually(`${this.name} to listen`, () => /port (\d+)\n/.exec(printed), 15_000);
    this.port = Number(port);
  }

  /** Sends a signal. Not by `child.kill`: after it, Deno does not report how the process ended. */
  signal(name: NodeJS.Signals): void {
    process.kill(this.pid, name);
  }

  /** Waits until the process is gone. */
  async untilGone(): Promise<void> {
    await eventually(`${this.name} to be gone`, () => this.#gone);
  }

  /** Asks for a control path of it. */
  async control(path: string): Promise<string> {
    const answer = await fetch(`http://127.0.0.1:${this.port}/control/${path}`, { keepalive: false });
    return await answer.text();
  }

  /** Ends it if it runs. Call it in every test, whatever happened. */
  async dispose(): Promise<void> {
    if (!this.#gone) this.signal("SIGKILL");
    await this.untilGone();
  }
}
