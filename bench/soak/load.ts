import { setTimeout as sleep } from "node:timers/promises";
import type { Act } from "./act.ts";
import { Guest } from "./guest.ts";
import { MIX } from "./mix.ts";

/** Everything in the mix takes a second at most where nothing hangs; the machine may be busy. */
const ACT_LIMIT_MS = 30_000;

const TOTAL_WEIGHT = MIX.reduce((sum, { weight }) => sum + weight, 0);

/** The mixed load: clients that do one thing after another, each drawn by its weight, until it is stopped. */
export class Load {
  /** Acts that have ended, the failed ones included. */
  done = 0;
  /** How often each act failed, and in which way. */
  readonly faults = new Map<string, number>();
  #stopped = false;
  readonly #guests: Promise<void>[];

  constructor({ port, clients }: { port: number; clients: number }) {
    this.#guests = Array.from({ length: clients }, () => this.#keepAsking(new Guest(port)));
  }

  /** Failed acts. */
  get failed(): number {
    return [...this.faults.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Lets what is under way come to its end, and closes all connections. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#guests);
  }

  async #keepAsking(guest: Guest): Promise<void> {
    while (!this.#stopped) {
      const act = draw();
      const reason = await outcome(act, guest);
      this.done++;
      guest.tidy(reason !== undefined);
      if (reason === undefined) continue;
      const fault = `${act.name}: ${reason}`;
      this.faults.set(fault, (this.faults.get(fault) ?? 0) + 1);
      await sleep(100); // a proxy that is gone would fail thousands
    }
    guest.tidy(true);
  }
}

function draw(): Act {
  let left = Math.random() * TOTAL_WEIGHT;
  return MIX.find(({ weight }) => (left -= weight) < 0) ?? MIX[0]!;
}

/** Why the act failed; undefined where all was as wanted. */
async function outcome(act: Act, guest: Guest): Promise<string | undefined> {
  const limit = new AbortController();
  try {
    return await Promise.race([
      act.run(guest).then(() => undefined),
      sleep(ACT_LIMIT_MS, `not done after ${ACT_LIMIT_MS / 1000} s`, { signal: limit.signal }),
    ]);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    limit.abort();
  }
}
