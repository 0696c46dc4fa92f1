import { isDeepStrictEqual } from "node:util";
import { type Endpoint, MAX_ENDPOINTS, type MissingPart, type Resolution } from "../net/resolver.ts";

/** Until a name that could not be resolved is asked for again, in ms. */
const RETRY_MS = 2000;

/** Who wants to know what a name stands for. */
export interface NameListener {
  /** The name stands for other addresses than before. */
  onMoved(endpoints: readonly Endpoint[]): void;
  /** It, or a part of what it stood for, could not be resolved, for the first time since it could. That part stays. */
  onUnresolved(error: Error): void;
}

/**
 * What a name stands for, asked for again when its TTL is over. The last good answer is kept for as long as no other
 * comes; of one that lacks a part, such as the AAAA records, the old one's part is kept.
 */
export class NameWatch {
  readonly #ask: () => Promise<Resolution>;
  readonly #listener: NameListener;
  #endpoints: readonly Endpoint[];
  #expiresAt = 0;
  #asking: Promise<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #watching = false;
  /** Why the last question failed. */
  #failure: Error | undefined;

  /** `known`: what it stood for in the config before. */
  constructor(ask: () => Promise<Resolution>, listener: NameListener, known: readonly Endpoint[] = []) {
    this.#ask = ask;
    this.#listener = listener;
    this.#endpoints = known;
  }

  /** What it stood for last; empty before the first answer. */
  get endpoints(): readonly Endpoint[] {
    return this.#endpoints;
  }

  /** Resolves when the first question is answered, or cannot be; goes on asking until `close`. Never rejects. */
  async start(): Promise<void> {
    this.#watching = true;
    await this.#refresh().catch(() => {}); // the listener knows
  }

  /** What it stands for now. Rejects only where it was never resolved. */
  async current(): Promise<readonly Endpoint[]> {
    const isFresh = this.#watching || performance.now() < this.#expiresAt;
    if (this.#endpoints.length > 0 && isFresh) return this.#endpoints;
    // It is asked for again anyway: nobody needs to wait for a DNS server that does not answer.
    if (this.#watching && this.#failure !== undefined) throw this.#failure;
    try {
      await this.#refresh();
    } catch (error) {
      if (this.#endpoints.length === 0) throw error;
    }
    return this.#endpoints;
  }

  /** Asks no more. */
  close(): void {
    this.#watching = false;
    clearTimeout(this.#timer);
  }

  /** Asks once; who comes meanwhile shares the answer. */
  #refresh(): Promise<void> {
    return this.#asking ??= this.#resolve().finally(() => this.#asking = undefined);
  }

  async #resolve(): Promise<void> {
    clearTimeout(this.#timer);
    try {
      const { endpoints: found, ttl, missing } = await this.#ask();
      const kept = missing.length === 0
        ? []
        : this.#endpoints.filter((old) => isMissing(old, found, missing));
      const endpoints = [...found, ...kept].slice(0, MAX_ENDPOINTS);
      const failure = kept.length === 0 ? undefined : lacking(missing);
      if (failure !== undefined && this.#failure === undefined) this.#listener.onUnresolved(failure);
      this.#failure = failure;
      const changed = !isDeepStrictEqual(inOrder(endpoints), inOrder(this.#endpoints));
      if (changed) this.#endpoints = endpoints;
      if (changed) this.#listener.onMoved(endpoints);
      void ttl.then((told) => {
        const ms = missing.length === 0 ? told : Math.min(told, RETRY_MS);
        this.#expiresAt = performance.now() + ms;
        this.#askIn(ms);
      });
    } catch (error) {
      this.#expiresAt = performance.now() + RETRY_MS; // until then the last answer holds
      this.#askIn(RETRY_MS);
      if (this.#failure === undefined) this.#listener.onUnresolved(error as Error);
      this.#failure = error as Error;
      throw error;
    }
  }

  #askIn(ms: number): void {
    clearTimeout(this.#timer);
    if (this.#watching) this.#timer = setTimeout(() => void this.#refresh().catch(() => {}), ms);
  }
}

/** Whether `old` may still be there, though nobody could tell. */
function isMissing(old: Endpoint, found: readonly Endpoint[], missing: readonly MissingPart[]): boolean {
  const { address, family, service } = old;
  return missing.some((part) => part.family === family && part.service === service?.name) &&
    !found.some((other) => other.address === address && other.service?.port === service?.port);
}

function lacking(missing: readonly MissingPart[]): Error {
  const parts = missing.map(({ family, service }) =>
    (family === 4 ? "A" : "AAAA") + (service === undefined ? "" : ` of ${service}`)
  );
  return new Error(`Nobody answers for these records, so the addresses stay: ${parts.join(", ")}`);
}

/** DNS servers turn their answers round; that is no change. */
function inOrder(endpoints: readonly Endpoint[]): Endpoint[] {
  const keyOf = ({ address, service }: Endpoint) => `${address} ${service?.port} ${service?.name}`;
  return endpoints.toSorted((a, b) => keyOf(a) < keyOf(b) ? -1 : 1);
}
