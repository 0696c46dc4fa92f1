import assert from "node:assert/strict";
import process from "node:process";
import { test, type TestContext } from "node:test";
import { Bystander } from "../support/bystander.ts";
import { Program } from "../support/program.ts";
import { roundTrip } from "../support/raw-client.ts";

/** The longest wait, in ms, where a reload is short; a busy machine gets a third of the time that it takes. */
const LONGEST_MS = 250;

/** A reload takes seconds on a busy machine. */
const PATIENCE_MS = 50_000;

/** A config that answers by itself; it looks at its file only at SIGHUP. */
function answering(word: string, more = ""): string {
  return `reload_interval = "0s"\n[log]\naccess = false\n[[frontends]]\nbind = "127.0.0.1:0"\n` +
    `[[frontends.routes]]\nrespond = { body = "${word}" }\n${more}`;
}

/** A valid one that takes long to read. */
function heavy(word: string): string {
  const routes = Array.from(
    { length: 4000 },
    (_, i) => `[[frontends.routes]]\nhost = "h${i}.test"\nrespond = { body = "${word} ${i}" }\n`,
  );
  return answering(word, routes.join(""));
}

async function openProgram(t: TestContext, config: string, fileName?: string): Promise<Program> {
  const program = await Program.run(config, fileName);
  t.after(() => program.dispose());
  return program;
}

function reload(program: Program, config: string): void {
  program.configure(config);
  program.signal("SIGHUP");
}

async function ask(program: Program, host: string): Promise<string> {
  return await roundTrip(program.port, `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
}

/** Reloads `program` with `config` until it prints `event`, and checks how long others waited meanwhile. */
async function reloadUnseen(
  t: TestContext,
  program: Program,
  { config, event }: { config: string; event: string },
): Promise<void> {
  const bystander = new Bystander(program.port, "\r\n\r\none");
  const begun = performance.now();
  reload(program, config);
  await program.untilPrinted(`"event":"${event}"`, PATIENCE_MS);
  const took = performance.now() - begun;
  await bystander.stop();
  t.diagnostic(
    `the reload took ${took.toFixed(0)} ms, and the longest wait ${bystander.worst.toFixed(0)} ms`,
  );
  assert.ok(bystander.worst < Math.max(LONGEST_MS, took / 3));
}

const toJson = (data: object) => JSON.stringify(data);
const small = {
  reload_interval: "0s",
  log: { access: false },
  frontends: [{ bind: "127.0.0.1:0", routes: [{ respond: { body: "one" } }] }],
};
const refused: [fileName: string, start: string, heavy: string, place: string][] = [
  ["sluice.toml", answering("one"), `x = [${"1,".repeat(60_000)}]`, "sluice.toml:1:1: x: "],
  ["sluice.yaml", toJson(small), `x: [${"1,".repeat(60_000)}]`, "sluice.yaml:1:1: x: "],
  ["sluice.json", toJson(small), `{"x":[${"1,".repeat(280_000)}1]}`, "sluice.json:1:2: x: "],
  ["anchors.yaml", toJson(small), `x: &x [${"1,".repeat(500)}]\ny: [${"*x,".repeat(200)}]`, "yaml:1:1: x: "],
];
for (const [fileName, start, config, place] of refused) {
  test(`sluice run refuses a heavy ${fileName} at its place, and nobody waits while it is read`, async (t) => {
    const program = await openProgram(t, start, fileName);
    await reloadUnseen(t, program, { config, event: "reload_refused" });
    assert.ok(program.stdout.includes(`${place}unknown key`));
  });
}

test("sluice run takes a config of thousands of routes over, whole, and nobody waits for it", async (t) => {
  const program = await openProgram(t, answering("one"));
  await reloadUnseen(t, program, { config: heavy("one"), event: "reloaded" });
  for (const i of [0, 2345, 3999]) assert.match(await ask(program, `h${i}.test`), new RegExp(`\\none ${i}$`));
});

test("sluice run ends at SIGTERM while a config is being read, and refuses nothing", async (t) => {
  const program = await openProgram(t, answering("one"));
  reload(program, `x = [${"1,".repeat(280_000)}]`);
  await ask(program, "a"); // it has begun, or begins when the signal comes
  program.signal("SIGTERM");
  assert.equal(await program.untilExit(20_000), 0);
  assert.doesNotMatch(program.stdout, /reload/);
});

test(
  "sluice run refuses a heavy config where no files are left for reading it, and runs on",
  { skip: process.platform !== "linux" && "NOT TESTED: THE LIMIT IS KNOWN ON LINUX ONLY" },
  async (t) => {
    const program = await Program.run(answering("one"), "sluice.toml", {
      script: "tests/support/hoarding-program.ts",
      files: 128,
    });
    t.after(() => program.dispose());
    program.configure(heavy("two"));
    program.signal("SIGUSR2");
    await program.untilPrinted("hoarded");
    program.signal("SIGHUP");
    await program.untilPrinted('"event":"reload_refused"');
    assert.match(program.stdout, /there are no files left for it \(EMFILE\)/);
    program.signal("SIGUSR2");
    await program.untilPrinted("given back");
    assert.match(await ask(program, "a"), /one$/);
    program.signal("SIGHUP");
    await program.untilPrinted('"event":"reloaded"', PATIENCE_MS);
    assert.match(await ask(program, "a"), /two$/);
  },
);
