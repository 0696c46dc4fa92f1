import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { Program } from "../support/program.ts";
import { roundTrip } from "../support/raw-client.ts";

const GOLDEN = fileURLToPath(new URL("./golden/replay/", import.meta.url));
/** GOLDEN=new writes the files anew. */
const WRITES = process.env["GOLDEN"] === "new";

const CONFIG = `reload_interval = "0s"
[[frontends]]
name = "web"
bind = "127.0.0.1:0"
default_backend = "app"
trusted_proxies = ["10.0.0.0/8"]
[[frontends.rules]]
if = "path_prefix == /old"
redirect = { to = "https://new.example{uri}", status = 308 }
[[frontends.rules]]
if = "header(x-beta) == 1 || cookie(beta) == 1"
respond = { status = 404 }
[[frontends.routes]]
path_prefix = "/api"
backend = "api"
[[frontends.routes]]
path_prefix = "/gone"
respond = { status = 404 }
[[frontends.routes]]
host = "shop.example"
path_prefix = "/static"
backend = "static"
[backends]
app.servers = ["http://127.0.0.1:9001"]
api.servers = ["http://127.0.0.1:9002"]
static.servers = ["http://127.0.0.1:9003"]
`;

const MOVED = CONFIG.replace('"/static"', '"/assets"');

/** Files of one test, gone after it. */
async function inFolder(files: Record<string, string | Uint8Array>, use: (folder: string) => Promise<void>) {
  const folder = mkdtempSync(join(tmpdir(), "sluice-replay-"));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function replayed(folder: string, ...args: readonly string[]) {
  const program = Program.start(["replay", ...args.map((word) => word.replace("{}", folder))]);
  try {
    const exit = await program.untilExit(60_000);
    return { exit, stdout: program.stdout, stderr: program.stderr };
  } finally {
    await program.dispose();
  }
}

for (const format of ["sluice", "combined", "haproxy", "caddy"]) {
  test(`what sluice replay says of a log of ${format} is as the golden file has it`, async () => {
    await inFolder({ "new.toml": MOVED, "old.toml": CONFIG }, async (folder) => {
      const log = join(GOLDEN, `${format}.lines`);
      const alone = await replayed(folder, log, "--against", "{}/new.toml", "--host", "shop.example");
      const both = await replayed(folder, log, "--against", "{}/new.toml", "--with", "{}/old.toml");
      const text =
        `exit ${alone.exit}\n${alone.stdout}${alone.stderr}\n--with: exit ${both.exit}\n${both.stdout}${both.stderr}`;
      const path = join(GOLDEN, `${format}.txt`);
      if (WRITES) writeFileSync(path, text);
      assert.equal(text, readFileSync(path, "utf8"));
    });
  });
}

/** Lines of our own log, of requests as CONFIG serves them; every third or so goes to `static`. */
function servedByConfig(count: number): { lines: string; moved: number } {
  const paths: [path: string, backend: string | undefined, status: number][] = [
    ["/api/", "api", 200],
    ["/static/", "static", 200],
    ["/staticx/", "app", 502],
    ["/old/", undefined, 308],
    ["/gone/", undefined, 404],
    ["/", "app", 200],
  ];
  let moved = 0;
  const lines = Array.from({ length: count }, (_, i) => {
    const [path, backend, status] = paths[i * 7919 % 101 % paths.length]!;
    if (backend === "static") moved++;
    return JSON.stringify({
      time: "2026-11-29T06:39:17.325Z",
      level: "info",
      event: "access",
      frontend: "web",
      client: `192.0.2.${i % 256}`,
      method: i % 9 === 0 ? "POST" : "GET",
      host: "shop.example",
      target: `${path}${i}?q=${i % 5}`,
      protocol: "HTTP/1.1",
      status,
      reason: status === 502 ? "connect_refused" : "ok",
      backend,
      bytes_in: i % 9 === 0 ? 3 : 0,
      bytes_out: 9,
      elapsed_ms: 0.3,
      request_id: `id-${i}`,
    });
  });
  return { lines: lines.join("\n"), moved };
}

for (const [count, old] of [[100_000, []], [20_000, ["--with", "{}/old.toml"]]] as const) {
  const { lines, moved } = servedByConfig(count);
  const files = { "a.log.gz": gzipSync(lines), "old.toml": CONFIG, "new.toml": MOVED };
  const title = `${count} requests${old.length === 0 ? "" : " by both configs"}`;

  test(`sluice replay of ${title} finds no difference to the config that served them`, async () => {
    await inFolder(files, async (folder) => {
      const { exit, stdout } = await replayed(
        folder,
        "{}/a.log.gz",
        "--against",
        "{}/old.toml",
        "--json",
        ...old,
      );
      const found = JSON.parse(stdout);
      assert.deepEqual([exit, found.requests, found.same, found.changes], [0, count, count, []]);
    });
  });

  test(`sluice replay of ${title} finds exactly those whose route moved`, async () => {
    await inFolder(files, async (folder) => {
      const { exit, stdout } = await replayed(
        folder,
        "{}/a.log.gz",
        "--against",
        "{}/new.toml",
        "--json",
        ...old,
      );
      const { different, changes, same } = JSON.parse(stdout);
      assert.deepEqual([exit, different, same, changes.length], [3, moved, count - moved, 1]);
      assert.deepEqual([changes[0].what, changes[0].count], ["elsewhere", moved]);
      assert.ok(changes[0].examples.every((text: string) => text.includes("shop.example/static/")));
    });
  });
}

test("sluice replay finds no difference between what a proxy logged and its config, and the moved requests by another", async () => {
  const server = createServer((request, response) => response.end(request.url));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const config = CONFIG.replace(
    /(app|static)\.servers = \["[^"]*"\]/g,
    `$1.servers = ["http://127.0.0.1:${port}"]`,
  );
  const proxy = await Program.run(config);
  try {
    const heads = [
      "GET /static/1 HTTP/1.1\r\nHost: shop.example",
      "GET /static/2 HTTP/1.1\r\nHost: other.example",
      "GET /api HTTP/1.1\r\nHost: shop.example", // nobody listens there
      "GET /old/x?y HTTP/1.1\r\nHost: shop.example",
      "GET /gone HTTP/1.1\r\nHost: shop.example",
      "TRACE / HTTP/1.1\r\nHost: shop.example",
      "GET /%00 HTTP/1.1\r\nHost: shop.example",
      "GET /two HTTP/1.1\r\nHost: a\r\nHost: b",
      "OPTIONS / HTTP/1.1\r\nHost: shop.example\r\nMax-Forwards: 0",
      "OPTIONS * HTTP/1.1\r\nHost: shop.example",
      "GET http://shop.example/static/3 HTTP/1.1\r\nHost: shop.example",
      "GET / HTTP/1.0",
      "nonsense",
    ];
    for (const head of heads) await roundTrip(proxy.port, `${head}\r\nConnection: close\r\n\r\n`);
    await proxy.untilPrinted('"target":"/","protocol":"HTTP/1.0"');
    await proxy.untilPrinted('"method":"-"');
    const files = {
      "a.log": proxy.stdout,
      "old.toml": config,
      "new.toml": config.replace('"/static"', '"/assets"'),
    };
    await inFolder(files, async (folder) => {
      const same = await replayed(folder, "{}/a.log", "--against", "{}/old.toml", "--json");
      const { requests, different, not_compared: left } = JSON.parse(same.stdout);
      assert.deepEqual([same.exit, requests, different], [0, heads.length, 0]);
      assert.deepEqual(left.map(({ why, count }: { why: string; count: number }) => [why, count]).sort(), [
        ["answered by the proxy for something that the log does not show", 1],
        ["no request that could be read", 1],
        ["refused for something that the log does not show", 1],
      ]);
      const moved = JSON.parse(
        (await replayed(folder, "{}/a.log", "--against", "{}/new.toml", "--json")).stdout,
      );
      assert.equal(moved.different, 2);
      assert.deepEqual(moved.changes[0].examples, ["GET shop.example/static/1", "GET shop.example/static/3"]);
    });
  } finally {
    await proxy.dispose();
    server.close();
  }
});

test("sluice replay exits 1 where the log, its format or what is asked makes no sense", async () => {
  const files = {
    "new.toml": CONFIG,
    "a.log": "no log\nat all\n",
    "bad.gz": Uint8Array.of(0x1f, 0x8b, 1, 2, 3),
  };
  await inFolder(files, async (folder) => {
    const cases: [args: string[], told: RegExp][] = [
      [
        ["{}/a.log", "--against", "{}/new.toml"],
        /no format is known .* accepted: sluice, caddy, haproxy, combined/,
      ],
      [["{}/gone.log", "--against", "{}/new.toml"], /ENOENT/],
      [["{}/bad.gz", "--against", "{}/new.toml"], /bad\.gz: /],
      [["{}/a.log", "--against", "{}/new.toml", "--format", "combine"], /did you mean combined\?/],
      [["{}/a.log", "--against", "{}/new.toml", "--frontend", "x"], /no frontend "x"; accepted: web/],
      [["{}/a.log", "--against", "{}/none.toml"], /none\.toml/],
      [["{}/a.log"], /--against/],
    ];
    for (const [args, told] of cases) {
      const { exit, stderr } = await replayed(folder, ...args);
      assert.equal(exit, 1);
      assert.match(stderr, told);
    }
    const forced = await replayed(folder, "{}/a.log", "--against", "{}/new.toml", "--format", "combined");
    assert.equal(forced.exit, 1);
    assert.match(forced.stdout, /lines that could not be read: 2\n {2}line 1: "no log"/);
  });
});
