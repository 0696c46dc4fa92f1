import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { programPath, runCommand } from "./commands.ts";
import { CONTENT, HELLO, type Origin, PACKAGE } from "./origin.ts";

/** A real client, and its requests through a proxy. */
export interface Client {
  readonly name: string;
  /** Whether it is installed. */
  installed(): boolean;
  /** Asks `origin` for something through `proxy`, a URL with user and password, and checks what comes. */
  run(proxy: string, origin: Origin): Promise<void>;
}

/** Each makes plain requests and tunnels, the latter to TLS. */
export const CLIENTS: readonly Client[] = [
  {
    name: "curl",
    installed: () => programPath("curl") !== undefined,
    async run(proxy, origin) {
      const curl = async (...args: string[]) =>
        assert.equal(await runCommand("curl", ["-q", "-sS", "--fail", "-x", proxy, ...args]), HELLO);
      await Promise.all([
        curl(origin.url("http", "/hello")),
        curl("--proxytunnel", origin.url("http", "/hello")),
        curl("--insecure", origin.url("https", "/hello")),
      ]);
    },
  },
  {
    name: "git",
    installed: () => programPath("git") !== undefined,
    run: (proxy, origin) =>
      inFolder(async (folder) => {
        const clone = async (scheme: "http" | "https") => {
          const copy = join(folder, scheme);
          const config = ["-c", `http.proxy=${proxy}`, "-c", "http.sslVerify=false"];
          await runCommand("git", [
            ...[...config, "clone", "--quiet", origin.url(scheme, "/repository.git"), copy],
          ]);
          assert.equal(readFileSync(join(copy, "content"), "utf8"), CONTENT);
        };
        await Promise.all([clone("http"), clone("https")]);
      }),
  },
  {
    name: "npm",
    installed: () => programPath("npm") !== undefined,
    run: (proxy, origin) =>
      inFolder(async (folder) => {
        const install = async (scheme: "http" | "https") => {
          const prefix = join(folder, scheme);
          await runCommand("npm", [
            ...["install", PACKAGE, "--prefix", prefix, "--registry", origin.url(scheme, "/npm/")],
            ...["--proxy", proxy, "--https-proxy", proxy, "--noproxy", "", "--strict-ssl=false"],
            ...["--cache", join(folder, `cache-${scheme}`), "--userconfig", "/dev/null"],
            ...["--no-audit", "--no-fund", "--no-update-notifier", "--fetch-retries", "0"],
          ]);
          assert.equal(readFileSync(join(prefix, "node_modules", PACKAGE, "content"), "utf8"), CONTENT);
        };
        await Promise.all([install("http"), install("https")]);
      }),
  },
  {
    name: "python3",
    installed: () => programPath("python3") !== undefined,
    run: (proxy, origin) => runPython(URLLIB, proxy, origin),
  },
  {
    name: "python3 with requests",
    installed: () =>
      programPath("python3") !== undefined &&
      spawnSync("python3", ["-c", "import requests"]).status === 0,
    run: (proxy, origin) => runPython(REQUESTS, proxy, origin),
  },
];

const URLLIB = `
import ssl, sys, urllib.request as r
proxy, *urls = sys.argv[1:]
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
opener = r.build_opener(r.ProxyHandler({"http": proxy, "https": proxy}), r.HTTPSHandler(context=context))
for url in urls: print(opener.open(url, timeout=10).read().decode())
`;

/** Two requests each: the second takes the connection of the first. */
const REQUESTS = `
import sys, warnings, requests
warnings.simplefilter("ignore")
proxy, *urls = sys.argv[1:]
session = requests.Session()
session.trust_env = False
session.proxies = {"http": proxy, "https": proxy}
for url in urls:
  session.get(url, timeout=10, verify=False).raise_for_status()
  print(session.get(url, timeout=10, verify=False).text)
`;

async function runPython(program: string, proxy: string, origin: Origin): Promise<void> {
  const urls = [origin.url("http", "/hello"), origin.url("https", "/hello")];
  assert.equal(await runCommand("python3", ["-c", program, proxy, ...urls]), `${HELLO}\n${HELLO}\n`);
}

/** Runs `work` in a temporary folder, which goes with it. */
async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-client-"));
  try {
    writeFileSync(join(folder, "package.json"), "{}");
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
