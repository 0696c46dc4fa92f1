// The cache by http-cache-tests (https://cache-tests.fyi), which compares caches: its own server and client around ours.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test, type TestContext } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { eventually } from "../support/eventually.ts";
import { startTestProxy } from "../support/test-proxy.ts";
import { sayMissing } from "./commands.ts";

/** Where `npm install http-cache-tests` was called; it is not among the dependencies, as it brings an npm of its own. */
const FOLDER = process.env["SLUICE_CACHE_TESTS"] ?? fileURLToPath(new URL("../..", import.meta.url));
const PACKAGE = join(FOLDER, "node_modules/http-cache-tests");
const skip = existsSync(PACKAGE) ? false : sayMissing("http-cache-tests");

/** Required tests that are not passed, each with its reason. */
const KNOWN: Readonly<Record<string, string>> = {
  "age-parse-prefix": "its own title wants what it fails: `Age: 0,7200` makes an answer stale",
  "headers-store-Transfer-Encoding":
    "an answer with a coding that is none is 502: what it frames is not known",
};
/**
 * Required tests behind one that serves a stale answer where the server breaks, which we do where it is allowed alone. They
 * take our 502 for a kept answer, as they would that of any proxy.
 */
const OF_STALE = /^stale-close-/;
/** Optional tests that are passed, at least: of 86. */
const LEAST_OPTIMAL = 77;

interface CacheTest {
  readonly id: string;
  readonly kind?: string;
  readonly browser_only?: boolean;
  readonly depends_on?: readonly string[];
}

type Results = Readonly<Record<string, true | readonly [kind: string, message: string]>>;

test("the cache passes http-cache-tests", { skip, timeout: 120_000 }, async (t) => {
  const { default: suites } = await import(pathToFileURL(join(PACKAGE, "tests/index.mjs")).href) as {
    default: readonly { readonly tests: readonly CacheTest[] }[];
  };
  const port = await startServer(t);
  const proxy = await startTestProxy({
    servers: [port],
    frontend: { cache: { keeps_set_cookie: true, heuristic: 0.1 } },
  });
  t.after(() => proxy.stop());
  const results = await runClient(proxy.url);
  const tests = suites.flatMap(({ tests }) => tests).filter((one) => one.browser_only !== true);
  const failed = (kind: string) =>
    tests.filter((one) => (one.kind ?? "required") === kind && results[one.id] !== true).map(({ id }) => id);
  const required = failed("required").filter((id) => !OF_STALE.test(id));
  assert.deepEqual(required.sort(), Object.keys(KNOWN).sort());
  const optimal = tests.filter(({ kind }) => kind === "optimal").length - failed("optimal").length;
  t.diagnostic(`${optimal} optional ones are passed`);
  assert.ok(optimal >= LEAST_OPTIMAL);
});

/** Starts its server and returns its port. */
async function startServer(t: TestContext): Promise<number> {
  const child = spawn("node", ["server/server.mjs"], {
    cwd: PACKAGE,
    env: {
      ...process.env,
      npm_config_protocol: "http",
      npm_config_port: "0",
      npm_config_pidfile: "/dev/null",
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill());
  let said = "";
  child.stdout.on("data", (chunk) => said += String(chunk));
  const match = await eventually("its server to listen", () => /Listening on .*:(\d+)\//.exec(said));
  return Number(match[1]);
}

/** What its client finds of the proxy at `url`. */
function runClient(url: string): Promise<Results> {
  const child = spawn("node", ["--no-warnings", "cli.mjs"], {
    cwd: PACKAGE,
    env: { ...process.env, npm_config_base: url, npm_config_id: "", npm_package_config_id: "" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.on("data", (chunk) => said += String(chunk));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", () => {
      try {
        resolve(JSON.parse(said));
      } catch {
        reject(new Error(`Its client said: ${said.slice(0, 1000)}`));
      }
    });
  });
}
