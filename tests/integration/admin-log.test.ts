// The log's level, and a reload, where the proxy is a part of another program.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createLog } from "../../src/base/log.ts";
import { createAdminApp } from "../../src/admin/app.ts";
import { Guard } from "../../src/admin/guard.ts";
import { LevelWish } from "../../src/admin/log-level.ts";
import { adminRoutes } from "../../src/admin/routes.ts";
import { eventually } from "../support/eventually.ts";
import { PARTS } from "../unit/admin/parts.ts";

test("/api/log changes the level through new styles, until its ttl is over", async () => {
  let written = "";
  const log = createLog({
    level: "info",
    format: "text",
    write: (bytes) => written += new TextDecoder().decode(bytes),
  });
  const guard = new Guard({ token: undefined, host: "127.0.0.1", allowedHosts: [] });
  const app = createAdminApp(adminRoutes({ ...PARTS, levelWish: new LevelWish(log) }), { guard, log });
  const ask = async (method: string, body?: string) => {
    const headers = { "content-type": "application/json" };
    const init = body === undefined ? { method } : { method, body, headers };
    return await (await app.fetch(new Request("http://localhost/api/log", init))).json();
  };
  log.debug("one");
  assert.deepEqual(await ask("PUT", '{"level":"debug"}'), { level: "debug", configured: "info" });
  log.debug("two");
  log.restyle({ level: "warn", format: "text" });
  log.debug("three");
  assert.deepEqual(await ask("DELETE"), { level: "warn", configured: "warn" });
  log.debug("four");
  assert.match(written, /what=log_level from=info to=debug[^]*two[^]*three/);
  assert.doesNotMatch(written, /one|four/);
  const { until } = await ask("PUT", '{"level":"error","ttl":"30ms"}');
  assert.match(until, /^\d{4}-/);
  written = "";
  await ask("PUT", '{"level":"error","ttl":"20ms"}');
  assert.match(written, /event=admin|admin .*what=log_level/); // nobody turns the log off unseen
  await eventually("the level of the style", () => log.level === "warn");
  assert.deepEqual(await ask("GET"), { level: "warn", configured: "warn" });
});

test("/api/reload and /api/log are 501 where the config and the log are another program's", async () => {
  const guard = new Guard({ token: undefined, host: "127.0.0.1", allowedHosts: [] });
  const log = createLog({ level: "error", format: "json", write() {} });
  const app = createAdminApp(adminRoutes(PARTS), { guard, log });
  for (
    const [method, path] of [["POST", "/api/reload"], ["POST", "/api/reload?dry_run=1"], ["GET", "/api/log"]]
  ) {
    const answer = await app.fetch(new Request(`http://localhost${path}`, { method: method! }));
    assert.equal(answer.status, 501);
    assert.match((await answer.json()).error, /another program|without one/);
  }
});
