/**
 * Runs a proxy of this process between fake sockets and writes down what a request costs it.
 *
 *   measure.ts RESULT_FILE SCENARIO SECONDS PROGRAM [ARGUMENTS]
 *
 * @module
 */
import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { SCENARIOS } from "../scenarios.ts";
import { BATCH, Batches } from "./batches.ts";
import { replaceNet } from "./fake-net.ts";
import { answerBytes, requestBytes } from "./messages.ts";

/** What `measure.ts` writes down. */
export interface InsideResult {
  /** Time of a request in the 5th percentile of the batches, and in the middle one, in µs. */
  p5Micros: number;
  p50Micros: number;
  /** Bytes that a request takes of the heap, by the middle batch; undefined where the runtime does not count them. */
  heapBytes: number | undefined;
}

/** The compilers need their time: at least so many batches and so long, and never longer than `MOST_WARM_UP_MS`. */
const WARM_UP_BATCHES = 1200;
const WARM_UP_MS = 2000;
const MOST_WARM_UP_MS = 8000;

/** Bun says how much of the heap is used only as of its last collection. */
const HEAP_IS_COUNTED = process.versions["bun"] === undefined;

if (import.meta.main) {
  try {
    await main(process.argv.slice(2));
    process.exit(0);
  } catch (error) {
    console.error(error); // the proxy would take it for one of its own, and go on
    process.exit(1);
  }
}

async function main([file, name, seconds, program, ...args]: string[]): Promise<void> {
  const scenario = SCENARIOS.find((each) => each.name === name)!;
  const batches = new Batches({ request: requestBytes(scenario), answer: answerBytes(scenario) });
  const net = replaceNet(batches.onAsked);
  process.argv.splice(2, Infinity, ...args);
  void import(pathToFileURL(program!).href); // ends with the process
  await net.bound;
  batches.connect(net);
  await warmUp(batches);
  writeFileSync(file!, JSON.stringify(await measure(batches, Number(seconds) * 1000)));
}

async function warmUp(batches: Batches): Promise<void> {
  const startedMs = performance.now();
  const passed = () => performance.now() - startedMs;
  for (let i = 0; passed() < MOST_WARM_UP_MS && (i < WARM_UP_BATCHES || passed() < WARM_UP_MS); i++) {
    await batches.run();
  }
}

async function measure(batches: Batches, lengthMs: number): Promise<InsideResult> {
  const micros: number[] = [];
  const heap: number[] = [];
  const endMs = performance.now() + lengthMs;
  while (performance.now() < endMs) {
    const heapBefore = HEAP_IS_COUNTED ? process.memoryUsage().heapUsed : 0;
    const startedMs = performance.now();
    await batches.run();
    micros.push((performance.now() - startedMs) * 1000 / BATCH);
    if (HEAP_IS_COUNTED) heap.push((process.memoryUsage().heapUsed - heapBefore) / BATCH);
  }
  return {
    p5Micros: percentile(micros, 0.05),
    p50Micros: percentile(micros, 0.5),
    heapBytes: HEAP_IS_COUNTED ? percentile(heap, 0.5) : undefined,
  };
}

function percentile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? NaN;
}
