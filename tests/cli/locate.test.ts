import assert from "node:assert/strict";
import { test } from "node:test";
import { Program } from "../support/program.ts";
import { roundTrip } from "../support/raw-client.ts";
import { RawServer } from "../support/raw-server.ts";

const CONFIG = `
[[frontends]]
name = "found"
bind = "127.0.0.1:0"
default_backend = "app"
[backends.app]
servers = ["http://127.0.0.1:9"]
`;

type Setting = Parameters<typeof Program.start>[3];

async function finished(args: readonly string[], fileName: string, setting: Setting) {
  const program = Program.start(args, CONFIG, fileName, setting);
  try {
    const exit = await program.untilExit();
    return { exit, stdout: program.stdout, stderr: program.stderr };
  } finally {
    await program.dispose();
  }
}

for (const name of ["sluice.toml", "config.toml", "reverse-proxy.toml"]) {
  test(`sluice check without --config finds ${name} in the working directory`, async () => {
    const { exit, stdout } = await finished(["check"], name, { inside: true });
    assert.equal(exit, 0);
    assert.match(stdout, new RegExp(`^${name} is valid\\.\\nfrontend found: `));
  });
}

for (const variable of ["SLUICE_CONFIG", "REVERSE_PROXY_CONFIG_PATH"]) {
  test(`sluice --check takes the config that ${variable} names`, async () => {
    const { exit, stdout } = await finished(["--check"], "mine.toml", {
      inside: true,
      env: { [variable]: "mine.toml" },
    });
    assert.equal(exit, 0);
    assert.match(stdout, /^mine\.toml is valid\./);
  });
}

for (
  const [name, env, from] of [
    ["config.toml", {}, /^found in \S+$/],
    ["mine.toml", { SLUICE_CONFIG: "mine.toml" }, /^SLUICE_CONFIG$/],
  ] as const
) {
  test(`sluice run says in its log why it took ${name}`, async () => {
    const program = Program.start(["run"], CONFIG, name, { inside: true, env });
    try {
      await program.untilPrinted('"listening"', 15_000);
      const { config, ...line } = JSON.parse(program.stdout.split("\n", 1)[0]!);
      assert.ok(config.endsWith(`/${name}`));
      assert.match(line.from, from);
    } finally {
      await program.dispose();
    }
  });
}

test("sluice check without any config says where it looked, and exits 1", async () => {
  const { exit, stderr } = await finished(["check"], "other.toml", { inside: true });
  assert.equal(exit, 1);
  assert.match(stderr, /there is none; accepted: --config, SLUICE_CONFIG, .*sluice\.toml/);
});

test("sluice without a config serves what BACKEND_SERVERS, LB_HOST and LB_PORT describe", async () => {
  const server = await RawServer.answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  const env = { BACKEND_SERVERS: `http://127.0.0.1:${server.port},`, LB_HOST: "127.0.0.1", LB_PORT: "0" };
  const program = Program.start([], "", "other.toml", { inside: true, env });
  try {
    await program.untilPrinted('"listening"', 15_000);
    assert.match(program.stdout, /^.*"starting".*"config":"BACKEND_SERVERS","from":"BACKEND_SERVERS"/);
    assert.match(
      await roundTrip(program.port, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
      /ok$/,
    );
  } finally {
    await program.dispose();
    await server.close();
  }
});

const levels: [args: string[], env: Record<string, string>, listening: boolean, warning: RegExp][] = [
  [[], {}, true, /^$/],
  [[], { LOG_LEVEL: "WARNING" }, false, /^$/],
  [[], { RUST_LOG: "error,hyper=debug" }, false, /^$/],
  [["-l", "info"], { LOG_LEVEL: "error" }, true, /^$/],
  [
    ["--log-level", "loud"],
    {},
    true,
    /^--log-level: "loud" is no log level; accepted: debug, info, warn, error$/,
  ],
  [[], { LOG_LEVEL: "loud" }, true, /^LOG_LEVEL: "loud" is no log level/],
];
for (const [args, env, listening, warning] of levels) {
  test(`sluice ${args.join(" ")} with ${JSON.stringify(env)} ${listening ? "logs" : "hides"} its start`, async () => {
    // The second address cannot be bound, which ends the program and is logged at every level.
    const config = CONFIG + CONFIG.slice(0, CONFIG.indexOf("[backends")).replace("found", "lost").replace(
      "127.0.0.1:0",
      "192.0.2.1:1",
    );
    const program = Program.start(["run", "-c", "{config}", ...args], config, "sluice.toml", { env });
    try {
      assert.equal(await program.untilExit(), 1);
      assert.match(program.stdout, /start_failed/);
      assert.equal(program.stdout.includes('"listening"'), listening);
      const [failure, ...warnings] = program.stderr.split("\n").reverse().filter((line) => line !== "");
      assert.match(failure!, /frontends\[1\]\.bind: cannot listen on 192\.0\.2\.1:1: /);
      assert.match(warnings.join(), warning);
    } finally {
      await program.dispose();
    }
  });
}
