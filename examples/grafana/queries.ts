import type { MetricName } from "../../src/base/metric-names.ts";

/** What the variables of the dashboard choose, of the series of a metric that has those labels. */
export type Chosen = "all" | "frontend" | "backend" | "both";

const CHOICES: Readonly<Record<Chosen, string>> = {
  all: "",
  frontend: ', frontend=~"$frontend"',
  backend: ', backend=~"$backend"',
  // Requests that led nowhere have no backend.
  both: ', frontend=~"$frontend", backend=~"$backend|"',
};

/** The series of `name`; `ending` is that of a histogram's samples, and `more` are further matchers. */
export function series(
  name: MetricName,
  chosen: Chosen = "all",
  { ending = "", more = "" }: { ending?: string; more?: string } = {},
): string {
  return `${name}${ending}{job=~"$job"${CHOICES[chosen]}${more === "" ? "" : `, ${more}`}}`;
}

/** Per second, summed up by these labels. */
export function rate(name: MetricName, by: string, chosen?: Chosen, more?: string): string {
  return `sum by (${by}) (rate(${
    series(name, chosen, more === undefined ? {} : { more })
  }[$__rate_interval]))`;
}

/** The sum of gauges by these labels. */
export function sum(name: MetricName, by: string, chosen?: Chosen): string {
  return `sum by (${by}) (${series(name, chosen)})`;
}

/** The quantile of a histogram by these labels. */
export function quantile(q: number, name: MetricName, by: string, chosen?: Chosen): string {
  const labels = by === "" ? "le" : `le, ${by}`;
  const buckets = series(name, chosen, { ending: "_bucket" });
  return `histogram_quantile(${q}, sum by (${labels}) (rate(${buckets}[$__rate_interval])))`;
}
