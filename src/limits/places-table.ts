import { copyOf } from "../http/copied-text.ts";

/** Who wants a place. */
export interface PlaceTaker {
  /** It has one, which is to be given back. */
  onPlace(): void;
}

/** What one key has: those that are under way, and those that wait, first come first served. */
export class Place {
  readonly key: string;
  active = 0;
  readonly waiting = new Set<PlaceTaker>();

  constructor(key: string) {
    this.key = key;
  }
}

/** How many may be under way at once, and may wait, of each key. */
export interface PlacesSize {
  readonly limit: number;
  readonly queue: number;
  readonly maxKeys: number;
}

/**
 * Counts what is under way by key. A key without any takes no memory; where `maxKeys` others have some, it shares one count
 * with all further ones.
 */
export class PlacesTable {
  readonly #size: PlacesSize;
  readonly #places = new Map<string, Place>();
  readonly #shared = new Place("");
  #active = 0;
  #waiting = 0;

  constructor(size: PlacesSize) {
    this.#size = size;
  }

  /** Keys of which some are under way. */
  get keys(): number {
    return this.#places.size;
  }

  /** All that are under way. */
  get active(): number {
    return this.#active;
  }

  /** All that wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** The place of `key`, and whether it shares one. */
  of(key: string): { readonly place: Place; readonly isShared: boolean } {
    let place = this.#places.get(key);
    if (place !== undefined) return { place, isShared: false };
    if (this.#places.size >= this.#size.maxKeys) return { place: this.#shared, isShared: true };
    const copy = copyOf(key);
    this.#places.set(copy, place = new Place(copy));
    return { place, isShared: false };
  }

  /** Takes one of the places, where one is free. */
  enter(place: Place): boolean {
    if (place.active >= this.#size.limit) return false;
    place.active++;
    this.#active++;
    return true;
  }

  /** Waits for one; false where as many wait as may. */
  wait(place: Place, taker: PlaceTaker): boolean {
    if (place.waiting.size >= this.#size.queue) return false;
    place.waiting.add(taker);
    this.#waiting++;
    return true;
  }

  /** Waits no more. */
  leave(place: Place, taker: PlaceTaker): void {
    if (place.waiting.delete(taker)) this.#waiting--;
  }

  /** Gives a place back: the first that waits has it then. */
  giveBack(place: Place): void {
    const [first] = place.waiting;
    if (first !== undefined) {
      this.leave(place, first);
      return first.onPlace();
    }
    this.#active--;
    if (--place.active === 0 && place !== this.#shared) this.#places.delete(place.key);
  }
}
