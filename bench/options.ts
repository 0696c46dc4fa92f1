import { parseArgs } from "node:util";
import type { Contestant } from "./contestant.ts";
import { FLOOR_CONTESTANTS } from "./floor-contestants.ts";
import { RELAY_CONTESTANTS } from "./relay-contestants.ts";
import { CACHE_CONTESTANTS, earlierContestants, REVERSE_CONTESTANTS } from "./reverse-contestants.ts";
import { type Scenario, SCENARIOS, SMALL_BODY } from "./scenarios.ts";

const CONTESTANTS = [
  ...REVERSE_CONTESTANTS,
  ...CACHE_CONTESTANTS,
  ...FLOOR_CONTESTANTS,
  ...RELAY_CONTESTANTS,
];

/** What is measured. */
export type Measurement = "comparison" | "inside" | "tail" | "layers" | "growth";

/** What the command line asks for. */
export interface Options {
  measurement: Measurement;
  contestants: readonly Contestant[];
  scenarios: readonly Scenario[];
  /** Length of one measured run. */
  seconds: number;
  rounds: number;
  connections: number;
  /** File that gets every sample. */
  json: string | undefined;
}

/** What takes part where nobody says more: the small answers are enough to tell what a request costs. */
const SMALL = SCENARIOS.filter(({ mode, answer }) =>
  mode === "reverse" && answer.bodyBytes === SMALL_BODY.length
);
const SOURCES = ["bun", "deno"];
const onSource = ({ name }: Contestant) => SOURCES.includes(name);
const FIELDS: Readonly<
  Record<Measurement, { scenarios: readonly Scenario[]; takesPart(one: Contestant): boolean }>
> = {
  comparison: { scenarios: SCENARIOS, takesPart: () => true },
  inside: {
    scenarios: SMALL,
    takesPart: ({ program, mode = "reverse" }) => program !== undefined && mode === "reverse",
  },
  tail: { scenarios: SMALL, takesPart: ({ mode = "reverse" }) => mode === "reverse" },
  layers: { scenarios: SMALL, takesPart: onSource },
  growth: {
    scenarios: SMALL.slice(0, 1),
    takesPart: (one) => onSource(one) || one.name === "nginx",
  },
};

/** The text of `--help`. */
export const USAGE = `bun bench/run.ts [options]

  --only a,b         proxies: ${CONTESTANTS.map(({ name }) => name).join(", ")} (default: all)
  --scenario a,b     scenarios: ${SCENARIOS.map(({ name }) => name).join(", ")} (default: all)
  --seconds N        length of one measured run (default: 2)
  --rounds N         measured runs per proxy and scenario; the median counts (default: 3)
  --against DIR      also Sluice of another checkout (bun-before, deno-before), which has its own node_modules
  --connections N    connections that the load keeps busy (default: 32)
  --json FILE        also write every sample to FILE

In place of the comparison, for ${SMALL.map(({ name }) => name).join(" and ")} alone:

  --inside           Sluice and the floor between fake sockets: steady on a busy machine, and without the kernel
  --tail             latency at half of what each proxy can do, at a constant rate
  --layers           all that is optional off, then access log, metrics, rules, … added one by one
  --growth           10 and 10,000 routes, 1 to 1,000 servers with each policy, 100 and 10,000 idle connections
`;

/**
 * Reads the command line; `undefined` when it asks for help.
 *
 * Throws a RangeError or TypeError that says what is accepted.
 */
export function parseOptions(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: "boolean", short: "h" },
      inside: { type: "boolean", default: false },
      tail: { type: "boolean", default: false },
      layers: { type: "boolean", default: false },
      growth: { type: "boolean", default: false },
      only: { type: "string" },
      scenario: { type: "string" },
      seconds: { type: "string", default: "2" },
      rounds: { type: "string", default: "3" },
      against: { type: "string" },
      connections: { type: "string", default: "32" },
      json: { type: "string" },
    },
  });
  if (values.help === true) return undefined;
  const chosen = (["inside", "tail", "layers", "growth"] as const).filter((name) => values[name]);
  if (chosen.length > 1) {
    throw new RangeError(`Cannot use --${chosen.join(" and --")} together: one is accepted`);
  }
  const measurement = chosen[0] ?? "comparison";
  const { scenarios, takesPart } = FIELDS[measurement];
  const contestants = [
    ...CONTESTANTS,
    ...(values.against === undefined ? [] : earlierContestants(values.against)),
  ].filter(takesPart);
  return {
    measurement,
    contestants: pick("--only", contestants, values.only),
    scenarios: pick("--scenario", scenarios, values.scenario),
    seconds: parseCount("--seconds", values.seconds, 60),
    rounds: parseCount("--rounds", values.rounds, 99),
    connections: parseCount("--connections", values.connections, 1000),
    json: values.json,
  };
}

/** Keeps the order of `all`, so that tables from two runs line up. */
function pick<T extends { name: string }>(
  flag: string,
  all: readonly T[],
  value: string | undefined,
): readonly T[] {
  if (value === undefined) return all;
  const wanted = value.split(",").map((name) => name.trim());
  const unknown = wanted.find((name) => !all.some((item) => item.name === name));
  if (unknown !== undefined) {
    throw new RangeError(
      `Cannot use ${flag} "${unknown}": accepted are ${all.map(({ name }) => name).join(", ")}`,
    );
  }
  return all.filter(({ name }) => wanted.includes(name));
}

function parseCount(flag: string, value: string, most: number): number {
  const count = Number(value);
  if (!Number.isInteger(count) || count < 1 || count > most) {
    throw new RangeError(`Cannot use ${flag} "${value}": a whole number from 1 to ${most} is accepted`);
  }
  return count;
}
