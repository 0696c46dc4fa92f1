import { setTimeout as sleep } from "node:timers/promises";
import { growthOf, type Reading } from "./growth.ts";
import { Load } from "./load.ts";
import { mib, type SoakResult } from "./result.ts";
import { differences, type Proxy, readFailures, readRss, readState, type State } from "./state.ts";

const WARM_UP_MS = 15_000;
const READ_EVERY_MS = 1000;
const SAY_EVERY_MS = 10_000;
const REST_MS = 60_000;

/** What to do to a proxy, and whom to tell. */
export interface SoakOrder {
  title: string;
  proxy: Proxy;
  clients: number;
  minutes: number;
  onLine(line: string): void;
  onFault(line: string): void;
}

/** Warms the proxy up, notes what it holds at rest, loads it, and compares what it holds when it rests again. */
export async function soak(
  { title, proxy, clients, minutes, onLine, onFault }: SoakOrder,
): Promise<SoakResult> {
  const warmUp = new Load({ port: proxy.port, clients });
  await sleep(WARM_UP_MS);
  await warmUp.stop();
  sayFaults(warmUp, onFault);
  const before = await untilQuiet(proxy);
  onLine(`at rest: ${describe(before)}`);

  const load = new Load({ port: proxy.port, clients });
  const { readings, peakFiles, seconds } = await watch(load, { proxy, minutes, onLine });
  await load.stop();
  sayFaults(load, onFault);

  const { after, restSeconds } = await restAfter(before, proxy);
  onLine(`a minute after it: ${describe(after)}`);
  onLine(`failures by reason: ${await readFailures(proxy)}`);
  for (const difference of differences(before, after)) onFault(`not as before: ${difference}`);
  const growth = growthOf(readings);
  if (growth.rising) onFault(`memory grows, by ${mib(growth.bytesPerHour ?? NaN)} MiB per hour`);
  return {
    title,
    acts: load.done,
    failed: load.failed,
    seconds,
    before,
    after,
    restSeconds,
    growth,
    peakFiles,
  };
}

/** Reads memory every second until the time is over, and says a line every ten. */
async function watch(
  load: Load,
  { proxy, minutes, onLine }: Pick<SoakOrder, "proxy" | "minutes" | "onLine">,
): Promise<{ readings: Reading[]; peakFiles: number; seconds: number }> {
  const readings: Reading[] = [];
  const startedMs = performance.now();
  let peakFiles = 0;
  let said = { atMs: startedMs, done: 0 };
  for (let atMs = startedMs; atMs - startedMs < minutes * 60_000; atMs = performance.now()) {
    await sleep(READ_EVERY_MS);
    readings.push({ atMs: performance.now(), rssBytes: readRss(proxy.pid) });
    if (performance.now() - said.atMs < SAY_EVERY_MS) continue;
    const state = await readState(proxy);
    const now = { atMs: performance.now(), done: load.done };
    const rate = (now.done - said.done) / (now.atMs - said.atMs) * 1000;
    onLine(
      `${((now.atMs - startedMs) / 1000).toFixed(0)} s: ${rate.toFixed(0)} acts/s, ${describe(state)}, ` +
        `not as wanted ${load.failed}`,
    );
    peakFiles = Math.max(peakFiles, state.files);
    said = now;
  }
  return { readings, peakFiles, seconds: (performance.now() - startedMs) / 1000 };
}

/** Waits until nothing is under way, no connection is open, and no descriptor more is closed. */
async function untilQuiet(proxy: Proxy): Promise<State> {
  const startedMs = performance.now();
  let state = await readState(proxy);
  for (;;) {
    await sleep(READ_EVERY_MS);
    const last = state;
    state = await readState(proxy);
    const { sluice_requests_in_flight, sluice_server_connections } = state.gauges;
    const quiet = sluice_requests_in_flight === 0 && sluice_server_connections === 0;
    if (quiet && differences(last, state).length === 0 && last.files === state.files) return state;
    if (performance.now() - startedMs > REST_MS) {
      throw new Error(`no rest behind the warm-up: ${describe(state)}`);
    }
  }
}

/** Looks for a minute when the proxy is as it was `before`, and what it holds at the end of that minute. */
async function restAfter(
  before: State,
  proxy: Proxy,
): Promise<{ after: State; restSeconds: number | undefined }> {
  const startedMs = performance.now();
  let restSeconds: number | undefined;
  for (;;) {
    const after = await readState(proxy);
    const pastMs = performance.now() - startedMs;
    const alike = differences(before, after).length === 0;
    if (alike) restSeconds ??= pastMs / 1000;
    if (pastMs > REST_MS) return { after, restSeconds: alike ? restSeconds : undefined };
    await sleep(READ_EVERY_MS);
  }
}

function describe({ rssBytes, files, gauges }: State): string {
  return `RSS ${mib(rssBytes)} MiB, descriptors ${files}, in flight ${gauges.sluice_requests_in_flight}, ` +
    `clients ${gauges.sluice_connections}, to servers ${gauges.sluice_server_connections}`;
}

function sayFaults({ faults }: Load, onFault: (line: string) => void): void {
  for (const [fault, count] of faults) onFault(`${count} × ${fault}`);
}
