import { type MetricFamily, parseMetrics } from "./metrics-parser.ts";

/** Endings of samples by type, where they are not the name of the family. */
const ENDINGS: Readonly<Record<string, string>> = { counter: "_total", info: "_info" };

/**
 * Parses OpenMetrics 1.0 strictly, as far as the proxy writes it: what both formats have in common is checked by
 * `parseMetrics`, under the names that it has there. Throws an `Error` on what is not allowed.
 * https://prometheus.io/docs/specs/om/open_metrics_spec/
 */
export function parseOpenMetrics(text: string): Map<string, MetricFamily> {
  if (!text.endsWith("\n# EOF\n")) throw new Error('does not end with "# EOF"');
  const lines = text.slice(0, -"# EOF\n".length).split("\n").slice(0, -1);
  let family = { name: "", type: "", said: [] as string[] };
  const names = new Set<string>();
  const converted = lines.map((line, i) => {
    const where = `Line ${i + 1}: `;
    if (/^\s|\s$|[ \t]{2}|\r/.test(line.replace(/"(?:[^"\\]|\\.)*"/g, '""'))) {
      throw new Error(`${where}blanks`);
    }
    if (!line.startsWith("#")) {
      const name = /^\w+/.exec(line)?.[0] ?? "";
      checkName(name, family, where);
      const le = /le="([^"]*)"/.exec(line)?.[1];
      if (le !== undefined && !/^(?:\+Inf|\d+\.\d+)$/.test(le)) throw new Error(`${where}le "${le}"`);
      return line;
    }
    const [, keyword, name, rest] = /^# (TYPE|UNIT|HELP) ([a-zA-Z_][a-zA-Z0-9_]*) (.+)$/.exec(line) ?? [];
    if (keyword === undefined) throw new Error(`${where}neither a sample nor said of a metric: "${line}"`);
    if (keyword === "TYPE") {
      if (names.has(name!)) throw new Error(`${where}a second metric "${name}"`);
      names.add(name!);
      family = { name: name!, type: rest!, said: [] };
    }
    if (name !== family.name || family.said.includes(keyword)) {
      throw new Error(`${where}${keyword} out of turn`);
    }
    family.said.push(keyword);
    const shown = name + (ENDINGS[family.type] ?? "");
    if (keyword === "HELP") return `# HELP ${shown} ${rest}`;
    if (keyword === "TYPE") return `# TYPE ${shown} ${typeInText(rest!, where)}`;
    if (!name.endsWith(`_${rest}`)) throw new Error(`${where}unit "${rest}" is not in the name`);
    return `# of the unit ${rest}`;
  });
  return parseMetrics(converted.join("\n") + "\n");
}

function checkName(sample: string, { name, type }: { name: string; type: string }, where: string): void {
  const endings = type === "histogram" ? ["_bucket", "_sum", "_count"] : [ENDINGS[type] ?? ""];
  if (!endings.some((ending) => sample === name + ending)) {
    throw new Error(`${where}"${sample}" is no sample of the ${type} "${name}"`);
  }
}

function typeInText(type: string, where: string): string {
  if (type === "info") return "gauge";
  if (type === "unknown") return "untyped";
  if (["counter", "gauge", "histogram"].includes(type)) return type;
  throw new Error(`${where}type "${type}"`);
}
