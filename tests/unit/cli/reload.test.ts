import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { reloadOnChange } from "../../../src/cli/reload.ts";
import type { Config } from "../../../src/config/schema.ts";
import type { RunningProxy } from "../../../src/lifecycle/running.ts";
import { eventually } from "../../support/eventually.ts";

const LATE = new URL("../../support/broken-thread.ts", import.meta.url).href;
const SMALL = { frontends: [{ name: "small", bind: "127.0.0.1:0", routes: [{ respond: { body: "a" } }] }] };

test("reloadOnChange() never takes a config that was slow to read over after a newer one", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-test-"));
  const stopped = new AbortController();
  t.after(() => {
    stopped.abort();
    rmSync(folder, { recursive: true });
  });
  const path = join(folder, "late.json");
  const taken: unknown[] = [];
  const proxy = {
    snapshot: { config: { reloadInterval: 0 } },
    reload: (config: Config) => Promise.resolve(taken.push(config.frontends?.[0]?.name ?? config)),
    refuseReload: (cause: string) => taken.push(cause),
  } as unknown as RunningProxy;
  writeFileSync(path, JSON.stringify({ large: "x".repeat(80_000) }));
  reloadOnChange(proxy, path, {
    main: LATE,
    modules: {
      filesOf: () => [],
      load: (config: Config) => Promise.resolve({ config, problems: [] }),
    } as never,
    files: [],
    included: { files: [], patterns: [] },
    moveLog: async () => {},
    onReloaded: () => {},
    signal: stopped.signal,
  });

  process.emit("SIGHUP");
  await new Promise(setImmediate); // its reading has begun
  writeFileSync(path, JSON.stringify(SMALL));
  process.emit("SIGHUP");
  process.emit("SIGHUP");
  await eventually("the newer config", () => taken.includes("small"));
  assert.deepEqual(taken, ["late", "small"]);
});
