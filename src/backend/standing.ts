import { Places } from "../upstream/places.ts";
import { ServerRecord } from "./record.ts";
import { Tunnels } from "./tunnels.ts";

/** What a server keeps through every config that names it. */
export class Standing {
  readonly record = new ServerRecord();
  readonly tunnels = new Tunnels();
  readonly places = new Places();

  /** Whether nothing of it is under way. */
  get isOver(): boolean {
    return this.tunnels.size === 0 && this.places.taken === 0 && this.record.inFlight === 0;
  }
}

/** The standing of every server that a backend has, or had while something of it is still under way. */
export class Standings {
  readonly #byName = new Map<string, Standing>();

  /** That of the server called `name`, made when it is first asked for. */
  of(name: string): Standing {
    let standing = this.#byName.get(name);
    if (standing === undefined) this.#byName.set(name, standing = new Standing());
    return standing;
  }

  /** Forgets all others that are over. */
  keep(names: ReadonlySet<string>): void {
    for (const [name, { isOver }] of this.#byName) {
      if (isOver && !names.has(name)) this.#byName.delete(name);
    }
  }

  /** Whether nothing of any server is under way. */
  get areOver(): boolean {
    return [...this.#byName.values()].every(({ isOver }) => isOver);
  }
}
