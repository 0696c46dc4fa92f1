import { createServer, type Server } from "node:http";
import process from "node:process";
import exampleText from "../../config.example.toml" with { type: "text" };
import { createLog } from "../base/log.ts";
import { findPlaceInText, parseConfig } from "../config/load.ts";
import { RunningProxy } from "../lifecycle/running.ts";
import { openStdout } from "../net/stdout.ts";
import { logStyle } from "./log-style.ts";
import { serveUntilSignal } from "./run.ts";

const EXAMPLE = { file: "config.example.toml", format: "toml" } as const;
/** Ports of the demo servers: those that config.example.toml names. */
const PORTS = [9001, 9002, 9003];

/** Starts three demo servers and the proxy with the example config; runs until a signal. Resolves with the exit code. */
export async function demo(): Promise<number> {
  const config = parseConfig(exampleText, EXAMPLE);
  const style = logStyle("info", { ...config.log, format: "short" });
  const log = createLog({ ...style, write: openStdout().write });
  const servers: Server[] = [];
  try {
    for (const port of PORTS) servers.push(await startDemoServer(port));
  } catch (error) {
    process.stderr.write(`Cannot start the demo servers: ${(error as Error).message}\n`);
    return 1;
  }
  const proxy = new RunningProxy(config, log);
  const code = await serveUntilSignal(proxy, {
    log,
    placeOf: (path) => findPlaceInText(exampleText, { ...EXAMPLE, path }),
    onStarted: () => process.stdout.write(describe(proxy)),
  });
  for (const server of servers) server.closeAllConnections();
  return code;
}

function describe({ listeners, adminListener }: RunningProxy): string {
  const address = listeners[0]!.address;
  return `\nThree demo servers: ${PORTS.map((port) => `http://127.0.0.1:${port}/`).join("  ")}\n` +
    `The proxy:          http://${address}/\n` +
    `Its dashboard:      http://${adminListener?.address}/\n\n` +
    `Try it:  curl http://${address}/        (again and again: the servers take turns)\n` +
    `Stop it: Ctrl-C\n\n`;
}

function startDemoServer(port: number): Promise<Server> {
  const server = createServer((request, response) => {
    response.setHeader("Content-Type", "text/plain; charset=utf-8");
    response.end(
      `Hello from demo server ${port}\n\n${request.method} ${request.url}\n` +
        `for ${request.headers["x-forwarded-for"]}, via ${request.headers.via}\n`,
    );
    request.resume();
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}
