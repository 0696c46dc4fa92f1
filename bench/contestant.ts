import { programArgs, type Runtime } from "./runtime.ts";
import type { Mode } from "./scenarios.ts";

/** Where one proxy listens and forwards to. */
export interface Place {
  /** Its own folder; nothing is written outside it. */
  directory: string;
  port: number;
  originPort: number;
  /** For an admin listener, where the configuration has one. */
  adminPort: number;
  /** Connections that the load keeps open; pools hold at least twice as many. */
  connections: number;
}

/** One proxy in the race, and how to start it with a single worker, keep-alive on both sides; without logs if not said. */
export interface Contestant {
  /** What `--only` accepts. */
  name: string;
  title: string;
  /** `reverse` without it. */
  mode?: Mode;
  /** What to do when `executable` finds nothing. */
  remedy: string;
  executable(): string | undefined;
  /** Arguments that print the version. */
  versionArgs: readonly string[];
  config(place: Place): string;
  /** What `executable` runs, where that is a runtime. */
  program?: { runtime: Runtime; path: string };
  /** Arguments of the program. */
  args(configPath: string, place: Place): readonly string[];
  env?(place: Place): Record<string, string>;
  /** Kinds of failures that it has by design, as `LoadResult` calls them. */
  toleratedFailures?: readonly string[];
  /** Names of the scenarios that it takes part in; all of its mode without it. */
  scenarios?: readonly string[];
  /** Name of the forwarder that does the least on the same runtime. */
  floor?: string;
  /** Name of the same in another checkout. */
  before?: string;
  /** Connections that are opened to it, ask once and then say nothing. */
  idleConnections?: number;
}

/** All arguments of `executable`. */
export function commandArgs(contestant: Contestant, configPath: string, place: Place): string[] {
  const { program } = contestant;
  const first = program === undefined ? [] : programArgs(program.runtime, program.path);
  return [...first, ...contestant.args(configPath, place)];
}
