import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { FOREIGN_FORMATS } from "../../src/config/import/formats.ts";
import { writeToml } from "../../src/config/import/write-toml.ts";
import { parseConfig } from "../../src/config/load.ts";
import { eventually } from "../support/eventually.ts";
import { startProxyOf, type TestProxy } from "../support/test-proxy.ts";
import { programPath } from "./commands.ts";

/** Programs whose configs are converted, by the names of their commands. */
export type PeerName = "nginx" | "haproxy" | "caddy";

const START_LIMIT_MS = 15_000;
/** Another process may take a free port before it is bound. */
const START_ATTEMPTS = 3;

/** A real program with a config, and Sluice with what `convert` makes of the same config, each on a port of its own. */
export class Beside {
  readonly peerPort: number;
  readonly sluicePort: number;
  readonly #child: ChildProcess;
  readonly #sluice: TestProxy;
  readonly #folder: string;

  private constructor(
    ports: readonly [peer: number, sluice: number],
    parts: { child: ChildProcess; sluice: TestProxy; folder: string },
  ) {
    [this.peerPort, this.sluicePort] = ports;
    this.#child = parts.child;
    this.#sluice = parts.sluice;
    this.#folder = parts.folder;
  }

  /** `config` makes the text of the config for a port to listen on. */
  static async start(name: PeerName, config: (port: number) => string): Promise<Beside> {
    for (let attempt = 1;; attempt++) {
      try {
        return await Beside.#startOnce(name, config);
      } catch (error) {
        if (attempt === START_ATTEMPTS) throw error;
      }
    }
  }

  static async #startOnce(name: PeerName, config: (port: number) => string): Promise<Beside> {
    const folder = mkdtempSync(join(tmpdir(), `sluice-${name}-`));
    const ports = [await freePort(), await freePort()] as const;
    const file = join(
      folder,
      name === "caddy" ? "Caddyfile" : name === "haproxy" ? "haproxy.cfg" : "nginx.conf",
    );
    writeFileSync(file, config(ports[1]));
    const toml = writeToml(FOREIGN_FORMATS[name](file).data);
    const sluice = await startProxyOf(parseConfig(toml, { file: "sluice.toml", format: "toml" }));
    writeFileSync(file, name === "nginx" ? inFolder(config(ports[0]), folder) : config(ports[0]));
    const child = spawn(programPath(name)!, ARGUMENTS[name](file), {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
    });
    const beside = new Beside(ports, { child, sluice, folder });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream!.setEncoding("utf8").on("data", (text: string) => output += text);
    }
    try {
      await eventually(`${name} to listen`, () => {
        if (child.exitCode !== null) throw new Error(`${name} ended: ${output}`);
        return canConnect(ports[0]);
      }, START_LIMIT_MS);
      return beside;
    } catch (error) {
      await beside.dispose();
      throw error;
    }
  }

  async dispose(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const exited = new Promise((resolve) => this.#child.once("exit", resolve));
      this.#child.kill("SIGKILL");
      await exited;
    }
    await this.#sluice.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

const ARGUMENTS: Readonly<Record<PeerName, (file: string) => string[]>> = {
  nginx: (file) => ["-c", file, "-g", "daemon off; master_process off;"],
  haproxy: (file) => ["-db", "-f", file],
  caddy: (file) => ["run", "--adapter", "caddyfile", "--config", file],
};

/** What nginx writes goes into a folder of the test's own. */
function inFolder(config: string, folder: string): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) =>
    `${name}_temp_path ${folder}/${name};`
  );
  const own = `pid ${folder}/pid; error_log stderr;\n${config}`;
  return own.replace("http {", `http { access_log off; port_in_redirect off; ${temporary.join(" ")}`);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.once("error", () => resolve(false));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
}
