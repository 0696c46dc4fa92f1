import { readCaddyLine } from "./caddy-line.ts";
import { readCombinedLine } from "./combined-line.ts";
import { readHaproxyLine } from "./haproxy-line.ts";
import type { ReadLine } from "./logged-request.ts";
import { readSluiceLine } from "./sluice-line.ts";

/** Formats of access logs that can be read, by the names that the command line has for them. */
export const LOG_FORMATS: Readonly<Record<string, ReadLine>> = {
  sluice: readSluiceLine,
  caddy: readCaddyLine,
  haproxy: readHaproxyLine,
  combined: readCombinedLine,
};

/** The format that most of `lines` are of, the first ones of a log; undefined where none of them can be read. */
export function formatOf(lines: readonly string[]): string | undefined {
  let found: string | undefined;
  let most = 0;
  for (const [name, read] of Object.entries(LOG_FORMATS)) {
    const readable = lines.filter((line) => read(line) !== "unreadable").length;
    if (readable > most) [found, most] = [name, readable];
  }
  return found;
}
