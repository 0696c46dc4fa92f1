/** A table in Markdown. Missing cells at the end of a row become dashes; the first column is text, the others are numbers. */
export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [header, header.map((_, i) => i === 0 ? "---" : "--:"), ...rows]
    .map((row) => `| ${header.map((_, i) => row[i] ?? "–").join(" | ")} |`);
  return `${lines.join("\n")}\n`;
}
