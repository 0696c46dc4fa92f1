import { LRUCache } from "lru-cache";
import type { CacheStoreConfig } from "../config/sections/cache-store.ts";
import type { Fields } from "../http/fields.ts";
import type { Exchange } from "../message/exchange.ts";
import type { Flight } from "./flight.ts";
import type { KeptAnswer } from "./kept-answer.ts";
import { isVariant } from "./vary.ts";

/** Answers of one URL that are kept at a time; beyond it the one that was used longest ago goes. */
const MAX_VARIANTS = 16;
/** URLs of which is remembered that their answers are not to be kept. */
const MAX_UNSHARED = 10_000;
/** Letters that they may have, all of them together: clients choose how long they are. */
const MAX_UNSHARED_LETTERS = 4 * 1024 * 1024;
/** How long that is remembered. */
const UNSHARED_MS = 120_000;
/** Answers under way that nobody waits for: stale ones that are asked for anew. */
const MAX_BEHIND = 100;

/** What there is of one URL: kept answers, and those under way. */
class Resource {
  readonly kept: KeptAnswer[] = [];
  readonly flights = new Set<Flight>();
}

/** Every answer that is kept, within the bytes and the number that the config allows. Who was used longest ago goes first. */
export class CacheStore {
  readonly config: CacheStoreConfig;
  /** Answers that went to make room. */
  evictions = 0;
  readonly #resources = new Map<string, Resource>();
  readonly #used: LRUCache<KeptAnswer, true>;
  readonly #unshared = new LRUCache<string, number>({
    max: MAX_UNSHARED,
    maxSize: MAX_UNSHARED_LETTERS,
    sizeCalculation: (_, { length }) => length,
  });
  /** Bytes of answers that are on their way here and have no place yet. */
  #underWay = 0;
  readonly #behind = new Set<Exchange>();

  constructor(config: CacheStoreConfig) {
    this.config = config;
    this.#used = new LRUCache<KeptAnswer, true>({
      max: config.objects,
      maxSize: config.size,
      sizeCalculation: (_, { size }) => Math.min(size, config.size),
      dispose: (_, kept, why) => {
        if (why === "evict") this.evictions++;
        this.#remove(kept);
      },
    });
  }

  /** Bytes of all that is kept, with heads. */
  get bytes(): number {
    return this.#used.calculatedSize;
  }

  get objects(): number {
    return this.#used.size;
  }

  /** The kept answer to `request` that was made last. */
  find(url: string, origin: string, request: Fields): KeptAnswer | undefined {
    const resource = this.#resources.get(url);
    if (resource === undefined) return undefined;
    let found: KeptAnswer | undefined;
    for (const kept of resource.kept) {
      if (kept.origin !== origin || !isVariant(kept.variant, request)) continue;
      if (found === undefined || kept.date >= found.date) found = kept;
    }
    return found;
  }

  /** `kept` is used at `now`. */
  touch(kept: KeptAnswer, now: number): void {
    if (kept.usedAt === now) return;
    kept.usedAt = now;
    this.#used.get(kept);
  }

  /** Keeps `kept`, in place of what answers the same requests. */
  keep(kept: KeptAnswer): void {
    const resource = this.#resourceOf(kept.url);
    const same = resource.kept.filter((other) =>
      other.origin === kept.origin && JSON.stringify(other.variant) === JSON.stringify(kept.variant)
    );
    const others = resource.kept.length - same.length;
    resource.kept.push(kept);
    for (const other of same) this.drop(other);
    if (others >= MAX_VARIANTS) this.#dropOldest(resource, kept);
    this.#used.set(kept, true);
  }

  /** Keeps it no longer. Who reads it reads on. */
  drop(kept: KeptAnswer): void {
    if (!this.#used.delete(kept)) this.#remove(kept);
  }

  /** Whether it is still kept. */
  has(kept: KeptAnswer): boolean {
    return this.#used.has(kept);
  }

  /** Drops all answers to `url`; what is under way for it is not kept. Returns how many were dropped. */
  invalidate(url: string): number {
    const resource = this.#resources.get(url);
    if (resource === undefined) return 0;
    for (const flight of resource.flights) flight.outdated = true;
    const all = [...resource.kept];
    for (const kept of all) this.drop(kept);
    return all.length;
  }

  /** The same for all URLs that begin with `prefix`. */
  invalidatePrefix(prefix: string): number {
    const urls = [...this.#resources.keys()].filter((url) => url.startsWith(prefix));
    return urls.reduce((sum, url) => sum + this.invalidate(url), 0);
  }

  /** The same for all answers with `tag`. Of what is under way nobody knows the tags, so nothing of that is kept. */
  invalidateTag(tag: string): number {
    const all = [...this.#resources.values()];
    for (const { flights } of all) for (const flight of flights) flight.outdated = true;
    const tagged = all.flatMap(({ kept }) => kept.filter(({ tags }) => tags.includes(tag)));
    for (const kept of tagged) this.drop(kept);
    return tagged.length;
  }

  /** Fields of requests that the answers to `url` are known to depend on. */
  namesOf(url: string, origin: string): readonly string[] {
    const kept = this.#resources.get(url)?.kept.findLast((kept) => kept.origin === origin);
    return kept === undefined ? [] : kept.variant.map(([name]) => name);
  }

  /** What is under way for `url` and would serve others as well, by `key`. */
  flightOf(url: string, key: string): Flight | undefined {
    for (const flight of this.#resources.get(url)?.flights ?? []) {
      if (flight.key === key && !flight.outdated) return flight;
    }
    return undefined;
  }

  /** An answer is under way. */
  begin(flight: Flight): void {
    this.#resourceOf(flight.url).flights.add(flight);
  }

  /** It is here, or will not come. */
  end(flight: Flight): void {
    const resource = this.#resources.get(flight.url);
    resource?.flights.delete(flight);
    this.#tidy(flight.url, resource);
  }

  /** Takes `bytes` for an answer on its way; false where as much is on its way as may be. `free` has to follow. */
  reserve(bytes: number): boolean {
    if (this.#underWay + bytes > this.config.size / 2) return false;
    this.#underWay += bytes;
    return true;
  }

  free(bytes: number): void {
    this.#underWay -= bytes;
  }

  /** Whether requests for `key` are not to wait for one another, as its answers are for one only. */
  isUnshared(key: string, now: number): boolean {
    const until = this.#unshared.get(key);
    return until !== undefined && until > now;
  }

  setUnshared(key: string, now: number | undefined): void {
    if (now === undefined) this.#unshared.delete(key);
    else this.#unshared.set(key, now + UNSHARED_MS);
  }

  /** A request is made that nobody waits for; false where as many are under way as may be. */
  beginBehind(exchange: Exchange): boolean {
    if (this.#behind.size >= MAX_BEHIND) return false;
    this.#behind.add(exchange);
    return true;
  }

  endBehind(exchange: Exchange): void {
    this.#behind.delete(exchange);
  }

  /** Gives up what nobody waits for, and keeps nothing. */
  close(): void {
    for (const exchange of this.#behind) exchange.abort("shutdown", "The cache is gone");
    this.#used.clear();
  }

  #resourceOf(url: string): Resource {
    let resource = this.#resources.get(url);
    if (resource === undefined) this.#resources.set(url, resource = new Resource());
    return resource;
  }

  #dropOldest({ kept }: Resource, but: KeptAnswer): void {
    const others = kept.filter((other) => other !== but);
    this.drop(others.reduce((oldest, other) => other.usedAt < oldest.usedAt ? other : oldest));
  }

  #remove(kept: KeptAnswer): void {
    const resource = this.#resources.get(kept.url);
    const at = resource?.kept.indexOf(kept) ?? -1;
    if (at === -1) return;
    resource!.kept.splice(at, 1);
    this.#tidy(kept.url, resource);
  }

  #tidy(url: string, resource: Resource | undefined): void {
    if (resource !== undefined && resource.kept.length + resource.flights.size === 0) {
      this.#resources.delete(url);
    }
  }
}
