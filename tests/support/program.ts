import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { eventually } from "./eventually.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/**
 * The command that starts Sluice: the binary that SLUICE_BINARY names, else the source on the runtime that the
 * test itself runs on.
 */
export function sluiceCommand(): string[] {
  const binary = process.env["SLUICE_BINARY"];
  if (binary !== undefined && binary !== "") return [binary];
  return run("src/main.ts");
}

function run(script: string): string[] {
  const path = join(ROOT, script);
  return process.versions["bun"] === undefined
    ? [process.execPath, "run", "-A", path]
    : [process.execPath, path];
}

/** A running program and what it has printed. */
export class Program {
  readonly child: ChildProcess;
  stdout = "";
  stderr = "";
  /** Exit code, or the name of the signal that ended it; undefined while it runs. */
  exit: number | string | undefined;
  /** Path of its config file. */
  readonly path: string;
  readonly #directory: string;

  private constructor(child: ChildProcess, directory: string, path: string) {
    this.child = child;
    this.path = path;
    this.#directory = directory;
    child.stdout!.setEncoding("utf8").on("data", (text: string) => this.stdout += text);
    child.stderr!.setEncoding("utf8").on("data", (text: string) => this.stderr += text);
    child.on("exit", (code, signal) => this.exit = code ?? signal ?? -1);
  }

  /**
   * Starts Sluice with `args`; `config` is written to a file first and `{config}` in the arguments is its path. With
   * `inside` that file's directory is the working directory; `files` is the limit of open files, and `script` one that is
   * run on the runtime in place of Sluice.
   */
  static start(
    args: readonly string[],
    config = "",
    fileName = "sluice.toml",
    { env = {}, inside = false, files, script }: {
      env?: Record<string, string>;
      inside?: boolean;
      files?: number;
      script?: string;
    } = {},
  ): Program {
    const directory = mkdtempSync(join(tmpdir(), "sluice-test-"));
    const path = join(directory, fileName);
    writeFileSync(path, config);
    const limited = files === undefined ? [] : ["sh", "-c", `ulimit -n ${files}; exec "$@"`, "sh"];
    const words = args.map((word) => word.replace("{config}", path));
    const [command, ...rest] = [
      ...limited,
      ...(script === undefined ? sluiceCommand() : run(script)),
      ...words,
    ];
    const child = spawn(command!, rest, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...env },
      ...(inside && { cwd: directory }),
    });
    return new Program(child, directory, path);
  }

  /** Starts `sluice run` with `config` and waits until it listens. */
  static async run(
    config: string,
    fileName?: string,
    options?: Parameters<typeof Program.start>[3],
  ): Promise<Program> {
    const program = Program.start(["run", "-c", "{config}"], config, fileName, options);
    await program.untilPrinted('"listening"', 15_000);
    return program;
  }

  /** Port of the first listener. */
  get port(): number {
    const match = /"event":"listening".*?"address":"[^"]*:(\d+)"/.exec(this.stdout);
    if (match === null) throw new Error(`Not listening: ${this.stdout}${this.stderr}`);
    return Number(match[1]);
  }

  /** Waits until standard output holds `text`. */
  async untilPrinted(text: string, timeoutMs?: number): Promise<void> {
    await eventually(
      `the program to print ${text}`,
      () => {
        if (this.exit !== undefined && !this.stdout.includes(text)) {
          throw new Error(`The program ended with ${this.exit}: ${this.stdout}${this.stderr}`);
        }
        return this.stdout.includes(text);
      },
      timeoutMs,
    );
  }

  /** Puts `config` in the place of its config file, at one moment: a program that looks sees the old or the new one, whole. */
  configure(config: string): void {
    writeFileSync(`${this.path}.new`, config);
    renameSync(`${this.path}.new`, this.path);
  }

  /** Sends a signal, unless the program is gone. Not by `child.kill`: after it, Deno reports that signal in place of the exit code. */
  signal(name: NodeJS.Signals): void {
    try {
      process.kill(this.child.pid!, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }

  /** Waits for the end of the program and returns its exit code, or the name of the signal that ended it. */
  async untilExit(timeoutMs = 10_000): Promise<number | string> {
    await eventually("the program to end", () => this.exit !== undefined, timeoutMs);
    return this.exit!;
  }

  /** Resident memory in bytes. Linux only. */
  get residentBytes(): number {
    const status = readFileSync(`/proc/${this.child.pid}/status`, "utf8");
    return Number(/VmRSS:\s*(\d+) kB/.exec(status)![1]) * 1024;
  }

  /** Ends the program, hard if it still runs, and removes its files. Call it in every test, whatever happened. */
  async dispose(): Promise<void> {
    if (this.exit === undefined) this.signal("SIGKILL");
    await eventually("the program to end", () => this.exit !== undefined);
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
