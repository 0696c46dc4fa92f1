import type { Draft, Note } from "./draft.ts";

/** What is said of a conversion: what is not converted, what means something else now, and what differs unsaid. */
export function conversionReport(draft: Draft): string {
  const of = (kind: Note["kind"]) => draft.notes.filter((note) => note.kind === kind);
  return [
    section("Not converted", of("lost").map(placed)),
    section("Changed in meaning", of("changed").map(placed)),
    section("Differs where neither file says anything", of("differs").map(({ message }) => message)),
  ].filter((text) => text !== "").join("\n");
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? "" : `${title}:\n${lines.map((line) => `  ${line}\n`).join("")}`;
}

function placed({ origin, message }: Note): string {
  return origin === undefined
    ? message
    : `${origin.file}:${origin.line}:${origin.column}: ${origin.text}: ${message}`;
}
