import { ConfigError } from "../../problems/error.ts";
import type { Draft, Origin } from "../draft.ts";
import { folderOf, type ForeignFiles, type ForeignText } from "../foreign-files.ts";
import { type CaddyToken, caddyTokens } from "./tokens.ts";

/** A line of a Caddyfile: its words, and what stands in its braces where it has some. */
export interface CaddyDirective {
  readonly name: string;
  readonly args: readonly string[];
  readonly block?: readonly CaddyDirective[];
  readonly origin: Origin;
}

/** A site: its addresses, and what is done with its requests. */
export interface CaddySite {
  readonly addresses: readonly string[];
  readonly directives: readonly CaddyDirective[];
  readonly origin: Origin;
}

/** A whole Caddyfile. */
export interface Caddyfile {
  readonly options: readonly CaddyDirective[];
  readonly sites: readonly CaddySite[];
}

/** Blocks and imports inside each other, and lines that snippets may make of a few. */
const MAX_DEPTH = 40;
const MAX_LINES = 100_000;

/** Parses a Caddyfile with what it imports. */
export class CaddyParser {
  readonly #files: ForeignFiles;
  readonly #draft: Draft;
  readonly #snippets = new Map<string, readonly CaddyDirective[]>();
  #lines = 0;

  /** Files that are missing are noted in `draft`. */
  constructor(files: ForeignFiles, draft: Draft) {
    this.#files = files;
    this.#draft = draft;
  }

  /** Throws a `ConfigError` for the first thing that Caddy would not read. */
  parse(source: ForeignText): Caddyfile {
    const lines = this.#readLines(source, 0);
    const [first] = lines;
    const options = first?.name === "" && first.block !== undefined ? first.block : [];
    return {
      options,
      sites: this.#sitesOf(options.length > 0 || first?.name === "" ? lines.slice(1) : lines, source),
    };
  }

  #sitesOf(lines: readonly CaddyDirective[], source: ForeignText): CaddySite[] {
    const [first] = lines;
    if (
      first !== undefined && !lines.some(({ block, name }) => block !== undefined && looksLikeAddress(name))
    ) {
      // One site may stand without braces: its addresses, then its directives.
      if (looksLikeAddress(first.name)) {
        return [{ addresses: addressesOf(first), directives: lines.slice(1), origin: first.origin }];
      }
    }
    return lines.map((line) => {
      if (line.block === undefined) {
        throw source.error(
          0,
          `${
            JSON.stringify(line.name)
          } of line ${line.origin.line} stands in no site; accepted: address { … }`,
        );
      }
      return { addresses: addressesOf(line), directives: line.block, origin: line.origin };
    });
  }

  /** The lines of a file, with snippets taken out and imports put in. */
  #readLines(source: ForeignText, depth: number): CaddyDirective[] {
    const reader = new LineReader(source);
    const lines = reader.all();
    for (const { name, block, origin } of lines) {
      const [, snippet] = /^\(([^)]+)\)$/.exec(name) ?? [];
      if (snippet !== undefined) this.#snippets.set(snippet, block ?? []);
      if (name.startsWith("&(")) this.#draft.lose(origin, "routes with names are of Caddy alone");
    }
    return this.#resolve(lines.filter(({ name }) => !/^&?\([^)]+\)$/.test(name)), depth);
  }

  #resolve(lines: readonly CaddyDirective[], depth: number): CaddyDirective[] {
    return lines.flatMap((line) => {
      this.#files.checkDepth(Math.max(0, depth), line.origin);
      if (this.#lines++ > MAX_LINES) throw tooMany(line);
      if (line.name === "import") return this.#import(line, depth + 1);
      return [line.block === undefined ? line : { ...line, block: this.#resolve(line.block, depth) }];
    });
  }

  #import({ args: [pattern = "", ...values], origin }: CaddyDirective, depth: number): CaddyDirective[] {
    const snippet = this.#snippets.get(pattern);
    if (snippet !== undefined) return this.#resolve(withArguments(snippet, values), depth);
    const paths = this.#files.expand(pattern, folderOf(origin.file));
    return paths.flatMap((path) => {
      try {
        return withArguments(this.#readLines(this.#files.read(path, origin), depth), values);
      } catch (error) {
        if (!/ is not there$/.test((error as Error).message)) throw error;
        this.#draft.lose(origin, "there is no such snippet or file");
        return [];
      }
    });
  }
}

function tooMany({ origin: { file, line, column } }: CaddyDirective): ConfigError {
  return new ConfigError([{
    file,
    line,
    column,
    path: "",
    message: `imports make more than ${MAX_LINES} lines`,
  }]);
}

/** Lines whose `{args[0]}` and `{args.0}` are `values`. */
function withArguments(lines: readonly CaddyDirective[], values: readonly string[]): CaddyDirective[] {
  const put = (text: string) =>
    text.replace(
      /\{args(?:\[(\d+)\]|\.(\d+))\}/g,
      (found, a?: string, b?: string) => values[Number(a ?? b)] ?? found,
    );
  const fill = (text: string) => text === "{args[:]}" ? [...values] : [put(text)];
  return lines.map(({ name, args, block, origin }) => ({
    name: put(name),
    args: args.flatMap(fill),
    origin,
    ...(block !== undefined && { block: withArguments(block, values) }),
  }));
}

function addressesOf({ name, args }: CaddyDirective): string[] {
  return [name, ...args].flatMap((word) => word.split(",")).filter((word) => word !== "");
}

/** Whether a word is an address and no directive. */
function looksLikeAddress(word: string): boolean {
  return /[.:*/$]|^localhost$/.test(word);
}

/** Makes lines and blocks of the words of one file. */
class LineReader {
  readonly #source: ForeignText;
  readonly #tokens: readonly CaddyToken[];
  #at = 0;

  constructor(source: ForeignText) {
    this.#source = source;
    this.#tokens = caddyTokens(source);
  }

  all(): CaddyDirective[] {
    const lines = this.#block(undefined, 0);
    const rest = this.#tokens[this.#at];
    if (rest !== undefined) throw this.#source.error(rest.start, 'unexpected "}", which closes nothing');
    return lines;
  }

  #block(opened: CaddyToken | undefined, depth: number): CaddyDirective[] {
    if (depth > MAX_DEPTH) throw this.#source.error(opened!.start, `blocks in more than ${MAX_DEPTH} levels`);
    const lines: CaddyDirective[] = [];
    while (true) {
      const token = this.#tokens[this.#at];
      if (token === undefined) {
        if (opened !== undefined) throw this.#source.error(opened.start, '"{" that is never closed');
        return lines;
      }
      if (isBrace(token, "}")) {
        if (opened !== undefined) this.#at++;
        return lines;
      }
      lines.push(this.#line(token, depth));
    }
  }

  /** One line, and its block. After a comma, addresses go on on the next line. */
  #line(start: CaddyToken, depth: number): CaddyDirective {
    const words: CaddyToken[] = [];
    for (let token = this.#tokens[this.#at]; token !== undefined; token = this.#tokens[this.#at]) {
      const goesOn = depth === 0 && words.at(-1)?.text.endsWith(",") === true;
      if (words.length > 0 && token.first && !goesOn) break;
      if (isBrace(token, "{")) {
        this.#at++;
        const origin = this.#source.origin(start.start, token.end);
        const [name = "", ...args] = words.map(({ text }) => text);
        const next = this.#tokens[this.#at];
        if (next !== undefined && !next.first) {
          throw this.#source.error(next.start, 'unexpected word behind "{"; accepted: a line of its own');
        }
        return { name, args, origin, block: this.#block(token, depth + 1) };
      }
      if (isBrace(token, "}")) {
        throw this.#source.error(token.start, 'unexpected "}"; accepted: a line of its own');
      }
      words.push(token);
      this.#at++;
    }
    const [name = "", ...args] = words.map(({ text }) => text);
    return { name, args, origin: this.#source.origin(start.start, words.at(-1)!.end) };
  }
}

function isBrace({ text, quoted }: CaddyToken, brace: string): boolean {
  return !quoted && text === brace;
}
