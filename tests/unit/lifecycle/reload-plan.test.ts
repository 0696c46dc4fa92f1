import assert from "node:assert/strict";
import { test } from "node:test";
import { validateConfig } from "../../../src/config/load.ts";
import { planReload } from "../../../src/lifecycle/reload-plan.ts";

/** A config with these backends, each at a port, and one frontend that leads to the first. */
function config(ports: Record<string, number>, more: Record<string, unknown> = {}) {
  const backends = Object.entries(ports).map(([name, port]) => [
    name,
    { servers: [`http://127.0.0.1:${port}`] },
  ]);
  return validateConfig({
    frontends: Object.keys(ports).map((name, i) => ({
      name: `web${i}`,
      bind: `127.0.0.1:${8000 + i}`,
      default_backend: name,
    })),
    backends: Object.fromEntries(backends),
    ...more,
  });
}

/** What `plan` says of frontends and backends. */
function parts(names: readonly string[]): string[] {
  return names.filter((name) => /^(?:front|back)end /.test(name));
}

test("planReload() keeps what is the same by content, and names what was added, changed and removed", () => {
  const plan = planReload(config({ a: 1, b: 2, c: 3 }), config({ a: 1, b: 9, d: 4 }));
  assert.deepEqual(parts(plan.kept), ["frontend web0", "frontend web1", "backend a"]);
  assert.deepEqual(parts(plan.changed), ["frontend web2", "backend b"]);
  assert.deepEqual(parts(plan.added), ["backend d"]);
  assert.deepEqual(parts(plan.removed), ["backend c"]);
});

test("planReload() names sections that changed, and nothing for two configs that say the same", () => {
  const same = planReload(config({ a: 1 }), config({ a: 1 }));
  assert.deepEqual([same.added, same.changed, same.removed], [[], [], []]);
  const other = planReload(
    config({ a: 1 }),
    config({ a: 1 }, { shutdown: { grace: "2s" }, reload_interval: "1m" }),
  );
  assert.deepEqual(other.changed, ["shutdown", "reload_interval"]);
  assert.ok(!other.kept.includes("shutdown"));
});
