import { resolve } from "node:path";
import type { ReferenceProblem } from "../config/checks/action-references.ts";
import type { MiddlewareConfig, MiddlewareFunction } from "../config/sections/middleware.ts";
import type { Config } from "../config/schema.ts";
import type { Path } from "../config/text/positions.ts";
import { importFile } from "../net/import-file.ts";

/** Time that a module gets to be loaded, in ms. */
const LOAD_MS = 10_000;

/** A config whose middlewares are loaded, as far as they can be, and why others cannot. */
export interface LoadedMiddlewares {
  readonly config: Config;
  readonly problems: readonly ReferenceProblem[];
}

/** The modules that configs name under `middleware`. A file whose content is the same is the same module. */
export class MiddlewareModules {
  readonly #folder: string;
  /** Those that were loaded last, by path. */
  #loaded: ReadonlyMap<string, MiddlewareFunction> = new Map();

  /** Paths are relative to `folder`. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Files of the modules that `config` names. */
  filesOf(config: Config): readonly string[] {
    const files = new Set<string>();
    replaceEntries(config, (entries) => {
      for (const { name, run } of entries) if (run === undefined) files.add(this.#fileOf(name));
      return entries;
    });
    return [...files];
  }

  /** Loads all that `config` names. */
  async load(config: Config): Promise<LoadedMiddlewares> {
    const loaded = new Map<string, MiddlewareFunction>();
    const refused = new Map<string, string>();
    await Promise.all(
      this.filesOf(config).map(async (file) => {
        try {
          loaded.set(file, await within(LOAD_MS, loadFile(file)));
        } catch (error) {
          refused.set(file, (error as Error).message);
        }
      }),
    );
    const problems: ReferenceProblem[] = [];
    const complete = this.#fill(config, loaded, (path, name) => {
      const why = refused.get(this.#fileOf(name));
      if (why !== undefined) problems.push({ path, message: `is ${JSON.stringify(name)}, ${why}` });
    });
    if (problems.length === 0) this.#loaded = loaded;
    return { config: complete, problems };
  }

  /** `config` at once: its middlewares load meanwhile, and requests wait for that. `problems` never rejects. */
  loadLate(
    config: Config,
  ): { readonly config: Config; readonly problems: Promise<readonly ReferenceProblem[]> } {
    if (this.filesOf(config).length === 0) return { config, problems: Promise.resolve([]) };
    const problems = this.load(config).then(({ problems }) => problems);
    const late = (file: string): MiddlewareFunction => async (...args) => {
      const [problem] = await problems;
      if (problem !== undefined) throw new Error(`The module ${problem.message}`);
      return await this.#loaded.get(file)!(...args);
    };
    const complete = replaceEntries(
      config,
      (entries) => entries.map((entry) => ({ ...entry, run: entry.run ?? late(this.#fileOf(entry.name)) })),
    );
    return { config: complete, problems };
  }

  /** `config` with what was loaded for the one before, for who only wants to know what it would change. */
  fillIn(config: Config): Config {
    return this.#fill(config, this.#loaded, () => {});
  }

  #fill(
    config: Config,
    loaded: ReadonlyMap<string, MiddlewareFunction>,
    onMissing: (path: Path, name: string) => void,
  ): Config {
    return replaceEntries(config, (entries, path) =>
      entries.map((entry, i) => {
        if (entry.run !== undefined) return entry;
        const run = loaded.get(this.#fileOf(entry.name));
        if (run === undefined) onMissing([...path, i], entry.name);
        return { ...entry, run };
      }));
  }

  #fileOf(name: string): string {
    return resolve(this.#folder, name);
  }
}

/** Every list of middlewares in `config` replaced by what `change` makes of it; the same config where there are none. */
function replaceEntries(
  config: Config,
  change: (entries: MiddlewareConfig, path: Path) => MiddlewareConfig,
): Config {
  const changed = <T extends { readonly middleware?: MiddlewareConfig | false }>(owner: T, path: Path): T =>
    owner.middleware === undefined || owner.middleware === false
      ? owner
      : { ...owner, middleware: change(owner.middleware, [...path, "middleware"]) };
  const frontends = mapChanged(config.frontends, (frontend, i) => {
    const path = ["frontends", i];
    const own = changed(frontend, path);
    const rules = mapChanged(own.rules, (rule, j) => changed(rule, [...path, "rules", j]));
    const routes = mapChanged(own.routes, (route, j) => changed(route, [...path, "routes", j]));
    return rules === own.rules && routes === own.routes ? own : { ...own, rules, routes };
  });
  return frontends === config.frontends ? config : { ...config, frontends };
}

/** What `map` makes of each item; the same list where each stays. */
function mapChanged<T>(items: readonly T[], map: (item: T, index: number) => T): readonly T[] {
  const mapped = items.map(map);
  return mapped.some((item, i) => item !== items[i]) ? mapped : items;
}

async function loadFile(file: string): Promise<MiddlewareFunction> {
  let found;
  try {
    found = await importFile(file);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Error(
      code === "ENOENT" ? "which is not there" : `which cannot be loaded: ${code ?? message}`,
      { cause: error },
    );
  }
  if (typeof found === "function") return found as MiddlewareFunction;
  const what = found === undefined ? "which has no default export" : "whose default export is no function";
  throw new Error(`${what}; accepted: a module that exports a middleware of Hono by default`);
}

async function within<T>(ms: number, task: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`which did not load within ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([task, tooLong]);
  } finally {
    clearTimeout(timer);
  }
}
