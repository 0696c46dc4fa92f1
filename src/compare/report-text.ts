import type { ComparisonReport } from "./comparison.ts";
import type { DifferenceKind } from "./difference.ts";

const WORDS: Readonly<Record<DifferenceKind, string>> = {
  elsewhere: "sent elsewhere",
  refused: "refused",
  served: "not refused any more",
  redirected: "redirected otherwise",
  answered: "answered otherwise",
  shaped: "sent in another form",
  settings: "sent with other settings",
};

/** What a comparison found, for people to read. */
export function reportText(report: ComparisonReport): string {
  const { requests, same, different, changes, ungrouped, not_compared: left, notes } = report;
  const out = [
    different === 0
      ? `${counted(requests)}: no difference found`
      : `${counted(requests)}: ${number(different)} would be treated otherwise`,
    `  the same: ${number(same)}`,
    ...left.map(({ why, count }) => `  not compared: ${number(count)}, ${why}`),
  ];
  for (const { what, before, after, differs, count, examples } of changes) {
    out.push("", `${number(count)} ${WORDS[what]}${differs === undefined ? "" : `: ${differs.join(", ")}`}`);
    out.push(before === after ? `  ${after}` : `  ${before}  ->  ${after}`);
    out.push(...examples.map((example) => `    ${printableText(example)}`));
  }
  if (ungrouped > 0) out.push("", `${number(ungrouped)} more, of other kinds`);
  if (left.length > 0 && report.goes_to.length > 0) {
    out.push("", "where they go", ...report.goes_to.map(({ to, count }) => `  ${number(count)}  ${to}`));
  }
  if (notes.length > 0) out.push("", ...notes.map((note) => `note: ${note}`));
  return out.join("\n") + "\n";
}

function counted(requests: number): string {
  return `${number(requests)} request${requests === 1 ? "" : "s"}`;
}

/** In groups of three digits. */
function number(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** What a terminal may obey is escaped: clients wrote it. */
function printableText(text: string): string {
  return text.replace(
    // deno-lint-ignore no-control-regex -- they are what is looked for
    /[\x00-\x1f\x7f-\x9f]/g,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}
