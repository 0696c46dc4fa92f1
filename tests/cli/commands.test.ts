import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { eventually } from "../support/eventually.ts";
import { Program } from "../support/program.ts";
import { roundTrip } from "../support/raw-client.ts";

const EXAMPLE = readFileSync(fileURLToPath(new URL("../../config.example.toml", import.meta.url)), "utf8");

const VALID = `
[[frontends]]
bind = "127.0.0.1:0"
default_backend = "app"
[backends.app]
servers = ["http://127.0.0.1:9"]
`;

async function finished(args: readonly string[], config?: string, fileName?: string) {
  const program = Program.start(args, config, fileName);
  try {
    const exit = await program.untilExit();
    return { exit, stdout: program.stdout, stderr: program.stderr };
  } finally {
    await program.dispose();
  }
}

test("sluice --version prints its version and the runtime, and exits 0", async () => {
  const { exit, stdout } = await finished(["--version"]);
  assert.equal(exit, 0);
  assert.match(stdout, /^sluice \d+\.\d+\.\d+ \((?:bun|deno) \d+\.\d+/);
});

test("sluice --help names every command and exits 0", async () => {
  const { exit, stdout } = await finished(["--help"]);
  assert.equal(exit, 0);
  for (const command of ["run", "check", "demo"]) assert.match(stdout, new RegExp(`^ +${command}\\b`, "m"));
});

test("sluice with an unknown command says so and exits 1", async () => {
  const { exit, stderr } = await finished(["serve"]);
  assert.equal(exit, 1);
  assert.match(stderr, /unknown command 'serve'/);
});

test("sluice check prints what the example config describes and exits 0", async () => {
  const { exit, stdout } = await finished(["check", "-c", "{config}"], EXAMPLE);
  assert.equal(exit, 0);
  assert.match(stdout, /is valid\.\nfrontend web: 127\.0\.0\.1:8080 \(reverse\)\n/);
  assert.match(stdout, /http:\/\/127\.0\.0\.1:9003 \(weight 1/);
});

test("sluice check shows which way a relay goes, and no user, hash or password", async () => {
  const hash = "scrypt$16384$8$5$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
  const { exit, stdout } = await finished(
    ["check", "-c", "{config}"],
    `[[frontends]]
bind = "127.0.0.1:3128"
mode = "relay"
default_backend = "parents"
[frontends.relay]
users = { ann = "${hash}" }
domain_policy = { mode = "blacklist", domains = ["a.test", "b.test"] }
[backends.parents]
protocol = "proxy"
servers = [{ url = "http://p.test:8080", username = "me", password = "s3cret" }]
`,
  );
  assert.equal(exit, 0);
  assert.match(
    stdout,
    /\(relay\)\n {2}2 listed domains -> straight to the target\n {2}everything else -> parents\n {2}users: 1\n/,
  );
  assert.match(
    stdout,
    /\nbackend parents: roundrobin, proxies\n(?: {2}.*\n)* {2}http:\/\/p\.test:8080 \(weight 1/,
  );
  assert.doesNotMatch(stdout, /ann|scrypt|s3cret|\bme\b/);
});

for (const command of ["check", "run"]) {
  test(`sluice ${command} names every problem of a bad config with its place, and exits 1`, async () => {
    const config = VALID.replace("default_backend", "default_bakend").replace("http:", "htp:");
    const { exit, stdout, stderr } = await finished([command, "-c", "{config}"], config);
    assert.equal(exit, 1);
    assert.equal(stdout, "");
    assert.match(stderr, /sluice\.toml:4:1: .*default_bakend.*did you mean "default_backend"/);
    assert.match(stderr, /sluice\.toml:6:12: /);
  });
}

test("sluice run with a missing file names it and exits 1", async () => {
  const { exit, stderr } = await finished(["run", "-c", "/nowhere/x.toml"]);
  assert.equal(exit, 1);
  assert.match(stderr, /\/nowhere\/x\.toml/);
});

test("sluice run on an address that is taken says which, where it stands and what to do, also on standard error", async () => {
  const first = await Program.run(VALID);
  try {
    const taken = VALID.replace(":0", `:${first.port}`);
    const { exit, stdout, stderr } = await finished(["run", "-c", "{config}"], taken);
    assert.equal(exit, 1);
    const cause = `cannot listen on 127.0.0.1:${first.port}: EADDRINUSE: another program listens there`;
    assert.match(
      stdout,
      new RegExp(`"start_failed","cause":"${cause}.*sluice\\.toml:3:8: frontends\\[0\\]\\.bind"`),
    );
    assert.match(
      stderr,
      new RegExp(`^\\S+sluice\\.toml:3:8: frontends\\[0\\]\\.bind: ${cause} .*another port\\n$`),
    );
  } finally {
    await first.dispose();
  }
});

test("sluice run names the place of the admin listener, and of one address of several", async () => {
  const lost = "192.0.2.1:1"; // no machine has it
  const admin = await finished(
    ["run", "-c", "{config}"],
    `${VALID}[admin]\nbind = "${lost}"\ntoken = "0123456789abcdef"\n`,
  );
  assert.match(
    admin.stderr,
    /sluice\.toml:8:8: admin\.bind: cannot listen on 192\.0\.2\.1:1: E\w+: this machine has no/,
  );
  const list = VALID.replace('"127.0.0.1:0"', `["127.0.0.1:0", "${lost}"]`);
  const several = await finished(["run", "-c", "{config}"], list);
  assert.match(
    several.stderr,
    /sluice\.toml:3:24: frontends\[0\]\.bind\[1\]: cannot listen on 192\.0\.2\.1:1: /,
  );
});

test("sluice run says first in its log which version, runtime and config it is, and why that config", async () => {
  const program = await Program.run(VALID);
  try {
    const [line] = program.stdout.split("\n", 1);
    const { event, version, runtime, config, from } = JSON.parse(line!);
    assert.deepEqual([event, config, from], ["starting", program.path, "--config"]);
    assert.match(`${version} ${runtime}`, /^\d+\.\d+\.\d+ (?:bun|deno) \d/);
  } finally {
    await program.dispose();
  }
});

test("sluice run answers 502 and says why in the log, where no server listens", async () => {
  const program = await Program.run(VALID);
  try {
    const answer = await roundTrip(program.port, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert.match(answer, /^HTTP\/1\.1 502 Bad Gateway\r\n/);
    await program.untilPrinted('"reason":"connect_refused"');
  } finally {
    await program.dispose();
  }
});

/** Starts the demo. Its ports are fixed, so it waits for another that the tests of the other runtime have open. */
async function startDemo(): Promise<Program> {
  for (let i = 0; i < 40; i++) {
    const program = Program.start(["demo"]);
    await eventually(
      "its start or its end",
      () => program.stdout.includes("Stop it") || program.exit,
      15_000,
    );
    if (program.exit === undefined) return program;
    await program.dispose();
  }
  throw new Error("The ports of the demo did not come free");
}

test("sluice demo answers from its three servers in turn, and ends with exit code 0 on SIGINT", async () => {
  const program = await startDemo();
  try {
    const request = "GET /x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    const seen: (string | undefined)[] = [];
    for (let i = 0; i < 6; i++) seen.push(/demo server (\d+)/.exec(await roundTrip(8080, request))?.[1]);
    assert.deepEqual(seen, ["9001", "9002", "9003", "9001", "9002", "9003"]);
    program.signal("SIGINT");
    assert.equal(await program.untilExit(), 0);
  } finally {
    await program.dispose();
  }
});
