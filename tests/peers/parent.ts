import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { eventually } from "../support/eventually.ts";
import { programPath, runCommand } from "./commands.ts";

/** Kinds of parent proxies, by the names of their programs. */
export type ParentKind = "tinyproxy" | "squid";

/** What parents ask for (Basic). tinyproxy takes no more than letters and digits. */
export const PARENT_USER = "parent";
export const PARENT_PASSWORD = "Parents4Secret";

const START_LIMIT_MS = 15_000;
/** Another process may take a free port before the parent binds it. */
const START_ATTEMPTS = 3;

/** Debian's and Fedora's places of the program that checks passwords for squid. */
const NCSA_FOLDERS = ["/usr/lib/squid", "/usr/lib64/squid"];

let count = 0;

/** A real proxy with Basic auth on a port of its own, which is the same after `kill` and `restart`. */
export class Parent {
  readonly kind: ParentKind;
  port = 0;
  readonly #directory = mkdtempSync(join(tmpdir(), "sluice-parent-"));
  readonly #name = `sluice${process.pid}n${count++}`;
  #child: ChildProcess | undefined;
  #output = "";

  private constructor(kind: ParentKind) {
    this.kind = kind;
    chmodSync(this.#directory, 0o755); // squid drops root, and its helper reads the passwords in here
  }

  static async start(kind: ParentKind): Promise<Parent> {
    const parent = new Parent(kind);
    for (let attempt = 1;; attempt++) {
      parent.port = await freePort();
      try {
        await parent.restart();
        return parent;
      } catch (error) {
        if (attempt < START_ATTEMPTS) continue;
        await parent.dispose();
        throw error;
      }
    }
  }

  /** Its URL, as the log calls it and as the config of a backend wants it. */
  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Starts it on its port and waits until it listens. */
  async restart(): Promise<void> {
    const config = join(this.#directory, "config");
    const [command, args] = this.kind === "tinyproxy"
      ? ["tinyproxy", ["-d", "-c", config]] as const
      : ["squid", ["-N", "-d", "1", "-n", this.#name, "-f", config]] as const;
    writeFileSync(config, this.kind === "tinyproxy" ? this.#tinyproxyConfig() : await this.#squidConfig());
    const child = spawn(programPath(command)!, [...args], { stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    let ended = false;
    child.on("exit", () => ended = true);
    for (const stream of [child.stdout, child.stderr]) {
      stream!.setEncoding("utf8").on("data", (text: string) => this.#output += text);
    }
    await eventually(`${this.kind} to listen`, () => {
      if (ended) throw new Error(`${this.kind} ended: ${this.#output}`);
      return canConnect(this.port);
    }, START_LIMIT_MS);
  }

  /** Ends it at once, with all its connections. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await exited;
  }

  /** Ends it and removes its files. */
  async dispose(): Promise<void> {
    await this.kill();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** Without ConnectPort every port may be asked for. */
  #tinyproxyConfig(): string {
    return `
Port ${this.port}
Listen 127.0.0.1
Timeout 60
MaxClients 200
BasicAuth ${PARENT_USER} ${PARENT_PASSWORD}
LogLevel Error
`;
  }

  async #squidConfig(): Promise<string> {
    const passwords = join(this.#directory, "passwords");
    const hash = (await runCommand("openssl", ["passwd", "-apr1", PARENT_PASSWORD])).trim();
    writeFileSync(passwords, `${PARENT_USER}:${hash}\n`);
    return `
http_port 127.0.0.1:${this.port}
visible_hostname ${this.#name}
auth_param basic program ${programPath("basic_ncsa_auth", NCSA_FOLDERS)} ${passwords}
auth_param basic children 1 startup=1 idle=1
acl known proxy_auth REQUIRED
http_access allow known
http_access deny all
cache deny all
cache_mem 8 MB
access_log none
cache_log /dev/null
cache_store_log none
netdb_filename none
pid_filename none
pinger_enable off
coredump_dir ${this.#directory}
max_filedescriptors 4096
shutdown_lifetime 0 seconds
`;
  }
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
