import { hashText } from "../balancing/hash-text.ts";
import { copyOf } from "../http/copied-text.ts";
import { afterTaking, type BucketSize, waitOf } from "./bucket.ts";

/** Buckets that keys share for which the table has no place. */
const SHARED = 1024;
/** Places of the table that are looked at for each new key, for one that need not be kept; and where it is full. */
const LOOKS = 4, LOOKS_WHEN_FULL = 16;

/** What the key was that was looked at last. */
const NEW = -1;
const FIRST_SHARED = -2;

/**
 * Token buckets by key, and no more of them than `maxKeys`.
 *
 * A bucket that is full again says nothing and makes room for others; one that is not is never given up, so a flood of
 * new keys takes nothing from those who are known. While the table is full of such, new keys share `SHARED` buckets,
 * each of the size of one, by their hash.
 *
 * A request is decided in two steps, as it may have to pass several tables: `look`, then `take`.
 */
export class BucketTable {
  readonly size: BucketSize;
  readonly #maxKeys: number;
  readonly #places = new Map<string, number>();
  /** By place: the key, and when its bucket is full. */
  readonly #keys: string[] = [];
  #fullAt = new Float64Array(64);
  readonly #shared = new Float64Array(SHARED);
  /** The place that is looked at next for a bucket that is full again. */
  #hand = 0;
  #key = "";
  /** The place of the key that was looked at last, or `NEW`, or from `FIRST_SHARED` downwards a shared bucket. */
  #place = NEW;

  constructor(size: BucketSize, maxKeys: number) {
    this.size = size;
    this.#maxKeys = maxKeys;
  }

  /** Keys that have a bucket of their own. */
  get keys(): number {
    return this.#keys.length;
  }

  /** How long `key` has to wait for a token, in ms; 0 where it has one. It is the key of the next `take`. */
  look(key: string, now: number): number {
    const place = this.#places.get(key);
    this.#key = key;
    if (place !== undefined) this.#place = place;
    else if (this.#hasRoom(now)) this.#place = NEW;
    else this.#place = FIRST_SHARED - (hashText(key) % SHARED);
    return waitOf(this.fullAt, now, this.size);
  }

  /** Whether the key that was looked at last shares its bucket with others. */
  get isShared(): boolean {
    return this.#place <= FIRST_SHARED;
  }

  /** When the bucket is full of the key that was looked at last. */
  get fullAt(): number {
    const place = this.#place;
    if (place >= 0) return this.#fullAt[place]!;
    return place === NEW ? 0 : this.#shared[FIRST_SHARED - place]!;
  }

  /** Takes a token of the key that was looked at last. */
  take(now: number): void {
    this.#set(afterTaking(this.fullAt, now, this.size));
  }

  /** Has the bucket of `key` be full at `fullAt`, as is known from elsewhere; where there is no room for one it has none. */
  put(key: string, fullAt: number, now: number): void {
    const place = this.#places.get(key);
    if (place !== undefined) this.#fullAt[place] = fullAt;
    else if (fullAt > now && this.#hasRoom(now)) {
      this.#key = key;
      this.#add(fullAt);
    }
  }

  /** Gives `key` a token back that was taken a moment ago. */
  giveBack(key: string): void {
    const place = this.#places.get(key);
    if (place !== undefined) this.#fullAt[place]! -= this.size.interval;
  }

  #set(fullAt: number): void {
    const place = this.#place;
    if (place >= 0) this.#fullAt[place] = fullAt;
    else if (place === NEW) this.#place = this.#add(fullAt);
    else this.#shared[FIRST_SHARED - place] = fullAt;
  }

  #add(fullAt: number): number {
    const place = this.#keys.length;
    if (place === this.#fullAt.length) {
      const larger = new Float64Array(Math.min(place * 2, Math.max(this.#maxKeys, place + 1)));
      larger.set(this.#fullAt);
      this.#fullAt = larger;
    }
    const key = copyOf(this.#key);
    this.#keys.push(key);
    this.#fullAt[place] = fullAt;
    this.#places.set(key, place);
    return place;
  }

  /** Makes room for a new key, if there is none. */
  #hasRoom(now: number): boolean {
    const looks = this.#keys.length < this.#maxKeys ? LOOKS : LOOKS_WHEN_FULL;
    for (let i = 0; i < looks && this.#keys.length > 0; i++) {
      if (this.#hand >= this.#keys.length) this.#hand = 0;
      if (this.#fullAt[this.#hand]! <= now) this.#drop(this.#hand);
      else this.#hand++;
    }
    return this.#keys.length < this.#maxKeys;
  }

  /** The last one moves into its place. */
  #drop(place: number): void {
    this.#places.delete(this.#keys[place]!);
    const last = this.#keys.length - 1;
    const key = this.#keys.pop()!;
    if (place === last) return;
    this.#keys[place] = key;
    this.#fullAt[place] = this.#fullAt[last]!;
    this.#places.set(key, place);
  }
}
