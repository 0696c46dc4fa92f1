import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { tmpdir } from "node:os";
import { join, normalize } from "node:path";
import { programPath, runCommand } from "./commands.ts";

/** Answer of `/hello`. */
export const HELLO = "hello from the origin";
/** The file in the git repository and in the npm package. */
export const CONTENT = "carried by the relay\n";
/** Name of the npm package. */
export const PACKAGE = "sluice-peer";

/** What clients ask for: a page, a git repository as plain files, and an npm registry of one package; by http and https. */
export class Origin {
  readonly #directory = mkdtempSync(join(tmpdir(), "sluice-origin-"));
  readonly #servers: Server[] = [];
  httpPort = 0;
  httpsPort = 0;

  /** Needs openssl; without git there is no repository. */
  static async start(): Promise<Origin> {
    const origin = new Origin();
    await Promise.all([origin.#listen(), origin.#makeRepository(), origin.#makePackage()]);
    return origin;
  }

  url(scheme: "http" | "https", path: string): string {
    return `${scheme}://127.0.0.1:${scheme === "http" ? this.httpPort : this.httpsPort}${path}`;
  }

  dispose(): void {
    for (const server of this.#servers) {
      server.close();
      server.closeAllConnections();
    }
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #listen(): Promise<void> {
    const [key, cert] = [join(this.#directory, "key.pem"), join(this.#directory, "cert.pem")];
    await runCommand("openssl", [
      ...[
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
      ],
      ...["-keyout", key, "-out", cert, "-subj", "/CN=origin", "-addext", "subjectAltName=IP:127.0.0.1"],
    ]);
    const tls = { key: readFileSync(key), cert: readFileSync(cert) };
    this.httpPort = await this.#bind(createServer((...args) => this.#answer("http", ...args)));
    this.httpsPort = await this.#bind(createTlsServer(tls, (...args) => this.#answer("https", ...args)));
  }

  #bind(server: Server): Promise<number> {
    this.#servers.push(server);
    return new Promise((resolve) => {
      server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port));
    });
  }

  #answer(scheme: "http" | "https", request: IncomingMessage, response: ServerResponse): void {
    const [path = ""] = (request.url ?? "").split("?");
    if (path === "/hello") return void response.end(HELLO);
    if (path === "/generate_204") return void response.writeHead(204).end();
    if (path === `/npm/${PACKAGE}`) return void response.end(JSON.stringify(this.#packument(scheme)));
    let file: Buffer;
    try {
      file = readFileSync(join(this.#directory, normalize(path)));
    } catch {
      return void response.writeHead(404).end();
    }
    response.end(file);
  }

  /** What a registry says about a package. */
  #packument(scheme: "http" | "https") {
    const archive = readFileSync(join(this.#directory, "package.tgz"));
    const dist = {
      tarball: this.url(scheme, "/package.tgz"),
      integrity: `sha512-${createHash("sha512").update(archive).digest("base64")}`,
    };
    const version = { name: PACKAGE, version: "1.0.0", dist };
    return { name: PACKAGE, "dist-tags": { latest: "1.0.0" }, versions: { "1.0.0": version } };
  }

  async #makePackage(): Promise<void> {
    const folder = join(this.#directory, "package");
    mkdirSync(folder);
    writeFileSync(join(folder, "package.json"), JSON.stringify({ name: PACKAGE, version: "1.0.0" }));
    writeFileSync(join(folder, "content"), CONTENT);
    await runCommand("tar", ["czf", "package.tgz", "package"], this.#directory);
  }

  /** A repository that any web server can serve: git asks for its files one by one. */
  async #makeRepository(): Promise<void> {
    if (programPath("git") === undefined) return;
    const folder = join(this.#directory, "work");
    const git = (...args: string[]) =>
      runCommand("git", ["-c", "user.name=test", "-c", "user.email=test@test", ...args], folder);
    mkdirSync(folder);
    writeFileSync(join(folder, "content"), CONTENT);
    await git("init", "--quiet");
    await git("add", "content");
    await git("commit", "--quiet", "--message", "content");
    await git("clone", "--quiet", "--bare", ".", join(this.#directory, "repository.git"));
    await git("--git-dir", join(this.#directory, "repository.git"), "update-server-info");
  }
}
