import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { Program } from "../support/program.ts";
import { roundTrip } from "../support/raw-client.ts";
import { RawServer } from "../support/raw-server.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

function configOf(port: number, interval: string): string {
  return `reload_interval = "${interval}"\n[[frontends]]\nbind = "127.0.0.1:0"\ndefault_backend = "app"\n` +
    `[backends.app]\nservers = ["http://127.0.0.1:${port}"]\n`;
}

function answering(word: string): Promise<RawServer> {
  return RawServer.answering(`HTTP/1.1 200 OK\r\nContent-Length: ${word.length}\r\n\r\n${word}`);
}

for (const [how, interval] of [["a change of its file", "50ms"], ["SIGHUP", "0s"]] as const) {
  test(`sluice run takes a new config over at ${how}, and keeps the old one where it is not valid`, async () => {
    const one = await answering("one");
    const two = await answering("two");
    const program = await Program.run(configOf(one.port, interval));
    const write = (text: string) => {
      program.configure(text);
      if (how === "SIGHUP") program.signal("SIGHUP");
    };
    try {
      assert.match(await roundTrip(program.port, GET), /one$/);
      write(configOf(two.port, interval));
      await program.untilPrinted('"event":"reloaded"');
      assert.match(await roundTrip(program.port, GET), /two$/);

      write(configOf(one.port, interval).replace("default_backend", "default_bakend"));
      await program.untilPrinted('"event":"reload_refused"');
      assert.match(program.stdout, /default_bakend: unknown key/);
      assert.match(await roundTrip(program.port, GET), /two$/);

      write(configOf(one.port, interval));
      await eventually("the second reload", () => program.stdout.split('"event":"reloaded"').length === 3);
      assert.match(await roundTrip(program.port, GET), /one$/);
      assert.equal(program.stdout.split("reload_refused").length, 2);
      program.signal("SIGTERM");
      assert.equal(await program.untilExit(), 0);
    } finally {
      await program.dispose();
      await one.close();
      await two.close();
    }
  });
}

test("sluice run takes level and format of the log over, and the interval at which it looks at its file", async () => {
  const server = await answering("one");
  const program = await Program.run(configOf(server.port, "50ms"));
  const write = (interval: string, log: string) =>
    program.configure(configOf(server.port, interval).replace("[[", `[log]\n${log}\n[[`));
  try {
    write("0s", 'format = "text"');
    await eventually("lines for people", async () => {
      await roundTrip(program.port, GET);
      return / info {2}access /.test(program.stdout);
    });
    write("0s", 'level = "warn"'); // nobody looks at the file any more
    program.signal("SIGHUP");
    await eventually("the second reload", () => program.stdout.split(/\breloaded\b/).length === 3);
    write("0s", 'levle = "info"');
    program.signal("SIGHUP");
    await program.untilPrinted('"event":"reload_refused"'); // a warning, as JSON: the level is warn
    const { length } = program.stdout;
    await roundTrip(program.port, GET);
    program.signal("SIGTERM");
    assert.equal(await program.untilExit(), 0);
    assert.equal(program.stdout.slice(length), ""); // neither access line nor "stopped"
  } finally {
    await program.dispose();
    await server.close();
  }
});

test("a change of the file during a reload is taken over behind it", async () => {
  let answers = false;
  const slow = await RawServer.answering((head) =>
    head.startsWith("GET /health ") && !answers
      ? undefined
      : "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ntwo"
  );
  const one = await answering("one");
  const program = await Program.run(configOf(one.port, "0s"));
  const probed = configOf(slow.port, "50ms") + 'health_check = { timeout = "60s" }\n';
  try {
    program.configure(probed);
    program.signal("SIGHUP");
    await eventually("the probe", () => slow.received.includes("/health"));
    program.configure(configOf(one.port, "60ms")); // nobody watches yet
    answers = true;
    for (const connection of slow.connections) {
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    }
    await eventually("both reloads", () => program.stdout.split('"event":"reloaded"').length === 3);
    assert.match(await roundTrip(program.port, GET), /one$/);
  } finally {
    await program.dispose();
    await one.close();
    await slow.close();
  }
});

test("a file that is not valid is refused once where it changes and SIGHUP says so as well", async () => {
  const one = await answering("one");
  const program = await Program.run(configOf(one.port, "50ms"));
  try {
    program.configure("nonsense = 1\n");
    program.signal("SIGHUP");
    await program.untilPrinted("reload_refused");
    program.configure(configOf(one.port, "51ms"));
    await program.untilPrinted('"event":"reloaded"');
    assert.equal(program.stdout.split("reload_refused").length, 2);
  } finally {
    await program.dispose();
    await one.close();
  }
});
