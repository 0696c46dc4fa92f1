import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Program } from "../support/program.ts";
import { roundTrip } from "../support/raw-client.ts";

const CONFIG = `reload_interval = "0s"
[admin]
bind = "127.0.0.1:0"
[[frontends]]
name = "web"
bind = "127.0.0.1:0"
[[frontends.routes]]
path_prefix = "/a"
respond = { status = 204 }
[[frontends.routes]]
path_prefix = "/"
respond = { status = 404 }
`;

test("sluice ctl reload --dry-run says which of the last requests the new config would treat otherwise", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-test-"));
  const proxy = await Program.run(CONFIG);
  try {
    await proxy.untilPrinted('"frontend":"admin"');
    await proxy.untilPrinted('"frontend":"web"');
    const [, port] = /"frontend":"admin","address":"127\.0\.0\.1:(\d+)"/.exec(proxy.stdout)!;
    const [, web] = /"frontend":"web","address":"127\.0\.0\.1:(\d+)"/.exec(proxy.stdout)!;
    for (const path of ["/a/1", "/a/2", "/b"]) {
      await roundTrip(Number(web), `GET ${path} HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n`);
    }
    await proxy.untilPrinted('"target":"/b"');
    const ask = async (args: readonly string[]) => {
      const program = Program.start([
        "ctl",
        "reload",
        "--dry-run",
        "--admin",
        `http://127.0.0.1:${port}`,
        ...args,
      ]);
      try {
        return [await program.untilExit(), program.stdout, program.stderr] as const;
      } finally {
        await program.dispose();
      }
    };
    const plan = async (...args: string[]) => {
      const [code, stdout] = await ask(args);
      assert.equal(code, 0);
      return stdout;
    };
    const refused = async (...args: string[]) => {
      const [code, , stderr] = await ask(args);
      return [code, stderr] as const;
    };
    assert.match(await plan(), /\nno changes\n[^]*\nOf the last 3 requests: no difference found\n/);
    proxy.configure(CONFIG.replace('"/a"', '"/c"'));
    assert.match(
      await plan(),
      /Of the last 3 requests: 2 would be treated otherwise\n {2}the same: 1\n\n2 answered otherwise\n {2}answer 204 by route 1 \(\/a\) {2}-> {2}answer 404 by route 2 \(\/\)\n {4}GET a\.example\/a\/1\n/,
    );
    // A file beside it, while the proxy's own is as it runs.
    const other = join(folder, "other.toml");
    writeFileSync(other, CONFIG.replace('"/a"', '"/a/2"'));
    proxy.configure(CONFIG);
    assert.match(await plan(other), /Of the last 3 requests: 1 would be treated otherwise/);
    writeFileSync(other, `${CONFIG}colour = 1\n`);
    const [code, said] = await refused(other);
    assert.equal(code, 1);
    assert.match(said, /^The config is refused:\n\S+other\.toml:13:1: \S+: unknown key/);
    writeFileSync(other, CONFIG + "#".repeat(100_000));
    assert.match(await plan(other), /Of the last 3 requests: no difference found/);
    proxy.configure(CONFIG.replace('"/a"', '"/c"'));
    const { requests } = JSON.parse(await plan("--json"));
    assert.deepEqual([requests.requests, requests.same, requests.different], [3, 1, 2]);
  } finally {
    await proxy.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
});
