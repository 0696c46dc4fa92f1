/** Clients at a time. */
const MAX_CLIENTS = 32;
/** Between two states, in ms, of up to so many bytes; larger ones come less often, so that they cost no more. */
const INTERVAL_MS = 1000;
const BYTES_PER_INTERVAL = 256 * 1024;
/** States that a client may leave untaken in a row before it is cut. */
const MAX_MISSED = 10;
/** Who comes gets a state at once, unless one was made within the last ms. */
const FRESH_MS = 250;

/** What streams of events are made of. */
export interface EventSources {
  /** The JSON of the state at this moment. */
  state(): Promise<string>;
  /** The number of the last step of the history, and what happened in it as JSON. */
  step(): { readonly number: number; text(): string };
}

/** One who reads events. */
interface Client {
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
  missed: number;
}

/**
 * Sends the state once a second, and each step of the history, to all who listen (server-sent events). It is written once for
 * all of them, and not at all while nobody listens. Nothing is kept for one that does not read: it misses states, and
 * is cut after a while.
 */
export class StateEvents {
  readonly #sources: EventSources;
  readonly #clients = new Set<Client>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #step = -1;
  /** Whether a state is being made, and when the last one was, on the clock of `performance.now()`. */
  #making = false;
  #madeAt = -Infinity;

  constructor(sources: EventSources) {
    this.#sources = sources;
  }

  /** Those who listen. */
  get size(): number {
    return this.#clients.size;
  }

  /** A stream of events for one more; undefined where as many listen as may. */
  open(): ReadableStream<Uint8Array> | undefined {
    if (this.#clients.size >= MAX_CLIENTS) return undefined;
    let client: Client;
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        client = { controller, missed: 0 };
        this.#clients.add(client);
      },
      cancel: () => this.#forget(client),
    }, { highWaterMark: 2 }); // a state and a step
    if (!this.#making) this.#wait(Math.max(0, this.#madeAt + FRESH_MS - performance.now()));
    return stream;
  }

  /** Ends all streams. Who comes later is served anew. */
  end(): void {
    for (const client of [...this.#clients]) {
      this.#forget(client);
      client.controller.close();
    }
  }

  #forget(client: Client): void {
    this.#clients.delete(client);
    if (this.#clients.size > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #wait(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#tell(), ms);
    this.#timer.unref();
  }

  async #tell(): Promise<void> {
    this.#timer = undefined;
    this.#making = true;
    let pause = INTERVAL_MS;
    try {
      const bytes = eventBytes("state", await this.#sources.state());
      pause = INTERVAL_MS * Math.max(1, Math.ceil(bytes.length / BYTES_PER_INTERVAL));
      const { number, text } = this.#sources.step();
      if (number !== this.#step) {
        this.#step = number;
        this.#send(eventBytes("step", text()));
      }
      this.#send(bytes);
    } catch (error) {
      for (const client of [...this.#clients]) this.#cut(client, error);
    } finally {
      this.#making = false;
      this.#madeAt = performance.now();
      if (this.#clients.size > 0) this.#wait(pause);
    }
  }

  #send(bytes: Uint8Array): void {
    for (const client of [...this.#clients]) {
      const { controller } = client;
      if (controller.desiredSize! > 0) {
        client.missed = 0;
        controller.enqueue(bytes);
      } else if (++client.missed >= MAX_MISSED) this.#cut(client, new Error("This client does not read"));
    }
  }

  #cut(client: Client, error: unknown): void {
    this.#forget(client);
    client.controller.error(error);
  }
}

/** One event; JSON has no line breaks of its own. */
function eventBytes(name: string, json: string): Uint8Array {
  return new TextEncoder().encode(`event: ${name}\ndata: ${json}\n\n`);
}
