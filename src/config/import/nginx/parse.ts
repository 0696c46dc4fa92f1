import type { Draft, Origin } from "../draft.ts";
import { folderOf, type ForeignFiles, type ForeignText } from "../foreign-files.ts";
import { type NginxToken, nginxTokens } from "./tokens.ts";

/** A directive of nginx: its words, and what stands in its braces where it has some. */
export interface Directive {
  readonly name: string;
  readonly args: readonly string[];
  readonly block?: readonly Directive[];
  readonly origin: Origin;
}

/** Files that need not be here: tables of nginx's own, of which nothing is converted. */
const OWN_FILES =
  /(?:^|\/)(?:mime\.types|(?:fastcgi|uwsgi|scgi|proxy)_params|fastcgi\.conf|koi-\w+|win-utf)$/;

/** Blocks inside each other. */
const MAX_DEPTH = 50;

/** What parses an nginx config with the files that it includes; those that are missing are noted in `draft`. */
export class NginxParser {
  readonly #files: ForeignFiles;
  readonly #folder: string;
  readonly #draft: Draft;

  /** Relative paths of includes begin in the folder of the main file. */
  constructor(files: ForeignFiles, main: string, draft: Draft) {
    this.#files = files;
    this.#folder = folderOf(main);
    this.#draft = draft;
  }

  /** The directives of a file. Throws a `ConfigError` for the first thing that nginx would not read. */
  parse(source: ForeignText, includes = 0): Directive[] {
    return new Blocks(source, (origin, pattern) => this.#include(origin, pattern, includes + 1)).all();
  }

  #include(origin: Origin, pattern: string, depth: number): Directive[] {
    this.#files.checkDepth(depth, origin);
    return this.#files.expand(pattern, this.#folder).flatMap((path) => {
      try {
        return this.parse(this.#files.read(path, origin), depth);
      } catch (error) {
        if (!/ is not there$/.test((error as Error).message)) throw error;
        if (!OWN_FILES.test(pattern)) this.#draft.lose(origin, "the file is not there");
        return [];
      }
    });
  }
}

/** Makes directives of the tokens of one file. */
class Blocks {
  readonly #source: ForeignText;
  readonly #tokens: Iterator<NginxToken>;
  readonly #include: (origin: Origin, pattern: string) => Directive[];

  constructor(source: ForeignText, include: (origin: Origin, pattern: string) => Directive[]) {
    this.#source = source;
    this.#tokens = nginxTokens(source);
    this.#include = include;
  }

  all(): Directive[] {
    return this.#block(undefined, 0);
  }

  /** Up to the brace that ends the block which `opened` begins, or to the end of the file. */
  #block(opened: NginxToken | undefined, depth: number): Directive[] {
    if (depth > MAX_DEPTH) throw this.#source.error(opened!.start, `blocks in more than ${MAX_DEPTH} levels`);
    const found: Directive[] = [];
    let words: NginxToken[] = [];
    for (let next = this.#tokens.next(); next.done !== true; next = this.#tokens.next()) {
      const token = next.value;
      if (token.kind === "word") {
        words.push(token);
        continue;
      }
      if (token.kind === "}") {
        if (words.length > 0) throw this.#source.error(token.start, 'unexpected "}"; accepted: ";" or "{"');
        if (opened === undefined) {
          throw this.#source.error(token.start, 'unexpected "}", which closes nothing');
        }
        return found;
      }
      if (words.length === 0) {
        throw this.#source.error(token.start, `unexpected ${JSON.stringify(token.kind)}`);
      }
      found.push(...this.#directive(words, token, depth));
      words = [];
    }
    const rest = words[0] ?? opened;
    if (rest === undefined) return found;
    const wanted = words.length > 0 ? 'the file ends without ";"' : '"{" that is never closed';
    throw this.#source.error(rest.start, wanted);
  }

  #directive(words: readonly NginxToken[], end: NginxToken, depth: number): Directive[] {
    const [name = "", ...args] = words.map(({ text }) => text);
    const origin = this.#source.origin(words[0]!.start, end.end);
    if (end.kind === "{") return [{ name, args, origin, block: this.#block(end, depth + 1) }];
    if (name !== "include") return [{ name, args, origin }];
    if (args.length !== 1) throw this.#source.error(words[0]!.start, "include takes one path");
    return this.#include(origin, args[0]!);
  }
}
