import { atOnce, type Steps } from "../net/steps.ts";
import type { ExpositionFormat } from "./exposition-format.ts";
import type { Histogram } from "./histogram.ts";
import { HTTP_PROXY_LB_METRICS, PYHAPROXY_METRICS } from "./compat-names.ts";
import { METRICS } from "../base/metric-names.ts";

/** What samples are collected of: ours, and what a predecessor counted in its own way. */
const COLLECTED = { ...METRICS, ...HTTP_PROXY_LB_METRICS };
type CollectedName = keyof typeof COLLECTED;

export type Labels = Readonly<Record<string, string>>;

/** Lines that are written in one step. */
const PIECE = 256;

/** Collects samples in any order and writes them by metric. */
export class Exposition {
  readonly #format: ExpositionFormat;
  readonly #samples = new Map<CollectedName, string[]>();
  /** The labels of the last sample and their text, as many samples in a row have the same. */
  #labels: Labels = {};
  #labelText = "";

  constructor(format: ExpositionFormat) {
    this.#format = format;
  }

  /** Adds the value of one counter or gauge. */
  add(name: CollectedName, labels: Labels, value: number): void {
    const text = this.#textOf(labels);
    this.#linesOf(name).push(`${name}${text === "" ? "" : `{${text}}`} ${value}\n`);
  }

  /** Adds a histogram. */
  addHistogram(name: CollectedName, labels: Labels, { buckets, sum }: Histogram): void {
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

  /**
   * All samples as text in UTF-8, each metric in one group after its head, so many lines in each step. With `compat` what
   * pyhaproxy had stands there under its names as well.
   */
  *write(compat = false): Steps<Uint8Array<ArrayBuffer>> {
    const { head, end } = this.#format;
    const text = new EncodedText();
    for (const [name, lines] of this.#samples) {
      text.add(head(name, COLLECTED[name]));
      for (const piece of piecesOf(lines)) {
        text.add(piece.join(""));
        yield;
      }
    }
    for (const [name, metric] of compat ? Object.entries(PYHAPROXY_METRICS) : []) {
      const lines = this.#samples.get(metric.of) ?? [];
      if (lines.length > 0) text.add(head(name, metric));
      for (const piece of piecesOf(lines)) {
        text.add(piece.map((line) => name + line.slice(metric.of.length)).join(""));
        yield;
      }
    }
    text.add(end);
    return text.whole();
  }

  /** The same at once, as a string. */
  toString(): string {
    return new TextDecoder().decode(atOnce(this.write()));
  }

  #textOf(labels: Labels): string {
    if (labels === this.#labels) return this.#labelText;
    this.#labels = labels;
    return this.#labelText = Object.entries(labels)
      .map(([label, text]) => `${label}="${escaped(text)}"`).join(",");
  }

  #linesOf(name: CollectedName): string[] {
    let lines = this.#samples.get(name);
    if (lines === undefined) this.#samples.set(name, lines = []);
    return lines;
  }
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function* piecesOf(lines: readonly string[]): Generator<readonly string[], void, void> {
  for (let i = 0; i < lines.length; i += PIECE) yield lines.slice(i, i + PIECE);
}

/** A text that is put together from pieces. */
class EncodedText {
  readonly #pieces: Uint8Array[] = [];
  #size = 0;

  add(text: string): void {
    const bytes = ENCODER.encode(text);
    this.#pieces.push(bytes);
    this.#size += bytes.length;
  }

  whole(): Uint8Array<ArrayBuffer> {
    const whole = new Uint8Array(this.#size);
    let at = 0;
    for (const piece of this.#pieces) {
      whole.set(piece, at);
      at += piece.length;
    }
    return whole;
  }
}

const ENCODER = new TextEncoder();
