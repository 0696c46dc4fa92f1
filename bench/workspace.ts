import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { processTree } from "./process-tree.ts";

/** What to spawn, and where its output goes. */
export interface Command {
  executable: string;
  args: readonly string[];
  /** Added to the bench's own environment. */
  env?: Readonly<Record<string, string>>;
  /** Path that collects stdout and stderr. Without it both are pipes. */
  logPath?: string;
}

/**
 * Owns all that a run leaves on the machine: one temporary directory and every child process.
 *
 * `dispose` is synchronous and hangs on the `exit` event, so that the normal end, an uncaught error and
 * Ctrl-C take the same way out. Only `kill -9` of the bench itself escapes it.
 */
export class Workspace {
  readonly directory = mkdtempSync(join(tmpdir(), "sluice-bench-"));
  readonly #children = new Set<ChildProcess>();

  constructor() {
    // nginx drops to another user when root starts it, and that worker reads the files in here.
    chmodSync(this.directory, 0o755);
    process.on("exit", () => this.dispose());
    for (const [signal, number] of [["SIGHUP", 1], ["SIGINT", 2], ["SIGTERM", 15]] as const) {
      process.on(signal, () => process.exit(128 + number));
    }
  }

  /** Creates `name` in the temporary directory and returns its path. */
  folder(name: string): string {
    const path = join(this.directory, name);
    mkdirSync(path, { recursive: true });
    return path;
  }

  /** Writes a file in the temporary directory and returns its path. */
  write(name: string, content: string): string {
    const path = join(this.directory, name);
    writeFileSync(path, content);
    return path;
  }

  /** Spawns a child that `dispose` will kill. */
  spawn(command: Command): ChildProcess {
    const log = command.logPath === undefined ? undefined : openSync(command.logPath, "a");
    const child = spawn(command.executable, [...command.args], {
      env: { ...process.env, ...command.env },
      stdio: log === undefined ? ["ignore", "pipe", "pipe"] : ["ignore", log, log],
    });
    if (log !== undefined) closeSync(log); // the child has its own copy
    this.#children.add(child);
    child.once("exit", () => this.#children.delete(child));
    return child;
  }

  /** Kills the child `pid` with its descendants. */
  stop(pid: number): void {
    for (const child of this.#children) {
      if (child.pid === pid) killTree(pid);
    }
  }

  /** Kills every child with its descendants and removes the directory. May be called twice. */
  dispose(): void {
    for (const child of this.#children) {
      if (child.pid !== undefined) killTree(child.pid);
    }
    this.#children.clear();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Parents first: an nginx master would start a new worker for one that dies before it. */
function killTree(pid: number): void {
  for (const member of processTree(pid)) {
    try {
      process.kill(member, "SIGKILL");
    } catch {
      // It ended by itself after the tree was read.
    }
  }
}
