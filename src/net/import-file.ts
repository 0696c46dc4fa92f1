import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { COMPILED_FINDS_NO_PACKAGES, FILE_URLS_LOSE_QUERY } from "./gaps.ts";

const NO_PACKAGES =
  "; a compiled program finds none: bundle the module into one file, or run Sluice from source";

/** Contents that failed are remembered up to so many. */
const MAX_FAILED = 100;
/** How often each content failed: the runtime may keep a failure, while what the module wants has come since. */
const failed = new Map<string, number>();

/**
 * The default export of the module at the absolute `path`, as the file is now: the same content gives the same module, and
 * another one another. What the module imports itself is loaded once in a process. Rejects with what the runtime says, in
 * one line.
 */
export async function importFile(path: string): Promise<unknown> {
  const content = `${path}?${createHash("sha256").update(readFileSync(path)).digest("hex").slice(0, 16)}`;
  const failures = failed.get(content) ?? 0;
  const query = content.slice(path.length) + (failures === 0 ? "" : `.${failures}`);
  const file = FILE_URLS_LOSE_QUERY ? path : pathToFileURL(path).href;
  try {
    const module = await import(file + query) as { default?: unknown };
    return module.default;
  } catch (error) {
    if (failed.size >= MAX_FAILED) failed.clear();
    failed.set(content, failures + 1);
    const said = inOneLine(error).replaceAll(query, "");
    const lacksPackage = COMPILED_FINDS_NO_PACKAGES && said.includes("find package");
    throw new Error(lacksPackage ? said + NO_PACKAGES : said, { cause: error });
  }
}

/** What a runtime says of a module that it cannot load, without colours and further lines, and where it says so itself. */
function inOneLine(error: unknown): string {
  const [one = error] = (error as { errors?: readonly unknown[] }).errors ?? [];
  const { message, position } = one as Complaint;
  // deno-lint-ignore no-control-regex -- of colours
  const plain = (message ?? String(one)).replaceAll(/\x1b\[[\d;]*m/g, "");
  const [first = "", ...more] = plain.split("\n");
  const place = /\bat \S*?:(\d+:\d+)$/m.exec(more.join("\n"))?.[1] ??
    (position?.line === undefined ? undefined : `${position.line}:${position.column}`);
  return place === undefined ? first : `${first} (at ${place})`;
}

/** Of an error: Bun says apart where a module is wrong, Deno in further lines. */
interface Complaint {
  readonly message?: string;
  readonly position?: { readonly line?: number; readonly column?: number } | null;
}
