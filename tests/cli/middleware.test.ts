// Modules under `middleware`: relative to the config, loaded again by a reload, and refused where they cannot be loaded.
import assert from "node:assert/strict";
import { join } from "node:path";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import process from "node:process";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { eventually } from "../support/eventually.ts";
import { Program } from "../support/program.ts";
import { roundTrip } from "../support/raw-client.ts";
import { RawServer } from "../support/raw-server.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

/** A module that marks answers, in TypeScript, with the word of another one that it imports. */
const MARK = `import { word } from "./word.ts";
interface Context { header(name: string, value: string): void }
export default async function mark(c: Context, next: () => Promise<void>): Promise<void> {
  await next();
  c.header("X-Mark", word + " one");
}
`;

const EXAMPLE = fileURLToPath(new URL("../../examples/07-middleware.toml", import.meta.url));

/** A folder with a config, which is to run modules in it. */
class Folder {
  readonly path = mkdtempSync(join(tmpdir(), "sluice-middleware-"));
  readonly config = join(this.path, "sluice.toml");

  constructor(t: TestContext, interval = "50ms", files = ["./mark.ts"]) {
    t.after(() => rmSync(this.path, { recursive: true }));
    this.write(
      "sluice.toml",
      `reload_interval = "${interval}"\n[[frontends]]\nname = "web"\nbind = "127.0.0.1:0"\n` +
        `rules = [{ respond = { body = "x" } }]\nmiddleware = [${
          files.map((file) => `"${file}"`).join(", ")
        }]\n`,
    );
    this.write("mark.ts", MARK);
    this.write("word.ts", 'export const word: string = "mark";\n');
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.path, name), text);
  }

  async check(): Promise<[code: number | string, stdout: string, stderr: string]> {
    const program = Program.start(["check", "-c", this.config]);
    try {
      return [await program.untilExit(), program.stdout, program.stderr];
    } finally {
      await program.dispose();
    }
  }
}

for (const [how, interval] of [["a change of its file", "50ms"], ["SIGHUP", "0s"]] as const) {
  test(`sluice run loads a middleware again at ${how}, and keeps the old one where that fails`, async (t) => {
    const folder = new Folder(t, interval);
    const program = Program.start(["run", "-c", folder.config]);
    const write = (text: string) => {
      folder.write("mark.ts", text);
      if (how === "SIGHUP") program.signal("SIGHUP");
    };
    const mark = async () => /x-mark: (.*)\r\n/i.exec(await roundTrip(program.port, GET))?.[1];
    try {
      await program.untilPrinted('"listening"');
      assert.equal(await mark(), "mark one");
      write(MARK.replace("one", "two"));
      await program.untilPrinted('"event":"reloaded"');
      assert.match(program.stdout, /"event":"reloaded","changed":"frontend web"/);
      assert.equal(await mark(), "mark two");

      write("export default 3;\n");
      await program.untilPrinted('"event":"reload_refused"');
      assert.match(
        program.stdout,
        /sluice\.toml:6:15: frontends\[0\]\.middleware\[0\]: is [^ ]+, whose default export is no function/,
      );
      assert.equal(await mark(), "mark two");

      write(MARK);
      await eventually("the second reload", () => program.stdout.split('"event":"reloaded"').length === 3);
      assert.equal(await mark(), "mark one");
      program.signal("SIGTERM");
      assert.equal(await program.untilExit(), 0);
    } finally {
      await program.dispose();
    }
  });
}

test("a reload with the same middleware leaves its frontend as it is", async (t) => {
  const folder = new Folder(t, "0s");
  const program = Program.start(["run", "-c", folder.config]);
  try {
    await program.untilPrinted('"listening"');
    program.signal("SIGHUP");
    await program.untilPrinted('"event":"reloaded"');
    assert.doesNotMatch(program.stdout, /"event":"reloaded",[^}]*"changed"/);
  } finally {
    await program.dispose();
  }
});

test("a dry run of a config that is sent runs none of its modules, and takes those that run for the same", async (t) => {
  const folder = new Folder(t, "0s");
  const text = `[admin]\nbind = "127.0.0.1:0"\n`;
  folder.write(
    "sluice.toml",
    readFileSync(folder.config, "utf8").replace("[[frontends]]", `${text}[[frontends]]`),
  );
  folder.write(
    "evil.ts",
    `import { writeFileSync } from "node:fs";\nwriteFileSync("${folder.path}/ran", "");\n`,
  );
  const program = Program.start(["run", "-c", folder.config]);
  try {
    await program.untilPrinted('"frontend":"web"');
    await program.untilPrinted('"frontend":"admin"');
    const [, port] = /"frontend":"admin","address":"127\.0\.0\.1:(\d+)"/.exec(program.stdout)!;
    const other = join(folder.path, "other.toml");
    const plan = async () => {
      const ctl = Program.start(["ctl", "reload", "--dry-run", "--admin", `http://127.0.0.1:${port}`, other]);
      try {
        assert.equal(await ctl.untilExit(), 0, ctl.stderr);
        return ctl.stdout;
      } finally {
        await ctl.dispose();
      }
    };
    const same = readFileSync(folder.config, "utf8");
    folder.write("other.toml", same);
    assert.match(await plan(), /no changes/);
    folder.write("other.toml", same.replace("mark.ts", "evil.ts"));
    assert.match(await plan(), /frontend web/);
    assert.equal(existsSync(join(folder.path, "ran")), false);
  } finally {
    await program.dispose();
  }
});

test("sluice check loads middlewares, and says which cannot be, where, and why", async (t) => {
  const folder = new Folder(t);
  const [code, stdout] = await folder.check();
  assert.equal(code, 0);
  assert.match(stdout, / {2}before all: middleware\n/);
  folder.write("mark.ts", "throw new Error('no such day');\n");
  const [refused, , stderr] = await folder.check();
  assert.equal(refused, 1);
  assert.equal(
    stderr.trim().split("\n")[0],
    `${folder.config}:6:15: frontends[0].middleware[0]: is "./mark.ts", which cannot be loaded: no such day`,
  );
});

test("sluice run does not start with a middleware that is not there", async (t) => {
  const folder = new Folder(t, "50ms", ["./mark.ts", "./gone.ts"]);
  const program = Program.start(["run", "-c", folder.config]);
  try {
    assert.equal(await program.untilExit(), 1);
    assert.match(
      program.stderr,
      /:6:28: frontends\[0\]\.middleware\[1\]: is "\.\/gone\.ts", which is not there/,
    );
  } finally {
    await program.dispose();
  }
});

test("the compiled program says by check that it finds no packages", {
  skip: !process.env["SLUICE_BINARY"] && "for the compiled program",
}, async (t) => {
  const folder = new Folder(t);
  folder.write("mark.ts", 'import { cors } from "hono/cors";\nexport default cors();\n');
  const [code, , stderr] = await folder.check();
  assert.equal(code, 1);
  assert.match(stderr, /Cannot find package 'hono'.*; a compiled program finds none: bundle the module/);
});

test("examples/07-middleware.toml runs with its module", async (t) => {
  const server = await RawServer.answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
  t.after(() => server.close());
  const env = { BIND: "127.0.0.1:0", SERVER: `http://127.0.0.1:${server.port}` };
  const program = Program.start(["run", "-c", EXAMPLE], "", undefined, { env });
  try {
    await program.untilPrinted('"listening"');
    const ask = (line: string) =>
      roundTrip(program.port, `GET /api/x HTTP/1.1\r\nHost: a\r\n${line}Connection: close\r\n\r\n`);
    assert.match(await ask(""), /^HTTP\/1\.1 401 /);
    const answer = await ask("X-Key: 1\r\n");
    assert.match(answer, /^HTTP\/1\.1 200 [^]*\r\nserver-timing: app;dur=[\d.]+\r\n/i);
    assert.match(answer, /\r\nx-way: \/api to app for 127\.0\.0\.1\r\n/i);
  } finally {
    await program.dispose();
  }
});
