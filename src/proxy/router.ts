import { hostForMatching } from "../http/authority.ts";

/** A route before it is compiled. */
export interface RouteRule<T> {
  /** Exact name, or `*.example.com`; undefined for any host. Lower case, no trailing dot. */
  readonly host?: string | undefined;
  /** Path that matches itself and everything below it: `/api` takes `/api` and `/api/x`, not `/apix`. */
  readonly pathPrefix: string;
  /** Whether `pathPrefix` is compared letter by letter: then `/api` takes `/apix` as well. */
  readonly raw?: boolean;
  readonly leadsTo: T;
}

/**
 * Finds the most specific route: an exact host before a wildcard before any host, the longer wildcard first,
 * and within a host the longest path prefix. A host without a fitting path does not hide the less specific ones.
 * The cost depends on the labels and segments of the request, not on the number of routes.
 */
export class Router<T> {
  readonly #exact = new Map<string, PrefixTable<T>>();
  readonly #wildcards = new Map<string, PrefixTable<T>>();
  readonly #any = new PrefixTable<T>();

  constructor(routes: Iterable<RouteRule<T>> = []) {
    for (const route of routes) this.add(route);
  }

  /** Adds a route; the order does not count. */
  add(route: RouteRule<T>): void {
    this.#tableFor(route.host).add(route);
  }

  /** Where a request for `authority` (`host[:port]`) and `path` (its query is ignored) leads. */
  find(authority: string, path: string): T | undefined {
    if (this.#exact.size > 0 || this.#wildcards.size > 0) {
      const found = this.#findByHost(hostForMatching(authority), path);
      if (found !== undefined) return found;
    }
    return this.#any.find(path);
  }

  #findByHost(host: string, path: string): T | undefined {
    const exact = this.#exact.get(host)?.find(path);
    if (exact !== undefined || this.#wildcards.size === 0) return exact;
    for (let dot = host.indexOf(".", 1); dot > 0; dot = host.indexOf(".", dot + 1)) {
      const found = this.#wildcards.get(host.slice(dot))?.find(path);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #tableFor(host: string | undefined): PrefixTable<T> {
    if (host === undefined) return this.#any;
    const [tables, key] = host.startsWith("*.") ? [this.#wildcards, host.slice(1)] : [this.#exact, host];
    let table = tables.get(key);
    if (table === undefined) tables.set(key, table = new PrefixTable<T>());
    return table;
  }
}

/** Path prefixes of one host. */
class PrefixTable<T> {
  readonly #entries = new Map<string, RouteRule<T>>();
  readonly #raw = new Map<string, RouteRule<T>>();
  /** The lengths of raw prefixes, the longest first: as many looks as there are lengths, not prefixes. */
  #rawLengths: number[] = [];
  /** No request path is compared beyond this, however long it is. */
  #longest = 0;

  add(route: RouteRule<T>): void {
    const { length } = route.pathPrefix;
    if (route.raw === true) {
      this.#raw.set(route.pathPrefix, route);
      if (!this.#rawLengths.includes(length)) this.#rawLengths.push(length);
      this.#rawLengths.sort((a, b) => b - a);
    } else {
      this.#entries.set(route.pathPrefix, route);
      this.#longest = Math.max(this.#longest, length);
    }
  }

  /** Where the longest prefix of `path` leads; between two of one length the one that ends at a segment. */
  find(path: string): T | undefined {
    const found = this.#findSegment(path);
    if (this.#rawLengths.length === 0) return found?.leadsTo;
    const raw = this.#findRaw(path);
    return raw !== undefined && raw.pathPrefix.length > (found?.pathPrefix.length ?? 0)
      ? raw.leadsTo
      : found?.leadsTo;
  }

  #findSegment(path: string): RouteRule<T> | undefined {
    const entries = this.#entries;
    if (entries.size === 0) return undefined;
    if (this.#longest > 1) {
      const query = path.indexOf("?");
      const end = query === -1 ? path.length : query;
      if (end <= this.#longest) {
        const whole = entries.get(path.slice(0, end));
        if (whole !== undefined) return whole;
      }
      for (let slash = path.lastIndexOf("/", Math.min(end, this.#longest)); slash > 0;) {
        // `/api/` as written with its slash, then `/api`.
        const found = (slash < end ? entries.get(path.slice(0, slash + 1)) : undefined) ??
          entries.get(path.slice(0, slash));
        if (found !== undefined) return found;
        slash = path.lastIndexOf("/", slash - 1);
      }
    }
    return entries.get("/");
  }

  /** A raw prefix holds no "?", so it never reaches into the query. */
  #findRaw(path: string): RouteRule<T> | undefined {
    for (const length of this.#rawLengths) {
      const found = length <= path.length ? this.#raw.get(path.slice(0, length)) : undefined;
      if (found !== undefined) return found;
    }
    return undefined;
  }
}
