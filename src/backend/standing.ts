import { Places } from "../upstream/places.ts";
import { OperatorWord } from "./operator-word.ts";
import { ServerRecord } from "./record.ts";
import { Tunnels } from "./tunnels.ts";

/** What a server keeps through every config that names it. */
export class Standing {
  readonly record = new ServerRecord();
  readonly tunnels = new Tunnels();
  readonly places = new Places();
  readonly word = new OperatorWord();

  /** Whether nothing of it is under way. */
  get isOver(): boolean {
    return this.tunnels.size === 0 && this.places.taken === 0 && this.record.inFlight === 0;
  }
}

/** Servers that are gone, of which what the operator said is kept: a name may stand for others every minute. */
const MAX_GONE = 1000;

/** The standing of every server that a backend has, or had while something of it is still under way. */
export class Standings {
  readonly #byName = new Map<string, Standing>();

  /** That of the server called `name`, made when it is first asked for. */
  of(name: string): Standing {
    let standing = this.#byName.get(name);
    if (standing === undefined) this.#byName.set(name, standing = new Standing());
    return standing;
  }

  /**
   * Forgets all others that are over. What the operator said of one is kept: a server that leaves the DNS for a moment must
   * not come back with requests while somebody works on it.
   */
  keep(names: ReadonlySet<string>): void {
    const gone: string[] = [];
    for (const [name, { isOver, word }] of this.#byName) {
      if (!isOver || names.has(name)) continue;
      word.expire(performance.now());
      if (word.isSilent) this.#byName.delete(name);
      else gone.push(name);
    }
    for (const name of gone.slice(0, -MAX_GONE)) this.#byName.delete(name);
  }

  /** Whether nothing of any server is under way. */
  get areOver(): boolean {
    return [...this.#byName.values()].every(({ isOver }) => isOver);
  }
}
