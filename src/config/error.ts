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

/** A config that cannot be used: all its problems, sorted by position. The message has one line for each. */
export class ConfigError extends Error {
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[], options?: ErrorOptions) {
    super(problems.map(formatProblem).join("\n"), options);
    this.name = "ConfigError";
    this.problems = problems;
  }
}

function formatProblem({ file, line, column, path, message }: ConfigProblem): string {
  const place = line === undefined ? file : `${file}:${line}:${column}`;
  return [place, ...(path === "" ? [] : [path]), message].join(": ");
}
