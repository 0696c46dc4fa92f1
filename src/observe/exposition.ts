import { BOUNDS, type Histogram } from "./histogram.ts";
import { type MetricName, METRICS } from "./metric-names.ts";

export type Labels = Readonly<Record<string, string>>;

/** Media type of the text, with its version. */
export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Collects samples in any order and writes them by metric, in Prometheus' text format 0.0.4. */
export class Exposition {
  readonly #samples = new Map<MetricName, string[]>();
  /** The labels of the last sample and their text, as many samples in a row have the same. */
  #labels: Labels = {};
  #labelText = "";

  /** Adds the value of one counter or gauge. */
  add(name: MetricName, labels: Labels, value: number): void {
    const text = this.#textOf(labels);
    this.#linesOf(name).push(`${name}${text === "" ? "" : `{${text}}`} ${value}\n`);
  }

  /** Adds a histogram, which has a label. */
  addHistogram(name: MetricName, labels: Labels, { buckets, sum }: Histogram): void {
    const lines = this.#linesOf(name);
    const text = this.#textOf(labels);
    let count = 0;
    for (let i = 0; i < buckets.length; i++) {
      count += buckets[i]!;
      lines.push(`${name}_bucket{${text},le="${BOUND_TEXTS[i]!}"} ${count}\n`);
    }
    lines.push(`${name}_sum{${text}} ${sum}\n`, `${name}_count{${text}} ${count}\n`);
  }

  /** All samples as text, each metric in one group after its head. */
  toString(): string {
    let text = "";
    for (const [name, lines] of this.#samples) {
      const { help, type } = METRICS[name];
      text += `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`;
    }
    return text;
  }

  #textOf(labels: Labels): string {
    if (labels === this.#labels) return this.#labelText;
    this.#labels = labels;
    return this.#labelText = Object.entries(labels)
      .map(([label, text]) => `${label}="${escaped(text)}"`).join(",");
  }

  #linesOf(name: MetricName): string[] {
    let lines = this.#samples.get(name);
    if (lines === undefined) this.#samples.set(name, lines = []);
    return lines;
  }
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

/** Values of the label of a bucket. */
const BOUND_TEXTS: readonly string[] = [...BOUNDS.map(String), "+Inf"];
