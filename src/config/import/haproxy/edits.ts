import type { DraftTable } from "../draft.ts";
import { toPattern } from "../pattern.ts";
import { fromLogFormat } from "./log-format.ts";
import type { Edit } from "../step.ts";

/** Fields that Sluice alone sets in requests. */
const RESERVED =
  /^(?:host|connection|content-length|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|cdn-loop|forwarded|via|x-forwarded-(?:for|host|proto)|x-real-ip|x-request-id)$/i;
const RESERVED_IN_ANSWERS =
  /^(?:connection|content-length|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|via)$/i;

/** What Sluice sends of itself, by name and value. */
const OWN: Readonly<Record<string, RegExp>> = {
  "x-forwarded-for": /^%\[src\]$|^%ci$/,
  "x-real-ip": /^%\[src\]$|^%ci$/,
  "x-forwarded-proto": /^http$/,
  "x-forwarded-host": /^%\[(?:req\.)?hdr\(host\)\]$/i,
  "x-forwarded-port": /^%\[dst_port\]$|^%fp$/,
  "x-request-id": /^%\[unique-id\]$|^%ID$/,
};

/**
 * What a line changes; `needless` where Sluice does so of itself; or why it is not converted, with what is done in its
 * place.
 */
export type ReadEdit = Edit | "needless" | { readonly why: string; readonly edit?: Edit };

/** Reads `http-request …` and `http-response …`, without these words and the condition. */
export function readEdit([action = "", ...args]: readonly string[], side: "request" | "response"): ReadEdit {
  if (/^(?:set|add|del)-header$/.test(action)) return headerEdit(action.slice(0, 3), args, side);
  if (side === "response") return { why: "Sluice has nothing like it" };
  const [first = "", second = ""] = args;
  if (action === "set-method" && /^[A-Z]+$/.test(first)) return (table) => void (table["method"] = first);
  if (action === "replace-path") return replacePath(first, second);
  if (action === "set-path") return setPath(first);
  return { why: "Sluice has nothing like it" };
}

function removal(name: string, key: string): Edit {
  return (table) => {
    const edits = editsOf(table, key);
    edits["remove"] = [...edits["remove"] as string[] ?? [], name];
  };
}

function headerEdit(
  kind: string,
  [name = "", ...words]: readonly string[],
  side: "request" | "response",
): ReadEdit {
  const value = words.join(" ");
  const key = `${side}_headers`;
  if (side === "request" && kind !== "del" && OWN[name.toLowerCase()]?.test(value) === true) {
    return "needless";
  }
  if ((side === "request" ? RESERVED : RESERVED_IN_ANSWERS).test(name)) {
    return { why: "Sluice alone says this" };
  }
  if (kind === "del") {
    if (words.length > 0) return { why: "headers are taken out by their whole name" };
    return removal(name, key);
  }
  const template = fromLogFormat(value);
  if (template === undefined) {
    const why = "its value holds what no template of Sluice can say";
    if (side !== "request" || kind !== "set") return { why };
    // What the client says of it would pass for what was set.
    return { why: `${why}; what clients send of it is taken out`, edit: removal(name, key) };
  }
  return (table) => {
    const edits = editsOf(table, key);
    const lines: DraftTable = { ...edits[kind] as DraftTable };
    const before = kind === "add" ? lines[name] as string | string[] | undefined : undefined;
    lines[name] = before === undefined
      ? template
      : [...(Array.isArray(before) ? before : [before]), template];
    edits[kind] = lines;
  };
}

/** A copy of what stands there, as other rules may have it as well. */
function editsOf(table: DraftTable, key: string): DraftTable {
  const edits: DraftTable = { ...table[key] as DraftTable };
  table[key] = edits;
  return edits;
}

/** HAProxy puts the replacement in place of the whole path, wherever in it the pattern was found. */
function replacePath(source: string, replacement: string): ReadEdit {
  const pattern = toPattern(source);
  const text = toReplacement(replacement);
  if (pattern === undefined || text === undefined) {
    return { why: "the pattern, or what stands in its place, is none of ours" };
  }
  const core = pattern.includes("|") ? `(?:${pattern})` : pattern;
  const whole = (core.startsWith("^") || core.startsWith("(.*)") ? "" : "^.*?") + core +
    (core.endsWith("$") || core.endsWith("(.*)") ? "" : ".*$");
  return changesPath({ rewrite_path: { pattern: whole, replacement: text } });
}

/** `\1` as `$1`. */
function toReplacement(text: string): string | undefined {
  const found = text.replaceAll("$", "$$$$").replace(/\\(\d)/g, "$$$1");
  return /[%\s#]/.test(found) || !/^[!-~]*$/.test(found) ? undefined : found;
}

function setPath(text: string): ReadEdit {
  const [, front, sample] = /^([^%\s]*)%\[path([^\]]*)\]$/.exec(text) ?? [];
  if (sample === "" && front !== undefined && /^\/[\w./-]+$/.test(front)) {
    return changesPath({ add_prefix: front.replace(/\/$/, "") });
  }
  const [, source, replacement = ""] = /^,regsub\(\^?"?(\^?[^,"]*?)"?,"?([^,")]*)"?\)$/.exec(sample ?? "") ??
    [];
  const pattern = source === undefined || front !== ""
    ? undefined
    : toPattern(source.startsWith("^") ? source : `^${source}`);
  if (pattern !== undefined && sample!.includes("^")) {
    return changesPath({ rewrite_path: { pattern, replacement: toReplacement(replacement) ?? "" } });
  }
  if (/^\/[!-"$&-~]*$/.test(text)) return changesPath({ replace_path: text });
  return { why: "the path is made of what no key of Sluice says" };
}

/** Two changes of the path one after the other have no key. */
function changesPath(keys: DraftTable): Edit {
  return (table) => {
    for (const key of ["rewrite_path", "replace_path"]) {
      if (key in keys) delete table[key === "rewrite_path" ? "replace_path" : "rewrite_path"];
    }
    Object.assign(table, keys);
  };
}
