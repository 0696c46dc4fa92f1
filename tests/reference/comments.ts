import { readFileSync } from "node:fs";
import { join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const CONFIG = fileURLToPath(new URL("../../src/config/", import.meta.url));

/** What a doc comment says of a key or a section. */
export interface Comment {
  readonly text: string;
  /** The value of its tag `@since`. */
  readonly since?: string | undefined;
  /** The value of its tag `@example`, as TOML. */
  readonly example?: string | undefined;
}

/** A piece of source that says what keys there are: a declaration, or the value of a key. */
export interface Source {
  readonly file: string;
  readonly lines: readonly string[];
  readonly comment: Comment | undefined;
}

interface SourceFile {
  readonly declarations: ReadonlyMap<string, Source>;
  /** Path of the file that a name comes from. */
  readonly imports: ReadonlyMap<string, string>;
}

interface Entries {
  readonly keys: ReadonlyMap<string, Source>;
  /** What is not a part of a key. */
  readonly rest: readonly string[];
}

/** Files whose functions are about values of many keys. */
const HELPERS = /\/(?:value-types|written)\.ts$/;

const files = new Map<string, SourceFile>();

/** The declaration `name` in a file of `config/`. */
export function declarationOf(file: string, name: string): Source {
  const found = readSource(join(CONFIG, file)).declarations.get(name);
  if (found === undefined) throw new Error(`${file} does not declare ${name}`);
  return found;
}

/**
 * Where `key` is described, in the table that `source` makes: in itself, or in what it names, such as the section of another
 * file or what is spread into it. The sources are formatted, so that indentation tells what belongs to what.
 */
export function sourceOfKey(source: Source, key: string): Source | undefined {
  const found = [...sourcesOfKey(source, key, new Set())];
  return found.find(({ comment }) => comment !== undefined) ?? found[0];
}

function* sourcesOfKey(source: Source, key: string, seen: Set<Source>): Generator<Source> {
  if (seen.has(source)) return;
  seen.add(source);
  const { keys, rest } = entriesOf(source);
  const own = keys.get(key);
  if (own !== undefined) return yield own;
  for (const named of namedIn(source.file, rest)) yield* sourcesOfKey(named, key, seen);
}

/** What is said of a key: above it, or else above the section or value that it has. */
export function commentOf(source: Source): Comment | undefined {
  if (source.comment !== undefined) return source.comment;
  const named = namedIn(source.file, source.lines.slice(0, 1)).filter(({ file }) => !HELPERS.test(file));
  return named[0]?.comment;
}

function readSource(path: string): SourceFile {
  const known = files.get(path);
  if (known !== undefined) return known;
  const text = readFileSync(path, "utf8");
  const imports = new Map<string, string>();
  for (const [, names, from] of text.matchAll(/^import (?:type )?\{([^}]*)\} from "(\.[^"]+)";$/gm)) {
    for (const name of names!.split(",")) {
      imports.set(name.replace("type ", "").trim(), normalize(join(path, "..", from!)));
    }
  }
  const declarations = new Map<string, Source>();
  const lines = text.split("\n");
  lines.forEach((line, i) => {
    const [, name] = /^(?:export )?(?:const|function) (\w+)/.exec(line) ?? [];
    if (name === undefined) return;
    let end = i + 1;
    while (end < lines.length && /^(?:[\s})\]]|$)/.test(lines[end]!)) end++;
    declarations.set(name, { file: path, lines: lines.slice(i, end), comment: commentAbove(lines, i) });
  });
  const file = { declarations, imports };
  files.set(path, file);
  return file;
}

/** The keys of the outermost table in `source`. */
function entriesOf({ file, lines }: Source): Entries {
  const isKey = (line: string) => /^ +(?:\w+|"\$?\w+"): ?|^ +\w+,$/.test(line);
  // An argument of a call looks like a key whose value has its name, so those do not count here.
  const indents = lines.slice(1).filter((line) => isKey(line) && line.includes(":")).map(indentOf);
  const indent = Math.min(...indents);
  const keys = new Map<string, Source>();
  const rest: string[] = [];
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    if (i === 0 || indentOf(line) !== indent || !isKey(line)) {
      if (i === 0 || indentOf(line) <= indent) rest.push(line);
      continue;
    }
    const [, key = ""] = /^ +"?(\$?\w+)/.exec(line) ?? [];
    let end = i + 1;
    while (end < lines.length && (indentOf(lines[end]!) > indent || /^ +[})\]]/.test(lines[end]!))) {
      if (indentOf(lines[end]!) < indent) break;
      end++;
    }
    const value = [line.replace(/^ +"?\$?\w+"?:/, ""), ...lines.slice(i + 1, end)];
    if (!keys.has(key)) keys.set(key, { file, lines: value, comment: commentAbove(lines, i) });
    i = end - 1;
  }
  return { keys, rest };
}

function indentOf(line: string): number {
  return line.search(/\S|$/);
}

/** Declarations that the code in `lines` names, in their order. */
function namedIn(path: string, lines: readonly string[]): Source[] {
  const { declarations, imports } = readSource(path);
  const code = lines.join("\n").replace(/\/\*[^]*?\*\/|\/\/.*$/gm, "").replace(/"[^"\n]*"|`[^`]*`/g, '""')
    .replace(/^(?:export )?(?:const|function) \w+/, "");
  return [...code.matchAll(/(?<!\w|[^.]\.)(?!\d)\w+/g)].flatMap(([name]) => {
    const from = imports.get(name);
    const file = from === undefined ? undefined : readSource(from);
    return (file?.declarations ?? declarations).get(name) ?? [];
  });
}

function commentAbove(lines: readonly string[], line: number): Comment | undefined {
  if (!/\*\/$/.test(lines[line - 1] ?? "")) return undefined;
  let start = line - 1;
  while (!/^ *\/\*\*/.test(lines[start]!)) start--;
  const plain = lines.slice(start, line).map((text) => text.replace(/^ *(?:\/\*\*|\*(?!\/)) ?| ?\*\/$/g, ""));
  const [text = "", ...tags] = plain.join("\n").split(/(?<![^\s])@(?=since |example )/);
  const tag = (name: string) =>
    tags.find((tag) => tag.startsWith(`${name} `))?.slice(name.length).trim().replaceAll("\n", " ");
  const words = text.trim().replaceAll(/\s*\n\s*/g, " ");
  return { text: words, since: tag("since"), example: tag("example") };
}
