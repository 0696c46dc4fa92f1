import process from "node:process";
import { BATCH, Batches } from "../../bench/inside/batches.ts";
import { replaceNet } from "../../bench/inside/fake-net.ts";
import { answerBytes, requestBytes } from "../../bench/inside/messages.ts";
import { SCENARIOS } from "../../bench/scenarios.ts";
import { countMemory, type Taken } from "./counted-memory.ts";

// Sluice between fake sockets: prints what a request takes of the memory. Its arguments are a scenario of the bench, the
// costs that are small enough to stop at, as JSON, and after `--` those of Sluice.

/** What one request takes, by the middle one of many batches. */
export type RequestCost = { readonly [Kind in keyof Taken]: number | undefined };

/** Batches of one measurement: most of them hold no collection. */
const MEASURED = 15;
/** The compilers need their time before that. */
const WARM_UP = 400;
/** Time after which what was measured last counts: compilers may need more of it on a busy machine. */
const DEADLINE_MS = 20_000;

await main(process.argv.slice(2));

async function main([name, enough, _, ...args]: string[]): Promise<void> {
  const scenario = SCENARIOS.find((each) => each.name === name)!;
  const bounds = JSON.parse(enough!) as RequestCost;
  const batches = new Batches({ request: requestBytes(scenario), answer: answerBytes(scenario) });
  const net = replaceNet(batches.onAsked);
  process.argv.splice(2, Infinity, ...args);
  void import("../../src/main.ts"); // ends with the process
  await net.bound;
  batches.connect(net);
  const taken = await countMemory();
  const endsAt = performance.now() + DEADLINE_MS;
  let cost: RequestCost;
  do {
    for (let i = 0; i < WARM_UP; i++) await batches.run();
    cost = await measure(batches, taken);
  } while (!isWithin(cost, bounds) && performance.now() < endsAt);
  console.log(JSON.stringify({ event: "measured", ...cost }));
  process.exit(0);
}

async function measure(batches: Batches, taken: () => Taken): Promise<RequestCost> {
  const costs: RequestCost[] = [];
  for (let i = 0; i < MEASURED; i++) {
    const before = taken();
    await batches.run();
    costs.push(perRequest(before, taken()));
  }
  return {
    bytes: middle(costs.map(({ bytes }) => bytes)),
    objects: middle(costs.map(({ objects }) => objects)),
    promises: middle(costs.map(({ promises }) => promises)),
  };
}

function perRequest(before: Taken, after: Taken): RequestCost {
  const cost = (kind: keyof Taken) => {
    const from = before[kind], to = after[kind];
    return from === undefined || to === undefined ? undefined : (to - from) / BATCH;
  };
  return { bytes: cost("bytes"), objects: cost("objects"), promises: cost("promises") };
}

function middle(values: readonly (number | undefined)[]): number | undefined {
  return values.filter((value) => value !== undefined).toSorted((a, b) =>
    a - b
  )[Math.floor(values.length / 2)];
}

function isWithin(cost: RequestCost, bounds: RequestCost): boolean {
  return (["bytes", "objects", "promises"] as const).every((kind) =>
    (cost[kind] ?? 0) <= (bounds[kind] ?? Infinity)
  );
}
