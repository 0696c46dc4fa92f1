/** What else belongs to a config than its file. */
export interface Included {
  /** Files, as they were found. */
  readonly files: readonly string[];
  /** Patterns that stand for files, of which there may come more. */
  readonly patterns: readonly string[];
}

/** One thing that is wrong with a config. */
export interface ConfigProblem {
  /** The file as it was named by the caller; `"config"` for data that came without one. */
  file: string;
  /** 1-based; absent where the data did not come from a text. */
  line?: number;
  /** 1-based, in UTF-16 code units as editors count them; absent together with `line`. */
  column?: number;
  /** Where in the data, such as `frontends[0].routes[1].backend`; empty for the file as a whole. */
  path: string;
  /** What is wrong; what would be accepted; a suggestion if there is one. */
  message: string;
}

/** Problems that a message shows. */
const MAX_SHOWN = 100;

/** A config that cannot be used: all its problems, sorted by position. The message has a line for each, up to 100. */
export class ConfigError extends Error {
  readonly problems: readonly ConfigProblem[];

  /** Other files that were looked at; a change of one of them may mend it. */
  readonly included: Included | undefined;

  constructor(problems: readonly ConfigProblem[], options?: ErrorOptions & { readonly included?: Included }) {
    const lines = problems.slice(0, MAX_SHOWN).map(formatProblem);
    if (problems.length > MAX_SHOWN) lines.push(`… and ${problems.length - MAX_SHOWN} more problems`);
    super(lines.join("\n"), options);
    this.name = "ConfigError";
    this.problems = problems;
    this.included = options?.included;
  }
}

/** A problem as a message has it: its place, its path, and what is wrong. */
export function formatProblem({ file, line, column, path, message }: ConfigProblem): string {
  const place = line === undefined ? file : `${file}:${line}:${column}`;
  return [place, ...(path === "" ? [] : [path]), message].join(": ");
}
