import { formatDuration } from "../base/units.ts";
import { type ActionConfig, CHANGE_KEYS, type ChangeKey } from "../config/sections/action.ts";
import type { HashSource } from "../config/sections/hash.ts";
import { toCamelCase } from "../config/sections/section.ts";
import { STAGE_KEYS } from "../config/sections/stages.ts";
import { formatTemplate } from "../config/values/template.ts";

/** Keys whose value says the most in the least. What others hold may be long, or a secret. */
const SHOWN: readonly ChangeKey[] = ["strip_prefix", "add_prefix", "replace_path", "method"];
/** Keys that are put in words, or that the answer has told of. */
const WORDED: readonly ChangeKey[] = ["forward_query", "mirror", "split_on"];

/** Where a rule or a route leads, and what is changed on the way: `app (strip_prefix /api)`. */
export function describeAction(action: ActionConfig): string {
  const changes = describeChanges(action);
  return describeAnswer(action) + (changes.length === 0 ? "" : ` (${changes.join(", ")})`);
}

function describeAnswer({ backend, split, splitOn, redirect, respond }: ActionConfig): string {
  if (redirect !== undefined) return `redirect ${redirect.status} to ${formatTemplate(redirect.to)}`;
  if (respond !== undefined) return `answer ${respond.status ?? 200}`;
  if (split === undefined) return backend ?? "nowhere";
  const shares = Object.entries(split).map(([name, weight]) => `${name} ${weight}`).join(", ");
  const key = splitOn === undefined ? "client" : splitOn === "random" ? splitOn : describeKey(splitOn);
  return `split by ${key}: ${shares}`;
}

/** A key as the config writes it: `header(x-user)`. */
export function describeKey({ subject, argument }: HashSource): string {
  return argument === "" ? subject : `${subject}(${argument})`;
}

function describeChanges(action: ActionConfig): string[] {
  const { forwardQuery, mirror } = action;
  const changes = forwardQuery ? [] : ["no query"];
  if (mirror !== undefined) changes.push(`mirror ${mirror.backend} ${describeShare(mirror.share)}`);
  for (const key of CHANGE_KEYS) {
    const value = action[toCamelCase(key)];
    if (value === undefined || WORDED.includes(key)) continue;
    if (SHOWN.includes(key)) changes.push(`${key} ${value}`);
    else changes.push(typeof value === "number" ? `${key} ${formatDuration(value)}` : key);
  }
  for (const key of STAGE_KEYS) {
    const value = action[toCamelCase(key)];
    if (value !== undefined) changes.push(value === false ? `no ${key}` : key);
  }
  return changes;
}

/** A part of a whole, in percent. */
export function describeShare(share: number): string {
  return `${Number((share * 100).toFixed(2))}%`;
}
