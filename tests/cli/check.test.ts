import assert from "node:assert/strict";
import { test } from "node:test";
import { Program } from "../support/program.ts";

/** What `check` prints of a config. */
async function checked(config: string): Promise<string> {
  const program = Program.start(["check", "-c", "{config}"], config);
  try {
    assert.equal(await program.untilExit(), 0, program.stderr);
    return program.stdout.slice(program.stdout.indexOf("\n") + 1);
  } finally {
    await program.dispose();
  }
}

test("sluice check shows where every rule and route leads, what changes on the way, and no secret", async () => {
  const printed = await checked(`
[[frontends]]
bind = ":80"
max_connections = 50
default_backend = "app"
rules = [
  { if = "path == /old", redirect = { to = "https://{host}/new{uri}", status = 308 } },
  { if = "path == /gone", respond = { status = 410, body = "s3cret" } },
  { if = "path == /c", split = { app = 95, canary = 5 }, split_on = "cookie(user)" },
  { if = "path == /m", backend = "app", mirror = { backend = "canary", share = 0.125 },
    request_headers = { set = { X-Key = "s3cret" } }, response_timeout = "90s", forward_query = false },
]
[[frontends.routes]]
host = "a.example"
path_prefix = "/api"
backend = "app"
strip_prefix = "/api"
[[frontends.routes]]
path_prefix = "/x"
split = { app = 1, canary = 1 }
[[frontends]]
bind = ":81"
rules = [{ if = "path == /", backend = "app" }, { respond = { body = "x" } }, { backend = "app" }]
[backends]
app.servers = ["http://a"]
canary.servers = ["http://b"]
`);
  assert.equal(
    printed.slice(0, printed.indexOf("backend app:")),
    `frontend frontend1: :80 (reverse)
  clients: up to 50
  if path == /old -> redirect 308 to https://{host}/new{uri}
  if path == /gone -> answer 410
  if path == /c -> split by cookie(user): app 95, canary 5
  if path == /m -> app (no query, mirror canary 12.5%, request_headers, response_timeout 90s)
  a.example/api -> app (strip_prefix /api)
  */x -> split by client: app 1, canary 1
  everything else -> app
frontend frontend2: :81 (reverse)
  if path == / -> app
  always -> answer 200
  never reached: 1 of the rules and routes
`,
  );
});

test("sluice check shows health, ejection, sticky sessions, retries and limits, and no secret", async () => {
  const printed = await checked(`
[limits]
body_size = "10MiB"
max_connections = 2000
[[frontends]]
bind = ":80"
default_backend = "app"
[backends.app]
balance = "hash"
hash = { on = "header(X-User)" }
health_check = { path = "/up", expected_status = ["2xx", 304, "400-403"] }
sticky = { secret = "s3cret-s3cret-s3cret", max_age = "1h" }
panic_threshold = 0.5
slow_start = "30s"
servers = [
  { url = "http://a:1", max_requests = 5, health_check = { port = 9 } },
  { url = "http://b", resolve = "all", max_connections = 3 },
]
[backends.other]
ejection = { enabled = false }
retries = { attempts = 1 }
health_check = { type = "tcp" }
sticky = {}
servers = ["http://c"]
[backends.plain]
servers = ["http://d"]
`);
  const part = (from: string, to: string) => printed.slice(printed.indexOf(from), printed.indexOf(to));
  assert.doesNotMatch(printed, /s3cret/);
  assert.match(
    part("backend app", "backend other"),
    new RegExp(`^backend app: hash by header\\(x-user\\), Host preserve
  health: GET /up, 2xx or 304 or 400-403, every 5s, timeout 2s, rise 2, fall 2
  ejection: .*failures.*
  sticky: cookie sluice_app, kept for 1h, with a secret
  retries: up to 1, of 20% of the requests, within 90s
  panic below: 50% up
  slow start: 30s
  http://a:1 \\(weight 1, .*connections unlimited, 5 requests between probes, probed at port 9\\)
  http://b \\(weight 1, .*connections 3, resolve all\\)
$`),
  );
  assert.match(
    part("backend other", "backend plain"),
    /health: a connection, every 5s.*\n {2}ejection: off\n {2}sticky: cookie sluice_other, kept until .*\n {2}retries: off\n/,
  );
  assert.match(part("backend plain", "admin:"), /health: no probes\n.*\n {2}sticky: off\n/);
  assert.match(
    printed,
    /\nlimits: 2000 client connections, heads of 32KiB in 100 fields, .*, bodies of 10MiB\n/,
  );
});

test("sluice check warns of rules and routes that deny by path where paths are compared as they came", async () => {
  const configOf = (normalize: string) => `
[[frontends]]
bind = ":80"
normalize = "${normalize}"
default_backend = "app"
access = { deny = ["192.0.2.1"] }
rules = [
  { if = "host == a.example && !(path_prefix == /open)", respond = { status = 403 } },
  { if = "path_prefix == /old", redirect = "/new" },
  { if = "method == PUT", respond = { status = 405 } },
  { if = "host == b.example", backend = "app", access = { allow = ["private"] } },
]
[[frontends.routes]]
path_prefix = "/admin"
respond = { status = 404 }
[[frontends.routes]]
path_prefix = "/intern"
backend = "app"
access = { allow = ["private"] }
[[frontends.routes]]
path_prefix = "/public"
backend = "app"
access = false
[[frontends.routes]]
backend = "app"
access = false
[backends]
app.servers = ["http://a"]
`;
  assert.deepEqual((await checked(configOf("off"))).match(/(?<=warning: ").*(?=" denies by path)/g), [
    "if host == a.example && !(path_prefix == /open)",
    "/admin",
  ]);
  assert.deepEqual(
    (await checked(configOf("off"))).match(/(?<=warning: ").*(?=" lets clients in by path)/g),
    [
      "/intern",
      "/public",
    ],
  );
  for (const normalize of ["match", "refuse"]) {
    assert.doesNotMatch(await checked(configOf(normalize)), /warning/);
  }
});

test("sluice check warns where requests fail on purpose", async () => {
  const printed = await checked(`
[[frontends]]
bind = ":80"
fault = { delay = "200ms", delay_share = 0.1 }
rules = [{ if = "path == /x", backend = "app", fault = { abort = 503, abort_share = 0.05 } }]
[[frontends.routes]]
path_prefix = "/off"
backend = "app"
fault = false
[backends]
app.servers = ["http://a"]
`);
  assert.deepEqual(printed.match(/(?<= {2}warning: ).*/g), [
    "faults are on for all requests: 10% wait 200ms",
    'faults are on for rule "path == /x": 5% are answered 503',
  ]);
});
