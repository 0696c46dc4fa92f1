import { readdirSync } from "node:fs";
import { type MetricFamily, parseMetrics } from "../../tests/support/metrics-parser.ts";
import { processTree, readUsage } from "../process-tree.ts";
import { get } from "./act.ts";
import { Wire } from "./wire.ts";

/** Gauges that must be after the load what they were before. */
const GAUGES = [
  "sluice_connections",
  "sluice_requests_in_flight",
  "sluice_backend_requests_in_flight",
  "sluice_server_requests_in_flight",
  "sluice_server_connections",
  "sluice_backend_available_servers",
  "sluice_server_up",
] as const;

/** What a proxy holds at one moment. */
export interface State {
  rssBytes: number;
  /** Open descriptors. */
  files: number;
  /** Sums over all labels. */
  gauges: Record<(typeof GAUGES)[number], number>;
}

/** A proxy that runs. */
export interface Proxy {
  pid: number;
  port: number;
  adminPort: number;
}

/** Reads what the proxy holds, the connection that asks for it left out. */
export async function readState({ pid, adminPort }: Proxy): Promise<State> {
  const rssBytes = readRss(pid);
  const files = processTree(pid).reduce((sum, member) => sum + readdirSync(`/proc/${member}/fd`).length, 0);
  const families = parseMetrics(await readMetrics(adminPort));
  const gauges = Object.fromEntries(GAUGES.map((name) => [name, total(families.get(name))]));
  return { rssBytes, files, gauges: gauges as State["gauges"] };
}

/** Resident memory now. Throws when the proxy is gone. */
export function readRss(pid: number): number {
  const usage = readUsage(pid);
  if (usage === undefined) throw new Error("the proxy is gone");
  return usage.rssBytes;
}

/** How often the proxy did not carry a request through, by reason, as a text. */
export async function readFailures({ adminPort }: Proxy): Promise<string> {
  const samples = parseMetrics(await readMetrics(adminPort)).get("sluice_request_failures_total")?.samples ??
    [];
  const counts = new Map<string, number>();
  for (const { labels: { reason = "" }, value } of samples) {
    counts.set(reason, (counts.get(reason) ?? 0) + value);
  }
  return [...counts].map(([reason, count]) => `${reason} ${count}`).join(", ");
}

/** Differences between two states but for memory, each as a text; empty where the second is like the first. */
export function differences(before: State, after: State): string[] {
  return [
    ...(after.files > before.files ? [`descriptors ${after.files}, before ${before.files}`] : []),
    ...GAUGES.filter((name) => after.gauges[name] !== before.gauges[name])
      .map((name) => `${name} ${after.gauges[name]}, before ${before.gauges[name]}`),
  ];
}

async function readMetrics(adminPort: number): Promise<string> {
  const wire = await Wire.open(adminPort);
  try {
    await wire.write(get("/metrics", "Connection: close\r\n"));
    const head = await wire.head() ?? "";
    let text = "";
    await wire.body(head, (piece) => text += piece.toString("latin1"));
    if (!head.startsWith("HTTP/1.1 200 ")) throw new Error(`/metrics answers ${JSON.stringify(head)}`);
    return text;
  } finally {
    wire.close();
  }
}

function total(family: MetricFamily | undefined): number {
  return family?.samples.reduce((sum, { value }) => sum + value, 0) ?? NaN;
}
