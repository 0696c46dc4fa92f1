import type { FieldName } from "./field-name.ts";

/** Name of the field, in lower case. */
export const LOAD_REPORT_FIELD = "endpoint-load-metrics";

export function isLoadReport({ lower }: FieldName): boolean {
  return lower === LOAD_REPORT_FIELD;
}

/** Longest report that is read, in characters. */
const MAX_LENGTH = 4096;

/** The metrics that say how busy a server is, the better one first, each as in a text and as proto3's JSON has it. */
const METRICS = [
  ["application_utilization", "applicationUtilization"],
  ["cpu_utilization", "cpuUtilization"],
] as const;

/**
 * The share of what a server can do that is taken, 0 to 1, as a load report in its answer says; undefined where it
 * says nothing that can be used.
 *
 * Reads `TEXT name=value,…` and `JSON {…}` of ORCA, the Open Request Cost Aggregation (xds.data.orca.v3.OrcaLoadReport;
 * the field `endpoint-load-metrics`). As in Envoy, `application_utilization` goes before `cpu_utilization` unless it
 * is 0, which proto3 does not tell from nothing. Servers may report more than 1, which counts as 1.
 */
export function parseLoadReport(value: string): number | undefined {
  if (value.length > MAX_LENGTH) return undefined;
  const [, format, text] = /^(TEXT|JSON)[ \t]+(.*)$/.exec(value) ?? [];
  if (text === undefined) return undefined;
  const metrics = format === "TEXT" ? readText(text) : readJson(text);
  let reported: number | undefined;
  for (const names of METRICS) {
    for (const name of names) {
      const share = metrics.get(name);
      if (typeof share !== "number" || !(share >= 0)) continue; // a NaN is not 0 or above
      if (share > 0) return Math.min(1, share);
      reported = 0;
    }
  }
  return reported;
}

function readText(text: string): ReadonlyMap<string, unknown> {
  return new Map(
    text.split(",").map((pair) => {
      const equals = pair.indexOf("=");
      const number = pair.slice(equals + 1).trim();
      return [pair.slice(0, Math.max(0, equals)).trim(), DECIMAL.test(number) ? Number(number) : undefined];
    }),
  );
}

/** `Number` would take "0x1" and "" as well. */
const DECIMAL = /^(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;

function readJson(text: string): ReadonlyMap<string, unknown> {
  try {
    return new Map(Object.entries(JSON.parse(text) ?? {}));
  } catch {
    return new Map(); // what a server says of itself may be wrong, and is no reason to fail
  }
}
