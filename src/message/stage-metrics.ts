import type { MetricName } from "../base/metric-names.ts";

/** Names of the config, and words of closed lists. */
type Labels = Readonly<Record<string, string>>;

/** A count that only goes up. Who counts holds it: nothing is looked up per request. */
export interface Count {
  value: number;
}

/** What one stage shows in the metrics, under the labels of its place in the config. Asked for when a config is loaded. */
export interface StageCounts {
  /** A count; one of the same name and labels in the config before goes on. */
  count(name: MetricName, labels?: Labels): Count;
  /** A value that is read when somebody asks for the metrics. */
  gauge(name: MetricName, read: () => number, labels?: Labels): void;
}

/** One line of the metrics. */
export interface StageSample {
  readonly name: MetricName;
  readonly labels: Labels;
  readonly value: number;
}

interface Entry {
  readonly name: MetricName;
  readonly labels: Labels;
  readonly count: Count | undefined;
  readonly gauges: (() => number)[];
}

/** What all stages of one config show in the metrics. */
export class StageMetrics {
  /** Counts of the config before; what its gauges read may be large, and is let go of. */
  readonly #before = new Map<string, Count>();
  readonly #entries = new Map<string, Entry>();

  /** `before`: of the config before. */
  constructor(before?: StageMetrics) {
    if (before === undefined) return;
    for (const [key, { count }] of before.#entries) if (count !== undefined) this.#before.set(key, count);
  }

  /** What stages show that stand at `labels`. */
  at(labels: Labels): StageCounts {
    return {
      count: (name, own) => {
        const key = keyOf(name, labels, own);
        const entry = this.#entry(key, name, { ...labels, ...own });
        if (entry.count !== undefined) return entry.count;
        const count = this.#before.get(key) ?? { value: 0 };
        this.#entries.set(key, { ...entry, count });
        return count;
      },
      gauge: (name, read, own) => {
        this.#entry(keyOf(name, labels, own), name, { ...labels, ...own }).gauges.push(read);
      },
    };
  }

  /** What there is to show now; gauges of one name and the same labels are added up. */
  *samples(): Generator<StageSample> {
    for (const { name, labels, count, gauges } of this.#entries.values()) {
      yield { name, labels, value: gauges.reduce((sum, read) => sum + read(), count?.value ?? 0) };
    }
  }

  #entry(key: string, name: MetricName, labels: Labels): Entry {
    let entry = this.#entries.get(key);
    if (entry === undefined) this.#entries.set(key, entry = { name, labels, count: undefined, gauges: [] });
    return entry;
  }
}

function keyOf(name: MetricName, labels: Labels, own: Labels = {}): string {
  return JSON.stringify([name, labels, own]);
}
