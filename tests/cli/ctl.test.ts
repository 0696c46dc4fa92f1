import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Program } from "../support/program.ts";

const TOKEN = "0123456789abcdef";

function configOf(more = "") {
  return `[admin]
bind = "127.0.0.1:0"
token = "${TOKEN}"
[[frontends]]
bind = "127.0.0.1:0"
default_backend = "app"
[backends.app]
servers = ["http://127.0.0.1:1"]
${more}`;
}

/** Runs a command to its end. */
async function finished(args: readonly string[], token = TOKEN, config = configOf()) {
  const program = Program.start(args, config, undefined, { env: { SLUICE_ADMIN_TOKEN: token } });
  try {
    const code = await program.untilExit();
    return { code, stdout: program.stdout, stderr: program.stderr };
  } finally {
    await program.dispose();
  }
}

test("sluice ctl drains a server, reloads after a dry run, and says what is refused", async () => {
  const proxy = await Program.run(configOf());
  try {
    await proxy.untilPrinted('"frontend":"admin"');
    const [, port] = /"frontend":"admin","address":"127\.0\.0\.1:(\d+)"/.exec(proxy.stdout)!;
    const ask = (...args: string[]) => finished(["ctl", "--admin", `http://127.0.0.1:${port}`, ...args]);
    const [drained, unknown, planned, level, none] = await Promise.all([
      ask("drain", "app", "127.0.0.1:1", "--ttl", "10m"),
      ask("drain", "ap", "x"),
      ask("reload", "--dry-run"),
      ask("log", "debug", "--json"),
      finished(["ctl", "--admin", `http://127.0.0.1:${port}`, "status"], ""),
    ]);
    assert.deepEqual([drained.code, drained.stderr], [0, ""]);
    assert.match(drained.stdout, /^http:\/\/127\.0\.0\.1:1 drain, weight 1, 0 in flight; .*; until \d{4}-/);
    assert.deepEqual([unknown.code, unknown.stdout], [1, ""]);
    assert.match(unknown.stderr, /no backend "ap"; did you mean "app"\?\naccepted: app\n$/);
    assert.match(planned.stdout, /^The config is valid; nothing was changed\.\nno changes\n/);
    assert.deepEqual([level.code, JSON.parse(level.stdout)], [0, { level: "debug", configured: "info" }]);
    assert.equal(none.code, 1);
    assert.match(none.stderr, /^The proxy wants a token: --token, SLUICE_ADMIN_TOKEN, or -c/);

    proxy.configure(configOf('slow_start = "1s"\n'));
    const changed = await ask("reload");
    assert.equal(changed.code, 0);
    const { stdout } = await ask("status", "app");
    assert.match(stdout, /^app: 0 of 1 servers available\n {2}http:\/\/127\.0\.0\.1:1 drain/);
    proxy.configure(configOf('slow_stat = "1s"\n'));
    const refused = await ask("reload");
    assert.equal(refused.code, 1);
    assert.match(
      refused.stderr,
      /^The config is refused:\n\S+sluice\.toml:9:1: backends\.app\.slow_stat: unknown key/,
    );
    assert.match(proxy.stdout, /"event":"admin","who":"127\.0\.0\.1","what":"server"/);
  } finally {
    await proxy.dispose();
  }
});

test("sluice ctl reload takes no file without --dry-run", async () => {
  const { code, stderr } = await finished(["ctl", "reload", "x.toml", "--admin", "http://127.0.0.1:1"]);
  assert.equal(code, 2);
  assert.equal(stderr, "A file is tried with --dry-run; a reload reads the proxy's own\n");
});

test("sluice ctl says that nobody is there, and what it can be asked for", async () => {
  const [gone, wrong, few, where] = await Promise.all([
    finished(["ctl", "status", "--admin", "http://127.0.0.1:1"]),
    finished(["ctl", "dran", "app", "x"]),
    finished(["ctl", "weight", "app"]),
    finished(["ctl", "status", "--admin", "ftp://x"]),
  ]);
  assert.equal(gone.code, 2);
  assert.match(gone.stderr, /^No answer from http:\/\/127\.0\.0\.1:1 \(ECONNREFUSED\): is the proxy there/);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /^"dran" is nothing to ask for; did you mean drain\?/);
  assert.deepEqual([few.code, few.stderr], [2, "Usage: sluice ctl weight BACKEND SERVER WEIGHT\n"]);
  assert.deepEqual([where.code, where.stdout], [2, ""]);
});

test("sluice ctl finds a unix socket and its token in the config of the proxy", async () => {
  const directory = mkdtempSync(join(tmpdir(), "sluice-test-"));
  const config = configOf().replace('"127.0.0.1:0"', `"unix:${join(directory, "admin.sock")}"`);
  const proxy = await Program.run(config);
  try {
    await proxy.untilPrinted('"frontend":"admin"');
    const { code, stdout, stderr } = await finished(
      ["ctl", "weight", "app", "127.0.0.1:1", "7", "-c", "{config}"],
      "",
      config,
    );
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /^http:\/\/127\.0\.0\.1:1 up, weight 7, /);
    await proxy.untilPrinted('"who":"unix"');
  } finally {
    await proxy.dispose();
    rmSync(directory, { recursive: true });
  }
});
