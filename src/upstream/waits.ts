import { Deadline } from "../base/deadline.ts";
import { ProxyError } from "../base/errors.ts";
import type { OutgoingRequest, UpstreamTimeouts } from "./contract.ts";
import { responseTimeout, upstreamStalled } from "./faults.ts";
import type { Sending } from "./sending.ts";

/** Time for what a server sent before it closed to be read, once it takes no more of a request. */
const LAST_WORDS_MS = 1000;

/** What a connection waits for. */
const ANSWER = 0, MOVEMENT = 1, LAST_WORDS = 2, USE = 3;

/** The waits of one connection for its server, one at a time; `fail` learns of the one that took too long. */
export class Waits {
  readonly #timeouts: UpstreamTimeouts;
  readonly #sending: Sending;
  readonly #fail: (error: ProxyError) => void;
  readonly #deadline = new Deadline(() => this.#expired());
  #current = USE;
  #request: OutgoingRequest | undefined;
  #responseMs = 0;
  #idleMs = 0;

  constructor(timeouts: UpstreamTimeouts, sending: Sending, fail: (error: ProxyError) => void) {
    this.#timeouts = timeouts;
    this.#sending = sending;
    this.#fail = fail;
  }

  /** The waits from now on are those for `request`, which may have times of its own. */
  begin(request: OutgoingRequest): void {
    this.#request = request;
    this.#responseMs = request.responseMs ?? this.#timeouts.response;
    this.#idleMs = request.idleMs ?? this.#timeouts.idle;
    if (request.body !== null) this.#deadline.clear();
  }

  /** For the head of an answer, the request being out. */
  forAnswer(): void {
    this.#current = ANSWER;
    this.#deadline.set(this.#responseMs);
  }

  /** For bytes, of the answer or of what is left of the request. */
  forMovement(): void {
    if (this.#sending.open) this.#sending.measure(); // from here on
    this.#current = MOVEMENT;
    this.#deadline.set(this.#idleMs);
  }

  /** For what came before the server closed. */
  forLastWords(): void {
    this.#current = LAST_WORDS;
    this.#deadline.set(LAST_WORDS_MS);
  }

  /** For the next request, which the server waits for no longer than `hintMs`. */
  forUse(hintMs: number): void {
    this.#current = USE;
    this.#deadline.set(Math.min(this.#timeouts.keepAlive || Infinity, hintMs));
  }

  /** For nothing that the server would have to do. */
  forNothing(): void {
    this.#deadline.clear();
  }

  dispose(): void {
    this.#deadline.dispose();
  }

  #expired(): void {
    if (this.#current === MOVEMENT) this.#lookForMovement();
    else if (this.#current === ANSWER) this.#fail(responseTimeout(this.#request, this.#responseMs));
    else if (this.#current === LAST_WORDS) {
      this.#fail(new ProxyError("upstream_reset", "The server takes no more of the request"));
    } else this.#fail(new ProxyError("shutdown", "Unused for too long"));
  }

  #lookForMovement(): void {
    this.#deadline.set(this.#idleMs); // the look takes a while
    const stalled = () => this.#fail(upstreamStalled(this.#request, this.#idleMs));
    if (this.#sending.open && !this.#sending.blocked) {
      if (!this.#sending.measure()) stalled();
    } else if (this.#sending.hasBody) { // of which the server may still have some to read
      this.#sending.look((takesSome) => takesSome ? this.#deadline.set(this.#idleMs) : stalled());
    } else stalled();
  }
}
