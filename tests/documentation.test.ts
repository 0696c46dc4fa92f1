// What the README and the pages of docs/ show works: links lead somewhere, configs pass the check, commands and programs run.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join, normalize } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { parseConfig } from "../src/config/load.ts";
import type { ConfigFormat } from "../src/config/read.ts";
import type { Config } from "../src/config/schema.ts";
import { programPath, sayMissing } from "./peers/commands.ts";
import { completed } from "./support/documented-config.ts";
import { eventually } from "./support/eventually.ts";
import { type Block, type Page, proseOf, readPages } from "./support/pages.ts";
import { sluiceCommand } from "./support/program.ts";
import { roundTrip } from "./support/raw-client.ts";
import { Terminal } from "./support/terminal.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const CONFIGS = ["toml", "yaml", "json"];
/** Blocks that are run from here; all others are marked. */
const RUN = [...CONFIGS, "sh", "ts"];
/** What a block without a language, which is what something prints or a picture, does not begin a line with. */
const COMMAND =
  /^(?:\$ |(?:npm|npx|bun|deno|node|curl|apt-get|docker|kubectl|systemctl|kill|(?:dist\/)?sluice) )/m;
/** A command that serves until it is stopped. */
const SERVES = /^(?:dist\/)?sluice(?: run\b| proxy\b| -c\b|$)(?!.* (?:--print|--check|-t)\b)/;

/** Pages whose commands run at the same time. */
const AT_A_TIME = 4;

const pages = readPages();
const CURL = programPath("curl") === undefined ? sayMissing("curl") : false;

test("every link of the pages leads to a file, and to a heading in it", () => {
  const headings = new Map(pages.map((page) => [page.path, anchorsIn(proseOf(page))]));
  const wrong = pages.flatMap((page) =>
    [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!).filter((target) => {
      if (/^https?:/.test(target)) return false;
      const [path, anchor] = target.split("#") as [string, string | undefined];
      const file = path === "" ? page.path : normalize(join(dirname(page.path), path));
      if (!existsSync(join(ROOT, file))) return true;
      return anchor !== undefined && headings.get(file)?.includes(anchor) !== true;
    }).map((target) => `${page.path}: ${target}`)
  );
  assert.deepEqual(wrong, []);
});

test("the README leads to every page of docs/", () => {
  const reached = new Set(["README.md"]);
  for (const path of reached) {
    const page = pages.find((page) => page.path === path);
    for (const [, target] of page === undefined ? [] : proseOf(page).matchAll(/\]\(([^)\s#]+\.md)/g)) {
      reached.add(normalize(join(dirname(path), target!)));
    }
  }
  assert.deepEqual(pages.map(({ path }) => path).filter((path) => !reached.has(path)), []);
});

test("every block of the pages is run, or marked with who runs it or why nobody does", () => {
  const wrong = pages.flatMap(({ path, blocks }) =>
    blocks.filter(({ language, text, mark }) => {
      if (mark?.kind === "run by") {
        const tested = existsSync(join(ROOT, mark.text)) && readFileSync(join(ROOT, mark.text), "utf8");
        return tested === false || !tested.includes(path.split("/").at(-1)!);
      }
      if (mark !== undefined || RUN.includes(language)) return false;
      return language !== "" || COMMAND.test(text);
    }).map(({ line, language }) => `${path}:${line}: ${language}`)
  );
  assert.deepEqual(wrong, []);
});

for (const { path, blocks } of pages) {
  const examples = blocks.filter((block) => CONFIGS.includes(block.language) && block.mark === undefined);
  for (const block of examples) {
    test(`the config in ${path}, line ${block.line}, passes the check`, () => void configOf(block));
  }
}

/** Pages are typed a few at a time, as most of it is waiting; what became of one is asked by its test. */
const typedPages = new Map<Page, () => Promise<void>>();
for (const page of pages) {
  const blocks = page.blocks.filter(({ language, mark }) => language === "sh" && mark === undefined);
  if (blocks.length === 0) continue;
  const skip = blocks.some(({ text }) => /\bcurl\b/.test(text)) ? CURL : false;
  if (skip === false) {
    typedPages.set(page, async () => {
      for (const block of blocks) await typed(block, configAbove(page, block));
    });
  }
  test(`the commands of ${page.path} do what it says`, { skip }, () => outcomeOf(page));
}

for (const page of pages) {
  for (const block of page.blocks.filter(({ language, mark }) => language === "ts" && mark === undefined)) {
    test(`the program in ${page.path}, line ${block.line}, runs`, () => started(block));
  }
}

let outcomes: Map<Page, Promise<void>> | undefined;

/** Waits for the commands of a page; who asks first has all pages begin. */
async function outcomeOf(page: Page): Promise<void> {
  outcomes ??= someAtATime(typedPages);
  await outcomes.get(page);
}

function someAtATime(tasks: ReadonlyMap<Page, () => Promise<void>>): Map<Page, Promise<void>> {
  const lanes = Array.from({ length: AT_A_TIME }, () => Promise.resolve());
  const begun = [...tasks].map(([page, task], i) => {
    const outcome = lanes[i % AT_A_TIME]!.then(task);
    lanes[i % AT_A_TIME] = outcome.catch(() => {});
    outcome.catch(() => {}); // its test says so
    return [page, outcome] as const;
  });
  return new Map(begun);
}

/** As renderers of Markdown name them. */
function anchorsIn(prose: string): string[] {
  return [...prose.matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
    title!.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-")
  );
}

function configOf({ language, text }: Block): Config {
  for (const [, name] of text.matchAll(/\$\{(\w+)\}/g)) process.env[name!] ??= "a-secret-of-the-environment";
  return parseConfig(completed(text, language), {
    file: "example",
    format: language as ConfigFormat,
  });
}

/** The last config above a block: what its commands are about. */
function configAbove({ blocks }: Page, block: Block): Block {
  const above = blocks.filter(({ language, mark, line }) =>
    language === "toml" && mark === undefined && line < block.line
  );
  return above.at(-1) ?? { ...block, language: "toml", text: "[admin]\n" };
}

/** Types the lines of a block, in a folder that has `config`. */
async function typed(block: Block, config: Block): Promise<void> {
  const lines = linesIn(block.text);
  const { apps, bound } = portsOf(configOf(config));
  const terminal = new Terminal();
  try {
    await terminal.openApps(
      [...apps, ...block.text.matchAll(/--to \S*?:(\d+)/g)].map((port) =>
        typeof port === "string" ? port : port[1]!
      ),
    );
    terminal.expectBound(bound);
    for (const name of ["sluice.toml", "new.toml", "old.toml"]) {
      terminal.write(name, freelyBound(completed(config.text, "toml")));
    }
    const asks = /\bcurl\b|\bctl\b|\btop\b/.test(block.text);
    if (asks && !lines.some(({ command }) => SERVES.test(command))) {
      await terminal.serve("sluice run -c sluice.toml", bound);
    }
    for (const { command, code, prints } of lines) {
      if (SERVES.test(command)) {
        const isProxy = command.includes(" proxy");
        if (!isProxy) await terminal.serve(command, bound);
        else await terminal.serve(...proxyOf(command));
        continue;
      }
      const printed = await terminal.run(command);
      const all = `${command}\n${printed.stdout}${printed.stderr}`;
      assert.equal(printed.code, code, all);
      if (prints !== undefined) assert.ok(`${printed.stdout}${printed.stderr}`.includes(prints), all);
    }
  } finally {
    await terminal.close();
  }
}

/** The command `proxy` with all addresses that it binds, and their ports in the order of the log. */
function proxyOf(command: string): [line: string, ports: string[]] {
  const named = command.replace(/ --admin(?! [\w:])/, " --admin 127.0.0.1:9090");
  const line = named.includes("--listen") ? named : `${named} --listen :8080`;
  const ports = [...line.matchAll(/--(admin|listen) \S*?:(\d+)/g)].sort().map(([, , port]) => port!);
  return [line, ports];
}

/** The commands of a block, with what their comments say: `# prints: TEXT`, `# exit code N`. */
function linesIn(text: string): { command: string; code: number; prints: string | undefined }[] {
  return text.replace(/\\\n\s*/g, "").split("\n").map((line) => {
    const [, command, comment] = /^(.*?)(?:(?:^|\s+)# ?(.*))?$/.exec(line)!;
    return {
      command: command!.trim().replace(/ &$/, ""),
      code: Number(/exit code (\d+)/.exec(comment ?? "")?.[1] ?? 0),
      prints: /\bprints: (.*)$/.exec(comment ?? "")?.[1],
    };
  }).filter(({ command }) => command !== "");
}

/** Ports of this machine that a config names: of applications, and those that it binds in the order of the log. */
function portsOf(config: Config): { apps: string[]; bound: string[] } {
  const servers = Object.values(config.backends).flatMap(({ servers }) => servers);
  const urls = servers.map((server) => /^http:\/\/(?:127\.0\.0\.1|localhost):(\d+)/.exec(server.url)?.[1]);
  const apps = urls.filter((port) => port !== undefined);
  const binds = [config.admin?.bind, ...config.frontends.flatMap(({ bind }) => bind)];
  const bound = binds.flatMap((bind) => bind?.kind === "tcp" ? [String(bind.port)] : []);
  return { apps, bound };
}

/** The same config, its admin listener on any port as well; it stops at once. */
function freelyBound(config: string): string {
  return config.replace(/^delay = .*$/m, "").replace(
    /^\[admin\]\n(?!bind)/m,
    '[admin]\nbind = "127.0.0.1:9090"\n',
  );
}

/** Starts a program until it has ended or serves at port 8080, and stops it. */
async function started({ text }: Block): Promise<void> {
  const folder = join(ROOT, "dist", `page-${process.pid}-${performance.now()}`);
  const port = await freePort();
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "program.ts");
  writeFileSync(path, text.replace(/"sluice"/g, '"../../src/mod.ts"').replaceAll(":8080", `:${port}`));
  const [command, ...args] = sluiceCommand().map((word) => word.endsWith("main.ts") ? path : word);
  const child = spawn(command!, args, { stdio: ["ignore", "pipe", "pipe"], cwd: ROOT });
  let printed = "";
  let code: number | null | undefined;
  child.stdout.on("data", (data) => printed += data);
  child.stderr.on("data", (data) => printed += data);
  child.on("close", (status) => code = status);
  try {
    const request = `GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;
    await eventually("the program to end or to serve", async () => {
      assert.ok(code === undefined || code === 0, printed);
      return code === 0 || await roundTrip(port, request).then((answer) => answer !== "", () => false);
    }, 20_000);
  } finally {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
