import { parseConfig } from "../load.ts";
import { ConfigError, type ConfigProblem } from "../problems/error.ts";
import type { Draft, DraftTable, DraftValue } from "./draft.ts";
import { isDraftTable } from "./draft.ts";

/** Each round finds what the one before uncovered: a backend without servers, then the rules that lead to it. */
const MAX_ROUNDS = 20;

/** Which requests a rule or a route takes. */
const MATCH_KEYS = ["if", "host", "path_prefix", "prefix_match"];

/**
 * Takes out of a draft what `check` would refuse, so that what is printed is valid: a foreign config may hold values that
 * are none of ours, or none at all. Each leaves a comment at its place. A rule that cannot do what it should answers 501,
 * so that its requests go nowhere else.
 */
export function settle(draft: Draft): Draft {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    if (listOf(draft.data, "frontends").length === 0) {
      delete draft.data["frontends"];
      draft.drop("frontends", "nothing that is converted listens anywhere", draft.data);
      break;
    }
    const problems = problemsIn(draft.data);
    if (problems.length === 0) break;
    // From the end, as what is taken out of a list moves what comes after it.
    for (const problem of problems.reverse()) takeOut(draft, readPath(problem.path), problem.message);
  }
  return draft;
}

function problemsIn(data: DraftTable): ConfigProblem[] {
  try {
    parseConfig(JSON.stringify(data), { file: "convert.json", format: "json" });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    // Variables are there where the config runs, if not here. Of several problems of one thing the first will do.
    const seen = new Set<string>();
    return error.problems.filter(({ path, message }) => {
      const thing = readPath(path).slice(0, 4).join("\0");
      if (message.startsWith("needs the environment variable") || seen.has(thing)) return false;
      seen.add(thing);
      return true;
    });
  }
}

/** `frontends[0].rules[1].if` as its parts. */
function readPath(path: string): (string | number)[] {
  const parts = path.matchAll(/\[(\d+)\]|(?:^|\.)(?:([\w-]+)|("(?:\\.|[^"\\])*"))/g);
  return [...parts].map(([, index, name, quoted]) =>
    index !== undefined ? Number(index) : name ?? JSON.parse(quoted!)
  );
}

function takeOut(draft: Draft, path: readonly (string | number)[], why: string): void {
  const [top, name, key, index] = path;
  const holder = draft.data[String(top)];
  if (top === "frontends" && Array.isArray(holder) && typeof name === "number") {
    const frontend = holder[name] as DraftTable | undefined;
    if (frontend !== undefined) takeOutOfFrontend(draft, frontend, { path, why });
  } else if (top === "backends" && holder !== undefined && isDraftTable(holder as DraftValue)) {
    const backends = holder as DraftTable;
    const backend = backends[String(name)] as DraftTable | undefined;
    if (backend === undefined) return;
    if (key === "servers" && typeof index === "number" && listOf(backend, "servers").length > 1) {
      removeItem(draft, backend, { key, index, why });
    } else if (key === undefined || key === "servers") remove(draft, backends, { key: String(name), why });
    else remove(draft, backend, { key: String(key), why });
  } else if (top !== undefined) remove(draft, draft.data, { key: String(top), why });
}

function takeOutOfFrontend(
  draft: Draft,
  frontend: DraftTable,
  { path: [, position, key, index, part], why }: { path: readonly (string | number)[]; why: string },
): void {
  if ((key === "rules" || key === "routes") && typeof index === "number") {
    const action = listOf(frontend, key)[index] as DraftTable | undefined;
    if (action === undefined) return;
    const isMatch = part === undefined ? /same as/.test(why) : MATCH_KEYS.includes(String(part));
    if (isMatch || isMissing(action)) removeItem(draft, frontend, { key, index, why });
    else makeMissing(draft, action, { key: String(part ?? "this"), why });
  } else if (key === "bind" && typeof index === "number" && listOf(frontend, key).length > 1) {
    removeItem(draft, frontend, { key, index, why });
  } else if (key === "bind") {
    const others = listOf(draft.data, "frontends").filter((_, i) => i !== position);
    draft.drop(`bind = ${JSON.stringify(frontend["bind"])}`, why, draft.data);
    draft.data["frontends"] = others;
  } else if (key === undefined || key === "default_backend") {
    if (key !== undefined) remove(draft, frontend, { key, why });
    const rest = {};
    makeMissing(draft, rest, { key: "everything else", why });
    frontend["routes"] = [...listOf(frontend, "routes"), rest];
  } else remove(draft, frontend, { key: String(key), why });
}

/** Leaves which requests a rule takes, and has them answered that what was meant is missing. */
function makeMissing(draft: Draft, action: DraftTable, { key, why }: { key: string; why: string }): void {
  const written = key in action ? `${key} = ${JSON.stringify(action[key])}` : key;
  for (const other of Object.keys(action)) if (!MATCH_KEYS.includes(other)) delete action[other];
  action["respond"] = { status: 501, body: "Not converted" };
  draft.drop(written, why, action, "respond");
}

function isMissing({ respond }: DraftTable): boolean {
  return JSON.stringify(respond) === '{"status":501,"body":"Not converted"}';
}

function remove(draft: Draft, table: DraftTable, { key, why }: { key: string; why: string }): void {
  draft.drop(`${key} = ${JSON.stringify(table[key])}`, why, table);
  delete table[key];
}

function removeItem(
  draft: Draft,
  table: DraftTable,
  { key, index, why }: { key: string; index: number; why: string },
): void {
  const list = listOf(table, key);
  draft.drop(JSON.stringify(list[index]), why, table, key);
  table[key] = list.filter((_, i) => i !== index);
}

function listOf(table: DraftTable, key: string): readonly DraftValue[] {
  const list = table[key];
  return Array.isArray(list) ? list : [];
}
