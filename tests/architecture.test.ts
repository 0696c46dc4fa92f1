import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, normalize } from "node:path";
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
  "limits",
  "upstream",
  "backend",
  "downstream",
  "cache",
  "access",
  "compression",
  "proxy",
  "relay",
  "explain",
  "compare",
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
  limits: ["health", "observe", "wire"],
  upstream: ["config", "observe", "limits"],
  downstream: ["config", "upstream", "backend", "observe"],
  cache: ["downstream", "upstream", "backend"],
  access: ["downstream", "upstream", "backend", "cache"],
  compression: ["downstream", "upstream", "backend"],
  proxy: ["downstream"],
  relay: ["downstream"],
  explain: ["downstream"],
  compare: ["downstream"],
  admin: ["proxy", "downstream", "config"],
};

/** Beyond this a second idea has moved in for sure. From 300 lines on a warning asks whether one has. */
const MAX_LINES = 400;
const WARNED_LINES = 300;

const files = readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".ts"));
const sources = files.map((path) => ({ path, text: readFileSync(join(SRC, path), "utf8") }));

const WORKING_ON_IT = readFileSync(join(ROOT, "docs/working-on-it.md"), "utf8");

/** A file with what it takes from others and what it offers them. */
interface Module {
  readonly path: string;
  readonly imports: readonly { readonly target: string; readonly names: readonly string[] }[];
  /** Names that it declares and exports; not those that it only passes on. */
  readonly declared: readonly string[];
  /** Types among them that the file itself speaks of: they belong to what else it exports. */
  readonly spoken: ReadonlySet<string>;
}

/** What programs import; its users are elsewhere. */
const FACE = "src/mod.ts";

/** Names that two files declare on purpose, and why. */
const SAME_NAME: ReadonlyMap<string, string> = new Map([
  ["Waits", "what a connection waits for, on either side of the proxy; neither side sees the other's"],
]);

const modules = modulesBelow("src", "tests", "bench", "examples", "build.ts");

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

test("only Clock stops the time of a test", () => {
  const tests = readdirSync(join(ROOT, "tests"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts") && path !== join("support", "clock.ts"));
  const wrong = tests.filter((path) =>
    /\bmock\.timers\.|method\(performance\b/.test(readFileSync(join(ROOT, "tests", path), "utf8"))
  );
  assert.deepEqual(wrong, []);
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

test("every path that the map of docs/architecture.md names exists", () => {
  const page = readFileSync(join(ROOT, "docs/architecture.md"), "utf8");
  const map = /<!-- map -->([^]*?)<!-- \/map -->/.exec(page)?.[1] ?? "";
  const paths = [...map.matchAll(/^[│├└─\s]*([\w./-]+)/gm)].map((match) => match[1]!).filter((path) =>
    /[./]/.test(path)
  );
  assert.ok(paths.length > 10);
  const gone = paths.filter((path) => !existsSync(join(SRC, path)) && !existsSync(join(ROOT, path)));
  assert.deepEqual(gone, []);
});

test("every path that docs/working-on-it.md names exists", () => {
  const quoted = [...WORKING_ON_IT.matchAll(/`([^`\n]+)`/g)].map((match) => match[1]!.split(" "));
  const paths = quoted.flatMap((words) =>
    words.filter((word) =>
      /^[\w.-]+(?:\/[\w.-]+)*\/?$/.test(word) &&
      (word.includes("/") || (words.length === 1 && /\.(?:ts|md|toml)$/.test(word)))
    )
  );
  assert.ok(paths.length > 150);
  const gone = paths.filter((path) => !existsSync(join(SRC, path)) && !existsSync(join(ROOT, path)));
  assert.deepEqual(gone, []);
});

test("every word that docs/working-on-it.md explains is declared where it says", () => {
  const words = /<!-- words -->([^]*?)<!-- \/words -->/.exec(WORKING_ON_IT)?.[1] ?? "";
  const places = [...words.matchAll(/`(\w+)` in `([\w./-]+)`/g)];
  assert.ok(places.length > 25);
  const wrong = places.filter(([, name, path]) =>
    !new RegExp(`^export (?:abstract )?(?:class|interface|type|const) ${name}\\b`, "m")
      .test(sources.find((source) => source.path === path)?.text ?? "")
  );
  assert.deepEqual(wrong.map(([place]) => place), []);
});

test("every source file that README and docs speak of exists", () => {
  const documents = ["README.md", ...readdirSync(join(ROOT, "docs")).map((name) => `docs/${name}`)];
  const gone = documents.filter((path) => path.endsWith(".md")).flatMap((document) =>
    [...readFileSync(join(ROOT, document), "utf8").matchAll(/(?<![\w./-])(?:[\w-]+\/)+[\w-]+\.ts\b/g)]
      .filter(([path]) => !existsSync(join(SRC, path)) && !existsSync(join(ROOT, path)))
      .map(([path]) => `${document}: ${path}`)
  );
  assert.deepEqual(gone, []);
});

test("the tables of phases in docs/working-on-it.md are those of the code", () => {
  const rowsIn = (text: string) =>
    [...text.matchAll(/^(?: \* )?\|(.+)\|$/gm)].map(([, row]) =>
      row!.split("|").map((cell) => cell.trim()).join(" | ")
    )
      .filter((row) => !row.startsWith("--"));
  for (const path of ["downstream/phase.ts", "upstream/phase.ts"]) {
    const shown = WORKING_ON_IT.split(`<!-- ${path} -->`)[1]!.split(`<!-- /${path} -->`)[0]!;
    const rows = rowsIn(readFileSync(join(SRC, path), "utf8"));
    assert.ok(rows.length > 5);
    assert.deepEqual(rowsIn(shown), rows);
  }
});

test("every test that the table of faults names exists", () => {
  const table = readFileSync(join(ROOT, "docs/reliability.md"), "utf8");
  const paths = [...table.matchAll(/\| (tests\/\S+) +\|$/gm)].map((match) => match[1]!);
  assert.ok(paths.length > 20);
  assert.deepEqual(paths.filter((path) => !existsSync(join(ROOT, path))), []);
});

test("imports make no circle, those of types included", () => {
  assert.deepEqual(circlesAmong(modules), []);
});

test("an exported name means one thing in the whole tree", () => {
  const places = new Map<string, string[]>();
  for (const { path, declared } of modules.filter(({ path }) => path.startsWith("src/"))) {
    for (const name of declared) places.set(name, [...(places.get(name) ?? []), path]);
  }
  const twice = [...places].filter(([, { length }]) => length > 1);
  const wrong = twice.filter(([name]) => !SAME_NAME.has(name));
  assert.deepEqual(wrong.map(([name, paths]) => `${name}: ${paths.join(", ")}`), []);
  const wanted = [...SAME_NAME.keys()];
  assert.deepEqual(wanted.filter((name) => !twice.some(([other]) => other === name)), []);
});

test("every export has a user in another file", () => {
  const used = new Set(
    modules.flatMap(({ imports }) =>
      imports.flatMap(({ target, names }) => names.map((name) => `${target} ${name}`))
    ),
  );
  const unused = modules.filter(({ path }) => path !== FACE && !used.has(`${path} *`)).flatMap((module) =>
    module.declared.filter((name) => !module.spoken.has(name) && !used.has(`${module.path} ${name}`))
      .map((name) => `${module.path} ${name}`)
  );
  assert.deepEqual(unused, []);
});

function modulesBelow(...roots: readonly string[]): Module[] {
  return roots.flatMap((root) =>
    root.endsWith(".ts")
      ? [root]
      : readdirSync(join(ROOT, root), { recursive: true, encoding: "utf8" }).filter((path) =>
        path.endsWith(".ts")
      )
        .map((path) => join(root, path))
  ).map((path) => readModule(path, readFileSync(join(ROOT, path), "utf8")));
}

function readModule(path: string, text: string): Module {
  const code = withoutComments(text);
  const targetOf = (written: string) => normalize(join(path, "..", written));
  const imports = [...code.matchAll(/^(?:import|export)\s[^;"]*?from\s*"(\.[^"]+)"/gm)].map((
    [clause, target],
  ) => ({
    target: targetOf(target!),
    names: namesIn(clause),
  }));
  for (const [, target] of code.matchAll(/import\(\s*"(\.[^"]+\.ts)"\s*\)/g)) {
    imports.push({ target: targetOf(target!), names: code.match(/\w+/g) ?? [] });
  }
  const declarations = [...code.matchAll(
    /^export (?:abstract |async )*(const|let|function\*?|class|interface|type) (\w+)/gm,
  )];
  const declared = [...new Set(declarations.map(([, , name]) => name!))];
  const types = declarations.filter(([, kind]) => kind === "interface" || kind === "type");
  const spoken = types.map(([, , name]) => name!).filter((name) =>
    code.split(new RegExp(`\\b${name}\\b`)).length > 2
  );
  return { path, imports, declared, spoken: new Set(spoken) };
}

/** The names that a clause takes from another file; `*` for all of them. */
function namesIn(clause: string): string[] {
  if (clause.includes("*")) return ["*"];
  const list = /\{([^}]*)\}/.exec(clause)?.[1] ?? "";
  return list.split(",").map((name) => name.trim().replace(/^type /, "").replace(/ as \w+$/, ""));
}

/** Every set of files that reach one another by imports, in one line. */
function circlesAmong(modules: readonly Module[]): string[] {
  const graph = new Map(modules.map(({ path, imports }) => [path, imports.map(({ target }) => target)]));
  const reached = new Map([...graph.keys()].map((path) => [path, reachedFrom(path, graph)]));
  const circles = [...reached].map(([path, others]) =>
    [...others].filter((other) => reached.get(other)?.has(path)).sort().join(" ")
  );
  return [...new Set(circles)].filter((circle) => circle !== "");
}

function reachedFrom(path: string, graph: ReadonlyMap<string, readonly string[]>): Set<string> {
  const reached = new Set<string>();
  const ahead = [...(graph.get(path) ?? [])];
  for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
    if (reached.has(next)) continue;
    reached.add(next);
    ahead.push(...(graph.get(next) ?? []));
  }
  return reached;
}

function folderOf(path: string): (typeof ORDER)[number] | undefined {
  return ORDER.find((folder) => path.startsWith(`${folder}/`));
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[^]*?\*\//g, "").replace(/\/\/.*$/gm, "");
}
