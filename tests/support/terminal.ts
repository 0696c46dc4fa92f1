import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { gzipSync } from "node:zlib";
import { eventually } from "./eventually.ts";
import { sluiceCommand } from "./program.ts";

/** A command that takes longer hangs. */
const LIMIT_MS = 20_000;

/** What commands read that are about files of others, each as short as can be. */
const NGINX =
  "events {}\nhttp { server { listen 8080; location / { proxy_pass http://127.0.0.1:5000; } } }\n";
const LOG = '192.0.2.7 - - [01/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 2 "-" "curl/8.0"\n';

/** What a command has printed. */
export interface Printed {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that serves, in a folder of a test. */
interface Serving {
  readonly child: ReturnType<typeof spawn>;
  /** Ports as the page has them, in the order in which they are bound. */
  readonly ports: readonly string[];
  stdout: string;
  stderr: string;
  /** Exit code, or the signal that ended it; undefined while it runs. */
  code: number | string | undefined;
}

/**
 * A folder in which the commands of a page are typed. The ports that the page names stand for free ones: those of
 * applications for servers of the test, which say what they were asked, those of Sluice for what it has bound.
 */
export class Terminal {
  readonly #folder = mkdtempSync(join(tmpdir(), "sluice-page-"));
  readonly #ports = new Map<string, number>();
  readonly #apps: Server[] = [];
  #serving: Serving | undefined;

  constructor() {
    for (const name of ["bin", "dist"]) mkdirSync(join(this.#folder, name));
    for (const path of ["bin/sluice", "dist/sluice"]) this.#writeCommand(path);
    this.write("nginx.conf", NGINX);
    this.write("access.log", LOG);
    writeFileSync(join(this.#folder, "access.log.gz"), gzipSync(LOG));
  }

  /** An application behind each of these ports. */
  async openApps(ports: readonly string[]): Promise<void> {
    for (const port of ports) {
      if (this.#ports.has(port)) continue;
      const app = await openApp(port);
      this.#apps.push(app);
      this.#ports.set(port, (app.address() as AddressInfo).port);
    }
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.#folder, name), this.#placed(text));
  }

  /** Says that Sluice will bind these ports: until then any free one is meant. */
  expectBound(ports: readonly string[]): void {
    for (const port of ports) this.#ports.set(port, 0);
  }

  /** Starts what serves until it is stopped, in place of what served before. */
  async serve(line: string, ports: readonly string[]): Promise<void> {
    await this.#stopServing();
    this.expectBound(ports);
    const child = spawn("sh", ["-c", `exec ${this.#placed(line)}`], this.#options());
    const serving: Serving = { child, ports, stdout: "", stderr: "", code: undefined };
    this.#serving = serving;
    child.stdout!.setEncoding("utf8").on("data", (text: string) => serving.stdout += text);
    child.stderr!.setEncoding("utf8").on("data", (text: string) => serving.stderr += text);
    child.on("close", (code, signal) => serving.code = code ?? signal ?? -1);
    const bound = await eventually(`"${line}" to listen`, () => {
      if (serving.code !== undefined) throw new Error(`${line}: ${serving.stdout}${serving.stderr}`);
      const found = serving.stdout.matchAll(/"event":"listening".*?"address":"[^"]*:(\d+)"/g);
      const addresses = [...found].map(([, port]) => Number(port));
      return addresses.length >= ports.length ? addresses : undefined;
    }, LIMIT_MS);
    ports.forEach((port, i) => this.#ports.set(port, bound[i]!));
  }

  /** Runs a command to its end. */
  run(line: string): Promise<Printed> {
    return new Promise((resolve, reject) => {
      const child = spawn("sh", ["-c", this.#placed(line)], this.#options());
      let stdout = "";
      let stderr = "";
      child.stdout!.setEncoding("utf8").on("data", (text: string) => stdout += text);
      child.stderr!.setEncoding("utf8").on("data", (text: string) => stderr += text);
      const timer = setTimeout(() => child.kill("SIGKILL"), LIMIT_MS);
      child.on("error", reject);
      child.on("close", (code) => {
        clearTimeout(timer);
        resolve({ code, stdout: this.#unplaced(stdout), stderr: this.#unplaced(stderr) });
      });
    });
  }

  async close(): Promise<void> {
    try {
      await this.#stopServing();
    } finally {
      this.#serving?.child.kill("SIGKILL");
      for (const app of this.#apps) {
        app.closeAllConnections();
        app.close();
      }
      rmSync(this.#folder, { recursive: true, force: true });
    }
  }

  async #stopServing(): Promise<void> {
    const serving = this.#serving;
    if (serving === undefined) return;
    if (serving.code === undefined) process.kill(serving.child.pid!, "SIGTERM");
    await eventually("the end of what serves", () => serving.code !== undefined, LIMIT_MS);
    this.#serving = undefined;
    if (serving.code !== 0) {
      throw new Error(`What served ended with ${serving.code}: ${serving.stdout}${serving.stderr}`);
    }
  }

  #placed(text: string): string {
    return text.replace(/:(\d{2,5})\b/g, (written, port) => {
      const actual = this.#ports.get(port);
      return actual === undefined ? written : `:${actual}`;
    });
  }

  #unplaced(text: string): string {
    const written = new Map([...this.#ports].map(([port, actual]) => [String(actual), port]));
    return text.replace(/:(\d{2,5})\b/g, (found, port) => {
      const name = written.get(port);
      return name === undefined ? found : `:${name}`;
    });
  }

  #options() {
    const admin = this.#ports.get("9090");
    return {
      cwd: this.#folder,
      stdio: ["ignore", "pipe", "pipe"] as ["ignore", "pipe", "pipe"],
      env: {
        ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/proxy$/i.test(name))),
        PATH: `${join(this.#folder, "bin")}:${process.env["PATH"]}`,
        ADMIN: admin === undefined ? "" : `http://127.0.0.1:${admin}`,
      },
    };
  }

  /** `sluice` is what the test runs on; `ctl` and `top` find the proxy where it is, not at the usual port. */
  #writeCommand(path: string): void {
    const command = sluiceCommand().map((word) => `'${word}'`).join(" ");
    const script = `#!/bin/sh\ncase "$1 $*" in\n  *--admin*) ;;\n` +
      `  ctl*|top*) [ -z "$ADMIN" ] || set -- "$@" --admin "$ADMIN" ;;\nesac\nexec ${command} "$@"\n`;
    writeFileSync(join(this.#folder, path), script);
    chmodSync(join(this.#folder, path), 0o755);
  }
}

/** Says in its answer which port of the page it stands for, and what it was asked. */
async function openApp(port: string): Promise<Server> {
  const server = createServer((request, response) => {
    const text = `app ${port}: ${request.method} ${request.url}\n` +
      `${Object.entries(request.headers).map(([name, value]) => `${name}: ${value}\n`).join("")}`;
    const isStream = request.url?.startsWith("/events") === true;
    response.setHeader("Content-Type", isStream ? "text/event-stream" : "text/plain");
    response.end(isStream ? "data: one\n\ndata: two\n\n" : text);
    request.resume();
  });
  server.on("upgrade", (_, socket) => {
    socket.end(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\x81\x02hi\n",
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}
