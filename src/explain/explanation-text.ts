import type { Explanation } from "./explain.ts";

/** An explanation for people to read. */
export function explanationText(explanation: Explanation): string {
  const { request, frontend, by, answer, refused, sent, rules } = explanation;
  const { passed_over: passedOver, more_passed_over: more } = explanation;
  const out: string[] = [
    `${request.method} ${request.url}`,
    ...table([
      ["client", request.client || "unix socket"],
      ["frontend", `${frontend.name} (${frontend.mode}; ${frontend.chosen})`],
      ["taken by", by],
      ...(refused ? [["refused", `${refused.reason}: ${refused.detail}`] as const] : []),
      ...(answer ? [["answer", String(answer.status)] as const] : []),
      ...(sent ? [["backend", backendLine(sent)] as const] : []),
    ]),
  ];
  if (answer !== undefined) out.push(...answer.headers.map(([name, value]) => `    ${name}: ${value}`));
  if (passedOver.length > 0) {
    out.push("", "not taken by");
    out.push(...table(passedOver.map(({ kind, number, name, why }) => [`${kind} ${number} (${name})`, why])));
    if (more > 0) out.push(`  … and ${more} more`);
  }
  if (sent !== undefined) {
    out.push("", "servers");
    const rows = sent.candidates.map((
      { url, condition, weight, in_flight: inFlight, rank, average_ms: averageMs },
    ) => [
      `${rank ?? "-"}.`,
      url,
      condition,
      `weight ${weight}`,
      `in flight ${inFlight}`,
      averageMs === null ? "" : `average ${averageMs.toFixed(1)} ms`,
    ]);
    out.push(...table(rows));
    out.push("", "the client sends", ...sent.before.map((line) => `  ${line}`));
    const to = sent.server ?? "nobody";
    out.push("", `${to} gets`);
    if (sent.after.length === 0) out.push("  a connection, and the bytes of the tunnel");
    out.push(...sent.after.map((line) => `  ${sent.before.includes(line) ? " " : "+"} ${line}`));
    out.push(...sent.before.filter((line) => !sent.after.includes(line)).map((line) => `  - ${line}`));
  }
  out.push("", "in force", ...rules.map((rule) => `  ${rule}`));
  return out.join("\n") + "\n";
}

function backendLine(
  { backend, policy, key, sticky, sure, server }: NonNullable<Explanation["sent"]>,
): string {
  const by = key === undefined ? policy : `${policy} by ${JSON.stringify(key)}`;
  if (server === undefined) return `${backend} (${by}): no server`;
  if (sticky !== undefined) return `${backend} (${by}): ${server}, with which the client stays`;
  return `${backend} (${by}): ${server}${sure ? "" : ", or another, in turn"}`;
}

/** Columns as wide as what stands in them. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, i) => widths[i] = Math.max(widths[i] ?? 0, cell.length));
  return rows.map((row) => `  ${row.map((cell, i) => cell.padEnd(widths[i]!)).join("  ")}`.trimEnd());
}
