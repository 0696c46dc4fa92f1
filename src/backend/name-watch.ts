import { isDeepStrictEqual } from "node:util";
import type { Endpoint, Resolution } from "../net/resolver.ts";

/** Until a name that could not be resolved is asked for again, in ms. */
const RETRY_MS = 2000;

/** Who wants to know what a name stands for. */
export interface NameListener {
  /** The name stands for other addresses than before. */
  onMoved(endpoints: readonly Endpoint[]): void;
  /** It could not be resolved, for the first time since it could. What it stood for stays. */
  onUnresolved(error: Error): void;
}

/**
 * What a name stands for, asked for again when its TTL is over. The last good answer is kept for as long as no other
 * comes; one that may lack a part is taken only where there is nothing yet.
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
      const { endpoints, ttl, complete } = await this.#ask();
      if (!complete && this.#endpoints.length > 0) throw new Error("The answer lacks a part");
      this.#failure = undefined;
      const moved = !isDeepStrictEqual(inOrder(endpoints), inOrder(this.#endpoints));
      if (moved) this.#endpoints = endpoints;
      if (moved) this.#listener.onMoved(endpoints);
      void (complete ? ttl : Promise.resolve(RETRY_MS)).then((ms) => {
        this.#expiresAt = performance.now() + ms;
        this.#askIn(ms);
      });
    } catch (error) {
      this.#expiresAt = performance.now() + RETRY_MS; // what is known does for so long
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

/** DNS servers turn their answers round; that is no change. */
function inOrder(endpoints: readonly Endpoint[]): Endpoint[] {
  const keyOf = ({ address, service }: Endpoint) => `${address} ${service?.port} ${service?.name}`;
  return endpoints.toSorted((a, b) => keyOf(a) < keyOf(b) ? -1 : 1);
}
