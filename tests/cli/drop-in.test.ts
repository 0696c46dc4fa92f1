// The program on a predecessor's file as it stands: what check says of it, how it starts, and that it follows its changes.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Program } from "../support/program.ts";
import { roundTrip } from "../support/raw-client.ts";
import { RawServer } from "../support/raw-server.ts";

const FOLDER = fileURLToPath(new URL("../golden/drop-in/", import.meta.url));
const GET = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

const examples = [
  ["pyhaproxy", "pyhaproxy.yaml"],
  ["http-proxy-lb", "http-proxy-lb.yaml"],
  ["reverse-proxy", "reverse-proxy.toml"],
] as const;

for (const [format, file] of examples) {
  test(`sluice check -c says of a file of ${format} as what it was read and what is not the same`, async () => {
    const program = Program.start(["check", "-c", file], readFileSync(FOLDER + file, "utf8"), file, {
      inside: true,
    });
    try {
      assert.equal(await program.untilExit(), 0);
      const golden = `${FOLDER}${file}.txt`;
      // How many clients there may be is of this machine.
      const printed = program.stdout.replace(
        /^limits: .*? client connections/m,
        "limits: N client connections",
      );
      if (process.env["GOLDEN"] === "new") writeFileSync(golden, printed);
      assert.equal(printed, readFileSync(golden, "utf8"));
    } finally {
      await program.dispose();
    }
  });
}

/** A file of reverse-proxy with one server. */
function reverseProxy(port: number): string {
  return `listen_addr = "127.0.0.1:0"\nshutdown_timeout = 1\n[[routes]]\nprefix = "/"\nbackend_addrs = ["127.0.0.1:${port}"]\n` +
    'health_check = { path = "/health", interval_secs = 5 }\nbalancing_algorithm = "round_robin"\n';
}

function answering(word: string): Promise<RawServer> {
  return RawServer.answering(`HTTP/1.1 200 OK\r\nContent-Length: ${word.length}\r\n\r\n${word}`);
}

test("a file of a predecessor is taken over when it changes, and one with a mistake is not", async () => {
  const one = await answering("one");
  const two = await answering("two");
  const program = Program.start([], reverseProxy(one.port), "reverse-proxy.toml", { inside: true });
  try {
    await program.untilPrinted('"listening"', 15_000);
    const lines = program.stdout.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
    const [readAs] = lines.filter(({ event }) => event === "config_read_as");
    assert.equal(readAs.format, "reverse-proxy");
    const differences = lines.filter(({ event }) => event === "config_difference");
    assert.equal(differences.length, readAs.differences);
    assert.match(differences[0].what, /^a prefix ends at a segment|cannot be reached is answered 502/);
    assert.match(await roundTrip(program.port, GET), /one$/);

    program.configure(reverseProxy(two.port));
    program.signal("SIGHUP");
    await program.untilPrinted('"event":"reloaded"');
    assert.match(await roundTrip(program.port, GET), /two$/);

    program.configure(reverseProxy(one.port).replace("round_robin", "round-robin"));
    program.signal("SIGHUP");
    await program.untilPrinted('"event":"reload_refused"');
    assert.match(
      program.stdout,
      /reverse-proxy\.toml:7:23: routes\[0\]\.balancing_algorithm: is \\"round-robin\\"/,
    );
    assert.match(await roundTrip(program.port, GET), /two$/);
    assert.equal(program.stdout.split("config_read_as").length, 2);
  } finally {
    await program.dispose();
    await one.close();
    await two.close();
  }
});

test("a file of http-proxy-lb that makes an open relay is warned of, at levels that hide the differences as well", async () => {
  const text = "listen: 0.0.0.0:0\nupstream: []\n";
  const program = Program.start(["-l", "warn", "-c", "{config}"], text, "their.yaml");
  try {
    await program.untilPrinted('"event":"open_relay","frontend":"proxy","address":"0.0.0.0:0"', 15_000);
    assert.doesNotMatch(program.stdout, /config_difference/);
  } finally {
    await program.dispose();
  }
});

test("an address of a predecessor's file that cannot be bound is named by its own key", async () => {
  const taken = await answering("x");
  const text = reverseProxy(1).replace("127.0.0.1:0", `127.0.0.1:${taken.port}`);
  const program = Program.start(["-c", "{config}"], text, "their.toml");
  try {
    assert.equal(await program.untilExit(), 1);
    assert.match(program.stderr, /their\.toml:1:15: listen_addr: cannot listen on 127\.0\.0\.1:/);
  } finally {
    await program.dispose();
    await taken.close();
  }
});

test("sluice -t checks the file that REVERSE_PROXY_CONFIG_PATH names", async () => {
  const setting = { inside: true, env: { REVERSE_PROXY_CONFIG_PATH: "their.toml" } };
  const program = Program.start(["-t"], reverseProxy(1), "their.toml", setting);
  try {
    assert.equal(await program.untilExit(), 0);
    assert.match(program.stdout, /^their\.toml is valid\.\nread as the config of reverse-proxy; /);
  } finally {
    await program.dispose();
  }
});

test("sluice without a file or a server exits 1 and names the variable", async () => {
  const program = Program.start([], "", "none.toml", { inside: true, env: { BACKEND_SERVERS: "" } });
  try {
    assert.equal(await program.untilExit(), 1);
    assert.match(program.stderr, /^environment: BACKEND_SERVERS: is ""; accepted: one or more servers/);
  } finally {
    await program.dispose();
  }
});
