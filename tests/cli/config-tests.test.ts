import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError, createProxy } from "../../src/mod.ts";
import { parseConfig } from "../../src/config/load.ts";
import { failedTests } from "../../src/lifecycle/offline.ts";
import { Program } from "../support/program.ts";

const FILE = `reload_interval = "0s"
[[frontends]]
name = "web"
bind = "127.0.0.1:0"
rules = [{ if = "path == /old", redirect = "/new" }, { if = "header(x-no)", respond = { status = 410 } }]
default_backend = "app"
[[frontends.routes]]
host = "a.example"
path_prefix = "/api"
backend = "api"
strip_prefix = "/api"
[backends]
app.servers = ["http://127.0.0.1:1"]
api.servers = ["http://127.0.0.1:1/base"]
`;

const PASSING = `
[[tests]]
url = "http://a.example/old"
expect = { rule = "path == /old", status = 302, location = "/new" }
[[tests]]
url = "http://a.example/x"
headers = { X-No = "1" }
expect = { rule = 2, status = 410 }
[[tests]]
url = "http://a.example/api/x?y"
headers = { Connection = "x-a", X-A = "1" }
from = "192.0.2.7"
expect = { route = "a.example/api", backend = "api", target = "/base/x?y", headers = { X-A = false, X-Real-IP = "192.0.2.7" } }
[[tests]]
url = "http://b.example/api"
expect = { by = "default", backend = "app" }
[[tests]]
method = "TRACE"
url = "http://b.example/"
expect = { by = "nobody", status = 405 }
`;

test("tests in a config expect rule, route, backend, status, location, target and headers", () => {
  assert.deepEqual(failedTests(parseConfig(FILE + PASSING, { file: "sluice.toml", format: "toml" })), []);
});

test("tests in a config see what stages refuse, and by whose keys", () => {
  const stages = FILE.replace("default_backend", 'access = { deny = ["192.0.2.0/24"] }\ndefault_backend')
    .replace('strip_prefix = "/api"', 'strip_prefix = "/api"\naccess = false');
  const tests = `
[[tests]]
url = "http://b.example/"
from = "192.0.2.7"
expect = { status = 403, by = "default" }
[[tests]]
url = "http://b.example/"
expect = { backend = "app" }
[[tests]]
url = "http://a.example/api"
from = "192.0.2.7"
expect = { backend = "api" }
`;
  const parse = (text: string) => parseConfig(text, { file: "sluice.toml", format: "toml" });
  assert.deepEqual(failedTests(parse(stages + tests)), []);
  assert.deepEqual(failedTests(parse(FILE + tests)).map(({ message }) => message), [
    "GET http://b.example/: expected status 403, got none",
  ]);
});

test("sluice check refuses a config with every expectation that is not met, each in its place", async () => {
  const wrong = PASSING.replace('rule = "path == /old", status = 302', "rule = 2, status = 301")
    .replace('backend = "app"', 'backend = "api"').replace("X-A = false", 'X-A = "1"');
  const program = Program.start(["check", "-c", "{config}"], FILE + wrong);
  try {
    assert.equal(await program.untilExit(), 1);
    const told = program.stderr.trim().split("\n").map((line) => line.replace(/^.*?sluice\.toml/, ""));
    assert.deepEqual(told, [
      ":18:19: tests[0].expect.rule: GET http://a.example/old: expected rule 2, got 1",
      ":18:31: tests[0].expect.status: GET http://a.example/old: expected status 301, got 302",
      ':27:94: tests[2].expect.headers.X-A: GET http://a.example/api/x?y: expected header X-A "1", got none',
      ':30:38: tests[3].expect.backend: GET http://b.example/api: expected backend "api", got "app"',
    ]);
  } finally {
    await program.dispose();
  }
});

test("a reload whose config fails a test of its own is refused, and so is a proxy of a program", async () => {
  const program = await Program.run(FILE + PASSING);
  try {
    program.configure(FILE.replace("status = 410", "status = 403") + PASSING);
    program.signal("SIGHUP");
    await program.untilPrinted('"event":"reload_refused"');
    assert.match(program.stdout, /tests\[1\]\.expect\.status: .*expected status 410, got 403/);
    program.configure(FILE + PASSING);
    program.signal("SIGHUP");
    await program.untilPrinted('"event":"reloaded"');
  } finally {
    await program.dispose();
  }
  const config = {
    frontends: [{ bind: "127.0.0.1:0", default_backend: "app" }],
    backends: { app: { servers: ["http://127.0.0.1:1"] } },
    tests: [{ url: "http://a/", expect: { backend: "other" } }],
  };
  assert.throws(
    () => createProxy(config),
    (error) => error instanceof ConfigError && /got "app"/.test(error.message),
  );
});
