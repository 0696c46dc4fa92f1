import { parseArgs } from "node:util";
import type { Contestant } from "../contestant.ts";
import { REVERSE_CONTESTANTS } from "../reverse-contestants.ts";

const NAMES = ["bun", "deno", "binary"];
const MOST_MINUTES = 24 * 60;
const MOST_CLIENTS = 1000;

/** What the command line of the soak asks for. */
export interface SoakOptions {
  runners: readonly Contestant[];
  minutes: number;
  clients: number;
}

/** The text of `--help`. */
export const SOAK_USAGE = `bun bench/soak.ts [options]

  --only a,b         ${NAMES.join(", ")} (default: all that are there)
  --minutes N        length of the load on each (default: 5)
  --clients N        clients that ask at the same time (default: 32)
`;

/**
 * Reads the command line; `undefined` when it asks for help.
 *
 * Throws a RangeError or TypeError that says what is accepted.
 */
export function parseSoakOptions(args: readonly string[]): SoakOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: "boolean", short: "h" },
      only: { type: "string", default: NAMES.join(",") },
      minutes: { type: "string", default: "5" },
      clients: { type: "string", default: "32" },
    },
  });
  if (values.help === true) return undefined;
  const wanted = values.only.split(",").map((name) => name.trim());
  const unknown = wanted.find((name) => !NAMES.includes(name));
  if (unknown !== undefined) {
    throw new RangeError(`Cannot use --only "${unknown}": accepted are ${NAMES.join(", ")}`);
  }
  const minutes = Number(values.minutes);
  if (!(minutes > 0 && minutes <= MOST_MINUTES)) {
    throw new RangeError(
      `Cannot use --minutes "${values.minutes}": a number up to ${MOST_MINUTES} is accepted`,
    );
  }
  const clients = Number(values.clients);
  if (!Number.isInteger(clients) || clients < 1 || clients > MOST_CLIENTS) {
    throw new RangeError(
      `Cannot use --clients "${values.clients}": a whole number from 1 to ${MOST_CLIENTS} is accepted`,
    );
  }
  return { runners: REVERSE_CONTESTANTS.filter(({ name }) => wanted.includes(name)), minutes, clients };
}
