import { GOODBYE_MS, type OpenTunnel } from "../message/tunnel.ts";

/** The tunnels to one server, which end some time after it left. */
export class Tunnels {
  readonly #open = new Set<OpenTunnel>();
  readonly #now: () => number;
  /** When tunnels are ended, on the clock of `now`; infinite while the server stays. */
  #endsAt = Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `now` is a clock in ms. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  get size(): number {
    return this.#open.size;
  }

  /** One more; it ends with the others. */
  add(tunnel: OpenTunnel): void {
    this.#open.add(tunnel);
    this.#arm();
  }

  /** One is over. */
  delete(tunnel: OpenTunnel): void {
    this.#open.delete(tunnel);
    if (this.#open.size === 0) this.#disarm();
  }

  /** The server is to be left alone: its tunnels are ended `ms` from now, or with 0 stay. Counts from the first call. */
  leave(ms: number): void {
    if (ms === 0 || this.#endsAt !== Infinity) return;
    this.#endsAt = this.#now() + ms;
    this.#arm();
  }

  /** The server gets requests again: its tunnels stay. */
  stay(): void {
    this.#endsAt = Infinity;
    this.#disarm();
  }

  #arm(): void {
    if (this.#endsAt === Infinity || this.#open.size === 0 || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => this.#end(), Math.max(0, this.#endsAt - this.#now()));
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #end(): void {
    this.#timer = undefined;
    for (const tunnel of [...this.#open]) {
      if (!tunnel.goAway(GOODBYE_MS)) tunnel.cut();
    }
  }
}
