import type { Exchange, ExchangeCount } from "../message/exchange.ts";
import { Traffic } from "./traffic.ts";

/** A rule, a route, or what takes the rest, and what was counted of it. */
export class RouteTraffic implements ExchangeCount {
  /** What it takes: `host == a`, `a.example.com/v1`, `default`. */
  readonly name: string;
  /** What answers there: `app`, `redirect 308`. */
  readonly leadsTo: string;
  readonly backend: string | undefined;
  readonly #active: RouteTraffic[];
  #traffic: Traffic | undefined;

  /** Joins `active` with its first request, or at once where it has had some: `traffic`. */
  constructor(name: string, leadsTo: string, { backend, active, traffic }: {
    backend: string | undefined;
    active: RouteTraffic[];
    traffic: Traffic | undefined;
  }) {
    this.name = name;
    this.leadsTo = leadsTo;
    this.backend = backend;
    this.#active = active;
    this.#traffic = traffic;
    if (traffic !== undefined) active.push(this);
  }

  /** Undefined before its first request: there may be tens of thousands that never get one. */
  get traffic(): Traffic | undefined {
    return this.#traffic;
  }

  count(exchange: Exchange, ms: number): void {
    if (this.#traffic === undefined) {
      this.#traffic = new Traffic();
      this.#active.push(this);
    }
    this.#traffic.count(exchange, ms);
  }
}

/** The rules and routes of one frontend. Those that are in the next config as well keep what was counted of them. */
export class RouteTable {
  readonly #before: ReadonlyMap<string, Traffic>;
  readonly #active: RouteTraffic[] = [];
  #size = 0;

  /** `before`: that of the config before. */
  constructor(before?: RouteTable) {
    this.#before = new Map(before?.active.map(({ name, traffic }) => [name, traffic!]));
  }

  /** All there are. */
  get size(): number {
    return this.#size;
  }

  /** Those that had a request. */
  get active(): readonly RouteTraffic[] {
    return this.#active;
  }

  /** `backend` is the one that gets all of its requests. */
  add(name: string, leadsTo: string, backend?: string): RouteTraffic {
    this.#size++;
    return new RouteTraffic(name, leadsTo, {
      backend,
      active: this.#active,
      traffic: this.#before.get(name),
    });
  }
}
