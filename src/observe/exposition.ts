import { atOnce, type Steps } from "../net/steps.ts";
import type { ExpositionFormat } from "./exposition-format.ts";
import type { Histogram } from "./histogram.ts";
import { type MetricName, METRICS } from "./metric-names.ts";

export type Labels = Readonly<Record<string, string>>;

/** Collects samples in any order and writes them by metric. */
export class Exposition {
  readonly #format: ExpositionFormat;
  readonly #samples = new Map<MetricName, string[]>();
  /** The labels of the last sample and their text, as many samples in a row have the same. */
  #labels: Labels = {};
  #labelText = "";

  constructor(format: ExpositionFormat) {
    this.#format = format;
  }

  /** Adds the value of one counter or gauge. */
  add(name: MetricName, labels: Labels, value: number): void {
    const text = this.#textOf(labels);
    this.#linesOf(name).push(`${name}${text === "" ? "" : `{${text}}`} ${value}\n`);
  }

  /** Adds a histogram. */
  addHistogram(name: MetricName, labels: Labels, { buckets, sum }: Histogram): void {
    const lines = this.#linesOf(name);
    const text = this.#textOf(labels);
    const { bounds } = this.#format;
    const [before, braced] = text === "" ? ["", ""] : [`${text},`, `{${text}}`];
    let count = 0;
    for (let i = 0; i < buckets.length; i++) {
      count += buckets[i]!;
      lines.push(`${name}_bucket{${before}le="${bounds[i]!}"} ${count}\n`);
    }
    lines.push(`${name}_sum${braced} ${sum}\n`, `${name}_count${braced} ${count}\n`);
  }

  /** All samples as text, each metric in one group after its head; one metric in each step. */
  *write(): Steps<string> {
    const { head, end } = this.#format;
    let text = "";
    for (const [name, lines] of this.#samples) {
      text += head(name, METRICS[name]) + lines.join("");
      yield;
    }
    return text + end;
  }

  /** The same at once. */
  toString(): string {
    return atOnce(this.write());
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
