import { Places } from "../upstream/places.ts";
import { OperatorWord } from "./operator-word.ts";
import { ServerRecord } from "./record.ts";
import { Tunnels } from "./tunnels.ts";

/** What a server keeps through every config that names it. */
export class Standing {
  readonly record: ServerRecord;
  readonly tunnels = new Tunnels();
  readonly places = new Places();
  readonly word = new OperatorWord();

  /** `earlier` is what was counted of the server when it was there before. */
  constructor(earlier?: ServerRecord) {
    this.record = new ServerRecord(earlier);
  }

  /** Whether nothing of it is under way. */
  get isOver(): boolean {
    return this.tunnels.size === 0 && this.places.taken === 0 && this.record.inFlight === 0;
  }
}

/**
 * Servers that are gone, of which is kept what the operator said, and what was counted: a name may stand for others every
 * minute.
 */
const MAX_GONE = 1000;

/** The standing of every server that a backend has, or had while something of it is still under way. */
export class Standings {
  readonly #byName = new Map<string, Standing>();
  /** What was counted of servers that are gone, those that went last at the end. */
  readonly #counted = new Map<string, ServerRecord>();

  /** That of the server called `name`, made when it is first asked for. */
  of(name: string): Standing {
    let standing = this.#byName.get(name);
    if (standing === undefined) this.#byName.set(name, standing = new Standing(this.#counted.get(name)));
    return standing;
  }

  /**
   * Forgets all others that are over. What the operator said of one is kept: a server that leaves the DNS for a moment must
   * not come back with requests while somebody works on it. So is what was counted, for counters that never fall.
   */
  keep(names: ReadonlySet<string>): void {
    const gone: string[] = [];
    for (const [name, standing] of this.#byName) {
      if (!standing.isOver || names.has(name)) continue;
      standing.word.expire(performance.now());
      if (standing.word.isSilent) this.#forget(name, standing);
      else gone.push(name);
    }
    for (const name of gone.slice(0, -MAX_GONE)) this.#forget(name, this.#byName.get(name)!);
  }

  #forget(name: string, { record }: Standing): void {
    this.#byName.delete(name);
    this.#counted.delete(name);
    this.#counted.set(name, record.total);
    if (this.#counted.size > MAX_GONE) this.#counted.delete(this.#counted.keys().next().value!);
  }

  /** Servers of which something is kept. */
  get size(): number {
    return this.#byName.size + this.#counted.size;
  }

  /** Whether nothing of any server is under way. */
  get areOver(): boolean {
    return [...this.#byName.values()].every(({ isOver }) => isOver);
  }
}

/**
 * The standings of the backends called `names`, and of others that there were `before`: all of which something is under
 * way, and the last ones, as long as they have no more than `MAX_GONE` servers together.
 */
export function keptStandings(
  names: readonly string[],
  before: ReadonlyMap<string, Standings> = new Map(),
): ReadonlyMap<string, Standings> {
  const staying = new Set(names);
  const gone = [...before].filter(([name]) => !staying.has(name));
  let servers = 0;
  const kept = gone.reverse().filter(([, its]) => (servers += its.size) <= MAX_GONE || !its.areOver);
  return new Map([
    ...kept.reverse(),
    ...names.map((name) => [name, before.get(name) ?? new Standings()] as const),
  ]);
}
