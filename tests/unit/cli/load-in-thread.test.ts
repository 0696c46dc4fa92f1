import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { type ApartOptions, loadConfigApart } from "../../../src/cli/load-in-thread.ts";
import { loadConfigFile } from "../../../src/config/load.ts";

const MAIN = new URL("../../../src/main.ts", import.meta.url).href;
const BROKEN = new URL("../../support/broken-thread.ts", import.meta.url).href;

const ROUTES = Array.from({ length: 1500 }, (_, i) => ({ path_prefix: `/${i}`, respond: { body: `${i}` } }));
const LARGE = { frontends: [{ name: "web", bind: "127.0.0.1:0", routes: ROUTES }] };

/** Reads `config` from a file called `name`. */
function load(t: TestContext, name: string, options: Partial<ApartOptions> & { config?: unknown } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "sluice-test-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(options.config ?? LARGE));
  return {
    path,
    config: loadConfigApart({ file: path }, { main: MAIN, signal: new AbortController().signal, ...options }),
  };
}

function isFrozen(value: unknown): boolean {
  if (ArrayBuffer.isView(value)) return true;
  return Object.isFrozen(value) && (typeof value !== "object" || Object.values(value!).every(isFrozen));
}

test("loadConfigApart() reads a config in a thread as loadConfigFile() does, frozen", async (t) => {
  const { path, config } = load(t, "a.json");
  const { config: taken } = await config;
  const { backends, ...read } = taken;
  const { backends: none, ...wanted } = loadConfigFile(path);
  assert.deepEqual(read, wanted);
  assert.deepEqual({ ...backends }, { ...none });
  assert.ok(isFrozen(taken));
});

test("loadConfigApart() rejects with all problems of a config, with line and column", async (t) => {
  const { path, config } = load(t, "a.json", { config: { ...LARGE, y: 1, x: [] } });
  await assert.rejects(config, ({ message }: Error) => {
    const lines = message.split("\n");
    assert.equal(lines.length, 2);
    assert.ok(lines.every((line) => /:1:\d+: [xy]: unknown key/.test(line.slice(path.length))));
    return true;
  });
});

test("loadConfigApart() starts no thread for a small config", async (t) => {
  const config = { frontends: [{ bind: "127.0.0.1:0", routes: [{ respond: { body: "a" } }] }] };
  await load(t, "a.json", { config, main: BROKEN }).config;
});

test("loadConfigApart() rejects where the thread throws", async (t) => {
  await assert.rejects(load(t, "throws.json", { main: BROKEN }).config, /Cannot read the config .*: /);
});

test("loadConfigApart() rejects where the thread ends", async (t) => {
  await assert.rejects(
    load(t, "exits.json", { main: BROKEN }).config,
    /the thread that read it ended with 3/,
  );
});

test("loadConfigApart() rejects where the thread takes too long", async (t) => {
  const { config } = load(t, "hangs.json", { main: BROKEN, timeoutMs: 300 });
  await assert.rejects(config, /it took longer than 0\.3 s/);
});

test("loadConfigApart() ends the thread where it is aborted", async (t) => {
  const stopped = new AbortController();
  const { config } = load(t, "hangs.json", { main: BROKEN, signal: stopped.signal });
  stopped.abort();
  await assert.rejects(config, /the proxy was stopped/);
});
