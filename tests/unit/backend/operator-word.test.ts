import assert from "node:assert/strict";
import { test } from "node:test";
import { Backend } from "../../../src/backend/backend.ts";
import { OperatorWord } from "../../../src/backend/operator-word.ts";
import { Standings } from "../../../src/backend/standing.ts";
import { SILENT_LOG } from "../../../src/base/log.ts";
import { validateConfig } from "../../../src/config/load.ts";
import { Resolver } from "../../../src/net/resolver.ts";

test("OperatorWord.expire() ends each word in its own time, and what has no end never", () => {
  const word = new OperatorWord();
  word.say({ state: "drain", ttlMs: 100 }, 1000);
  word.say({ weight: 5 }, 1050);
  assert.deepEqual([word.endsAt, word.isSilent], [1100, false]);
  word.expire(1099);
  assert.equal(word.state, "drain");
  word.expire(1100);
  assert.deepEqual([word.state, word.weight, word.endsAt], ["ready", 5, Infinity]);
  word.say({ state: "maint" }, 2000);
  word.unsay();
  assert.deepEqual([word.state, word.weight, word.isSilent], ["ready", undefined, true]);
});

test("Standings.keep() keeps what was said of a server that is gone, and of 1,000 at most", () => {
  const standings = new Standings();
  standings.of("silent");
  standings.of("over").word.say({ state: "drain", ttlMs: 1 }, performance.now() - 10);
  const said = standings.of("said");
  said.word.say({ state: "maint" }, 0);
  standings.keep(new Set());
  assert.deepEqual(["silent", "over", "said"].map((name) => standings.of(name).word.state), [
    "ready",
    "ready",
    "maint",
  ]);
  assert.equal(standings.of("said"), said);
  for (let i = 0; i < 1000; i++) standings.of(`s${i}`).word.say({ state: "drain" }, 0);
  standings.keep(new Set());
  assert.notEqual(standings.of("said"), said);
  assert.equal(standings.of("s999").word.state, "drain");
});

test("Backend.close() has its successor heed what was said while that was built", (t) => {
  const config = validateConfig({
    frontends: [{ bind: ":0", default_backend: "app" }],
    backends: { app: { servers: ["http://127.0.0.1:1", "http://127.0.0.1:2"] } },
  });
  const parts = {
    limits: config.limits,
    resolver: new Resolver(config.resolver),
    log: SILENT_LOG,
    standings: new Standings(),
  };
  const old = new Backend(config.backends["app"]!, parts);
  const next = new Backend(config.backends["app"]!, { ...parts, before: old });
  t.after(() => next.close());
  old.operate(old.servers[0]!, { state: "drain" });
  old.operate(old.servers[1]!, { weight: 9, ttlMs: 60_000 });
  old.close(next);
  assert.deepEqual(next.available.map(({ name, weight }) => [name, weight]), [["http://127.0.0.1:2", 9]]);
  next.release(next.servers[1]!);
  next.operate(next.servers[0]!, { state: "ready" });
  assert.deepEqual(next.available.map(({ weight }) => weight), [1, 1]);
});
