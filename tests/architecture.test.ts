import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const SRC = join(ROOT, "src");

/** A folder imports only from folders before it. This table is the architecture; change it in review only. */
const ORDER = [
  "base",
  "http",
  "http1",
  "message",
  "config",
  "net",
  "wire",
  "observe",
  "balancing",
  "health",
  "upstream",
  "backend",
  "downstream",
  "proxy",
  "relay",
  "admin",
  "lifecycle",
  "cli",
] as const;

/** Walls inside that order: folders that stay pure or apart although the order would let them in. */
const NEVER: Readonly<Record<string, readonly string[]>> = {
  http1: ["net"],
  message: ["config", "net"],
  config: ["http1", "message"],
  wire: ["config"],
  balancing: ["net", "config", "observe", "message"],
  health: ["config", "net", "observe", "message"],
  upstream: ["config", "observe"],
  downstream: ["config", "upstream", "backend", "observe"],
  proxy: ["downstream"],
  relay: ["downstream"],
  admin: ["proxy", "downstream", "config"],
};

/** Beyond this a second idea has moved in for sure. From 300 lines on a warning asks whether one has. */
const MAX_LINES = 400;
const WARNED_LINES = 300;

const files = readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".ts"));
const sources = files.map((path) => ({ path, text: readFileSync(join(SRC, path), "utf8") }));

test("src/ has only the folders of the table", () => {
  const folders = readdirSync(SRC, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  assert.deepEqual(folders.map((entry) => entry.name).sort(), [...ORDER].sort());
});

test("a folder imports only from folders before it, and never through a wall", () => {
  const wrong: string[] = [];
  for (const { path, text } of sources) {
    const folder = folderOf(path);
    if (folder === undefined) continue; // main.ts and mod.ts stand above all
    for (const [, target] of text.matchAll(/(?:from|import\()\s*"(\.[^"]+\.ts)"/g)) {
      const other = folderOf(join(path, "..", target!));
      if (other === folder) continue;
      const above = other === undefined || ORDER.indexOf(other) > ORDER.indexOf(folder);
      if (above || NEVER[folder]?.includes(other)) wrong.push(`${path} imports ${target}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("only net/ names a runtime", () => {
  const wrong = sources.filter(({ path, text }) =>
    !path.startsWith("net/") && /\b(?:Deno|Bun)\b(?:\.|\s+in\b)|"(?:bun|deno):/.test(withoutComments(text))
  );
  assert.deepEqual(wrong.map(({ path }) => path), []);
});

test("no file cites an RFC that was replaced", () => {
  const wrong = sources.filter(({ text }) => /RFC\s?(?:2616|2068|723[0-5])\b/.test(text));
  assert.deepEqual(wrong.map(({ path }) => path), []);
});

test(`no file has more than ${MAX_LINES} lines`, (t) => {
  const longerThan = (lines: number) => sources.filter(({ text }) => text.split("\n").length - 1 > lines);
  for (const { path } of longerThan(WARNED_LINES)) t.diagnostic(`more than ${WARNED_LINES} lines: ${path}`);
  assert.deepEqual(longerThan(MAX_LINES).map(({ path }) => path), []);
});

test("every path that the README's map names exists", () => {
  const readme = readFileSync(join(ROOT, "README.md"), "utf8");
  const map = /<!-- map -->([^]*?)<!-- \/map -->/.exec(readme)?.[1] ?? "";
  const paths = [...map.matchAll(/^[│├└─\s]*([\w./-]+)/gm)].map((match) => match[1]!).filter((path) =>
    /[./]/.test(path)
  );
  assert.ok(paths.length > 10);
  const gone = paths.filter((path) => !existsSync(join(SRC, path)) && !existsSync(join(ROOT, path)));
  assert.deepEqual(gone, []);
});

test("every test that the table of faults names exists", () => {
  const table = readFileSync(join(ROOT, "docs/reliability.md"), "utf8");
  const paths = [...table.matchAll(/\| (tests\/\S+) +\|$/gm)].map((match) => match[1]!);
  assert.ok(paths.length > 20);
  assert.deepEqual(paths.filter((path) => !existsSync(join(ROOT, path))), []);
});

function folderOf(path: string): (typeof ORDER)[number] | undefined {
  return ORDER.find((folder) => path.startsWith(`${folder}/`));
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[^]*?\*\//g, "").replace(/\/\/.*$/gm, "");
}
