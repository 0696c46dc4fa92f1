import type { HaproxySection, Line } from "./parse.ts";

/** A frontend, a backend, or a listen, with the defaults that it inherits. */
export class ProxySection {
  readonly name: string;
  readonly kind: string;
  readonly section: HaproxySection;
  readonly #inherited: readonly Line[];

  constructor(section: HaproxySection, inherited: readonly Line[]) {
    this.name = section.name;
    this.kind = section.kind;
    this.section = section;
    this.#inherited = inherited;
  }

  /** The last line that begins with these words, its own before what it inherits. */
  find(...words: readonly string[]): Line | undefined {
    return this.all(...words).at(-1);
  }

  /** Its own lines that begin with these words, or those of its defaults where it has none. */
  all(...words: readonly string[]): readonly Line[] {
    const begins = (line: Line) => words.every((word, i) => line.words[i] === word);
    const own = this.section.lines.filter(begins);
    return own.length > 0 ? own : this.#inherited.filter(begins);
  }

  /** Whether `option name` holds. */
  hasOption(name: string): boolean {
    const isIt = ({ words }: Line) =>
      (words[0] === "no" ? words[2] : words[1]) === name && words.includes("option");
    const last = [...this.#inherited, ...this.section.lines].filter(isIt).at(-1);
    return last !== undefined && last.words[0] !== "no";
  }

  /** What comes after `timeout name`. */
  timeout(name: string): string | undefined {
    return this.find("timeout", name)?.words[2];
  }

  /** Whether it speaks HTTP; HAProxy's default is TCP. */
  get isHttp(): boolean {
    return this.find("mode")?.words[1] === "http";
  }
}

/** The proxies of a config, each with the defaults before it or those that it names. */
export function readProxies(sections: readonly HaproxySection[]): ProxySection[] {
  const named = new Map<string, readonly Line[]>();
  let latest: readonly Line[] = [];
  const proxies: ProxySection[] = [];
  for (const section of sections) {
    const inherited = section.from === undefined ? undefined : named.get(section.from) ?? [];
    if (section.kind === "defaults") {
      latest = [...inherited ?? [], ...section.lines];
      named.set(section.name, latest);
    } else if (["frontend", "backend", "listen"].includes(section.kind)) {
      proxies.push(new ProxySection(section, inherited ?? latest));
    }
  }
  return proxies;
}
