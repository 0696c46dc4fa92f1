import type { Growth } from "./growth.ts";
import type { State } from "./state.ts";

/** What a soak of one proxy gave. */
export interface SoakResult {
  title: string;
  /** Things that the clients did, and how many of them failed. */
  acts: number;
  failed: number;
  seconds: number;
  /** At rest behind the warm-up, and a minute after the load. */
  before: State;
  after: State;
  /** Until it was as before; undefined where it never was. */
  restSeconds: number | undefined;
  growth: Growth;
  peakFiles: number;
}

const MIB = 1024 * 1024;

const COLUMNS: Record<string, (result: SoakResult) => string> = {
  proxy: ({ title }) => title,
  "acts/s": ({ acts, seconds }) => (acts / seconds).toFixed(0),
  "acts": ({ acts }) => String(acts),
  "not as wanted": ({ failed }) => String(failed),
  "RSS MiB at rest": ({ before }) => mib(before.rssBytes),
  "under load": ({ growth }) => mib(growth.levelBytes),
  "growth per hour": ({ growth }) => growth.bytesPerHour === undefined ? "–" : mib(growth.bytesPerHour),
  "a minute later": ({ after }) => mib(after.rssBytes),
  "descriptors at rest": ({ before }) => String(before.files),
  most: ({ peakFiles }) => String(peakFiles),
  "a minute later ": ({ after }) => String(after.files),
  "in flight": ({ after }) => String(after.gauges.sluice_requests_in_flight),
  clients: ({ after }) => String(after.gauges.sluice_connections),
  "to servers": ({ after }) => String(after.gauges.sluice_server_connections),
  "rest after": ({ restSeconds }) => restSeconds === undefined ? "never" : `${restSeconds.toFixed(0)} s`,
};

/** The Markdown table of all proxies. */
export function soakTable(results: readonly SoakResult[]): string {
  const names = Object.keys(COLUMNS);
  const rows = results.map((result) => Object.values(COLUMNS).map((column) => column(result)));
  return [names, names.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** Bytes as MiB with one decimal. */
export function mib(bytes: number): string {
  return (bytes / MIB).toFixed(1);
}
