/**
 * A load client with an open loop: requests are due at a constant rate, whether or not earlier ones were answered.
 *
 *   open-load.ts URL RATE SECONDS CONNECTIONS HEADERS_AS_JSON
 *
 * Latency counts from the moment at which a request was due, not from when it was sent: a proxy that stops for a while
 * pays for every request that had to wait meanwhile. Prints its result as a line of JSON.
 *
 * @module
 */
import process from "node:process";
import { openKept } from "./kept-connection.ts";

/** What an open loop saw. */
export interface OpenResult {
  requests: number;
  p50Ms: number;
  p99Ms: number;
  p999Ms: number;
  maxMs: number;
  /** Answers that were none, or not 200, and requests that were due and never answered. */
  failed: number;
}

/** Time for the last answers. */
const GRACE_MS = 2000;
/** Not longer between two looks at the sockets: a timer of the runtime would be late by a millisecond. */
const NAP_MS = 0.05;
/** Share of the run whose latencies do not count: connections are fresh. */
const LEAD_IN = 0.1;

const napping = new Int32Array(new SharedArrayBuffer(4));

const [url, rate, seconds, connections, headers] = process.argv.slice(2);
console.log(JSON.stringify(
  await press(url!, {
    intervalMs: 1000 / Number(rate),
    lengthMs: Number(seconds) * 1000,
    connections: Number(connections),
    headers: JSON.parse(headers!),
  }),
));
process.exit(0);

async function press(
  url: string,
  { intervalMs, lengthMs, connections, headers }: {
    intervalMs: number;
    lengthMs: number;
    connections: number;
    headers: Record<string, string>;
  },
): Promise<OpenResult> {
  const idle = await Promise.all(Array.from({ length: connections }, () => openKept(url, headers)));
  const total = Math.floor(lengthMs / intervalMs);
  const latencies = new Float64Array(total);
  let due = 0; // requests whose time has come, or has been sent
  let answered = 0;
  let failed = 0;
  const startedMs = performance.now();
  while (answered + failed < total && performance.now() < startedMs + lengthMs + GRACE_MS) {
    // Without an idle connection a request waits, and its clock runs.
    while (due < total && idle.length > 0 && performance.now() >= startedMs + due * intervalMs) {
      const index = due++;
      const connection = idle.pop()!;
      connection.ask((good) => {
        if (good) latencies[answered++] = performance.now() - startedMs - index * intervalMs;
        else failed++;
        if (connection.usable) idle.unshift(connection);
      });
    }
    await nextTurn();
    Atomics.wait(napping, 0, 0, NAP_MS);
  }
  const counted = latencies.subarray(Math.floor(answered * LEAD_IN), answered).sort();
  const at = (share: number) =>
    counted[Math.min(counted.length - 1, Math.floor(counted.length * share))] ?? NaN;
  return {
    requests: answered,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    p999Ms: at(0.999),
    maxMs: at(1),
    failed: total - answered,
  };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
