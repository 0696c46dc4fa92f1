import { BOUNDS, type Histogram } from "./histogram.ts";
import { type MetricName, METRICS } from "./names.ts";

/** Labels of a sample. */
export type Labels = Readonly<Record<string, string>>;

/** Media type of the text, with its version. */
export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Collects samples in any order and writes them by metric, in Prometheus' text format 0.0.4. */
export class Exposition {
  readonly #samples = new Map<MetricName, string[]>();

  /** Adds the value of one counter or gauge. */
  add(name: MetricName, labels: Labels, value: number): void {
    this.#linesOf(name).push(sample(name, labels, value));
  }

  /** Adds a histogram. */
  addHistogram(name: MetricName, labels: Labels, { buckets, sum }: Histogram): void {
    const lines = this.#linesOf(name);
    let count = 0;
    buckets.forEach((inBucket, i) => {
      count += inBucket;
      lines.push(sample(`${name}_bucket`, { ...labels, le: numberText(BOUNDS[i] ?? Infinity) }, count));
    });
    lines.push(sample(`${name}_sum`, labels, sum), sample(`${name}_count`, labels, count));
  }

  /** All samples as text, each metric in one group behind its head. */
  toString(): string {
    let text = "";
    for (const [name, lines] of this.#samples) {
      const { help, type } = METRICS[name];
      text += `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`;
    }
    return text;
  }

  #linesOf(name: MetricName): string[] {
    let lines = this.#samples.get(name);
    if (lines === undefined) this.#samples.set(name, lines = []);
    return lines;
  }
}

function sample(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
  return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${numberText(value)}\n`;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function numberText(value: number): string {
  return value === Infinity ? "+Inf" : String(value);
}
