import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { ask } from "./ask.ts";
import { logTail } from "./log-tail.ts";
import type { Command, Workspace } from "./workspace.ts";

const START_LIMIT_MS = 10_000;
const POLL_MS = 50;

/**
 * Spawns a server, waits until `GET /small` of `url`, or of `url` through the forward proxy `via`, is answered with
 * 200, and returns its process id.
 *
 * Throws with the end of its log when it ends before that, or after 10 s.
 */
export async function launch(
  workspace: Workspace,
  { command, url, via }: { command: Command & { logPath: string }; url: string; via?: string | undefined },
): Promise<number> {
  const child = workspace.spawn(command);
  let ended: string | undefined;
  child.once("error", (error) => ended = error.message);
  child.once("exit", (code, signal) => ended = `it ended with ${signal ?? `code ${code}`}`);
  const deadline = Date.now() + START_LIMIT_MS;
  while (ended === undefined && Date.now() < deadline) {
    if (child.pid !== undefined && await answers(url, via)) return child.pid;
    await sleep(POLL_MS);
  }
  child.kill("SIGKILL");
  throw new Error(`${ended ?? `no answer within ${START_LIMIT_MS / 1000} s`}\n${logTail(command.logPath)}`);
}

/** A port on 127.0.0.1 that nobody uses now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => typeof address === "object" && address !== null ? resolve(address.port) : reject());
    });
  });
}

async function answers(url: string, via: string | undefined): Promise<boolean> {
  try {
    return (await ask(`${url}/small`, { via, timeoutMs: 1000 })).status === 200;
  } catch {
    return false; // not listening yet
  }
}
