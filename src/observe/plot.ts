/** One step of a plot. Latencies in ms, NaN where no request ended. */
export interface PlotPoint {
  readonly requests: number;
  readonly errors: number;
  readonly p50: number;
  readonly p99: number;
}

/** What is known of one step; null for what is not. */
export type PlotStep = Readonly<Record<keyof PlotPoint, number | null>>;
/** The same of all steps. */
export type PlotSeries = Readonly<Record<keyof PlotPoint, readonly (number | null)[]>>;

/** Requests and errors per second and latencies of one thing over the last steps; NaN where nothing is known. */
export class Plot {
  readonly #size: number;
  readonly #values: Readonly<Record<keyof PlotPoint, Float32Array>>;

  /** `size` steps. */
  constructor(size: number) {
    this.#size = size;
    const unknown = () => new Float32Array(size).fill(NaN);
    this.#values = { requests: unknown(), errors: unknown(), p50: unknown(), p99: unknown() };
  }

  /** Bytes that it holds. */
  get bytes(): number {
    return KEYS.length * this.#values.requests.byteLength;
  }

  /** Takes over the point of step number `step`, counted from 0 for ever; each step has one, or is skipped. */
  set(step: number, point: PlotPoint): void {
    for (const key of KEYS) this.#values[key][step % this.#size] = point[key];
  }

  /** Nothing is known of step number `step`. */
  skip(step: number): void {
    this.set(step, { requests: NaN, errors: NaN, p50: NaN, p99: NaN });
  }

  /** Step number `step`, one of those that it holds, in as few digits as can be seen. */
  at(step: number): PlotStep {
    const value = (key: keyof PlotPoint) => rounded(this.#values[key][step % this.#size]!);
    return { requests: value("requests"), errors: value("errors"), p50: value("p50"), p99: value("p99") };
  }

  /** Its steps up to number `last`, the oldest first. */
  series(last: number): PlotSeries {
    const from = Math.max(0, last + 1 - this.#size);
    const inOrder = (values: Float32Array) =>
      Array.from({ length: last + 1 - from }, (_, i) => rounded(values[(from + i) % this.#size]!));
    const { requests, errors, p50, p99 } = this.#values;
    return { requests: inOrder(requests), errors: inOrder(errors), p50: inOrder(p50), p99: inOrder(p99) };
  }
}

const KEYS: readonly (keyof PlotPoint)[] = ["requests", "errors", "p50", "p99"];

function rounded(value: number): number | null {
  return Number.isNaN(value) ? null : Math.round(value * 100) / 100;
}
