import { formatDuration } from "../base/units.ts";
import type { ActionConfig } from "../config/sections/action.ts";
import type { HashSource } from "../config/sections/hash.ts";
import { formatTemplate } from "../config/values/template.ts";

/** Keys that say who answers, or which requests are meant; all others change a request or an answer. */
const NO_CHANGES = [
  "if",
  "host",
  "pathPrefix",
  "prefixMatch",
  "backend",
  "split",
  "splitOn",
  "redirect",
  "respond",
  "forwardQuery",
];

/** Those whose value says the most in the least. What others hold may be long, or a secret. */
const SHOWN = ["stripPrefix", "addPrefix", "replacePath", "method"];

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

function describeChanges({ forwardQuery, mirror, ...action }: ActionConfig): string[] {
  const changes = forwardQuery ? [] : ["no query"];
  if (mirror !== undefined) changes.push(`mirror ${mirror.backend} ${describeShare(mirror.share)}`);
  for (const [key, value] of Object.entries(action)) {
    if (NO_CHANGES.includes(key) || value === undefined) continue;
    const name = key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    if (SHOWN.includes(key)) changes.push(`${name} ${value}`);
    else changes.push(typeof value === "number" ? `${name} ${formatDuration(value)}` : name);
  }
  return changes;
}

/** A part of a whole, in percent. */
export function describeShare(share: number): string {
  return `${Number((share * 100).toFixed(2))}%`;
}
