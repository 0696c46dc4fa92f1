import { readFileSync } from "node:fs";

const TAIL_LINES = 20;

/** The last 20 lines of the file at `path`, indented so that they stand out among our own. */
export function logTail(path: string): string {
  const text = readFileSync(path, "utf8").trimEnd() || "(nothing on stdout or stderr)";
  return text.split("\n").slice(-TAIL_LINES).map((line) => `   | ${line}`).join("\n");
}
