import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import process from "node:process";

/** Debian keeps servers here, and an ordinary user's PATH leaves it out. */
const SYSTEM_FOLDERS = ["/usr/sbin", "/usr/local/sbin"];

/** A command that takes longer hangs. */
const LIMIT_MS = 20_000;

/** Path of the program `name`, in `first` or where programs are; undefined where it is not installed. */
export function programPath(name: string, first: readonly string[] = []): string | undefined {
  const folders = [...first, ...(process.env["PATH"] ?? "").split(":"), ...SYSTEM_FOLDERS];
  return folders.map((folder) => join(folder, name)).find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Says that `name` is not installed, in a line that `tests/run.ts` repeats at the end, and returns it for `skip`. */
export function sayMissing(name: string): string {
  const line = `peer missing: ${name}, not tested`;
  console.log(line);
  return line;
}

/** The environment without what would tell a client to use other proxies, or other settings of npm and git. */
function plainEnvironment(): Record<string, string> {
  const kept = Object.entries(process.env).filter(([name]) => !/proxy|^npm_|^git_/i.test(name));
  return {
    ...Object.fromEntries(kept) as Record<string, string>,
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
  };
}

/** Runs a command to its end and returns its standard output; rejects with all output where it fails or hangs. */
export function runCommand(command: string, args: readonly string[], cwd?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...args], {
      stdio: ["ignore", "pipe", "pipe"],
      env: plainEnvironment(),
      ...(cwd !== undefined && { cwd }),
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => stdout += text);
    child.stderr.setEncoding("utf8").on("data", (text: string) => stderr += text);
    const timer = setTimeout(() => child.kill("SIGKILL"), LIMIT_MS);
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      if (code === 0) resolve(stdout);
      else reject(new Error(`${command} ${args.join(" ")} ended with ${code ?? signal}: ${stdout}${stderr}`));
    });
  });
}
